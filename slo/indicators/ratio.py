"""OpenSLO's ``ratioMetric``: good (or bad) and total as counts of events, or a ratio somebody else made."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache

from foundation.errors import Effect
from foundation.located import Section
from foundation.quantities import duration_text
from slo.indicators.metric import ReadMetric, averaged, document_of, grouped, real
from slo.model.addends import addends
from slo.model.grouping import Grouping
from slo.model.promql import analyse, has_window, with_window
from slo.model.ranges import WRITE, NoWindowError, Windowed, counts_in_a_range, windowed
from slo.model.spec import CountExpressions, CountUnit, EventQueries, Indicator, MetricQuery, Objective

KEY = "ratioMetric"


class CountsEvents(ABC):
    """Whatever counts events by two queries: its PromQL follows from them.

    A count of outcomes whose series do not exist while total does is 0, good or bad: a missing error series
    means no errors, never a gap. A bucket that does not exist says nothing of what it would have counted, so
    without it there is no total either.
    """

    unit = CountUnit.EVENTS
    is_bounded = False
    no_events = ""

    @property
    @abstractmethod
    def events(self) -> EventQueries: ...

    def reading(self, objective: Objective, grouping: Grouping, window: timedelta) -> CountExpressions:
        events = self.events
        total = _total(events.total, grouping, window)
        found = [
            (one, _summed(one.query, grouping, window), "+" if one.sign > 0 else "-")
            for one in addends(events.part.query)
        ]
        counted = " ".join(
            f"{sign} {text if one.is_bucket else f'({text} or 0 * {total})'}" for one, text, sign in found
        ).removeprefix("+ ")
        if len(found) > 1:
            counted = f"({counted})"
        good = counted if events.part_is_good else f"{total} - {counted}"
        buckets = [text for one, text, _ in found if one.is_bucket]
        return CountExpressions(good, f"({' and '.join([total, *buckets])})" if buckets else total)

    def share(self, objective: Objective, grouping: Grouping, length: timedelta) -> CountExpressions:
        """Counters tell of the whole slice; gauges are read once a minute, and averaged over it."""
        counts = self.reading(objective, grouping, length)
        judged = f"({counts.total} > 0)"
        if self.events.total.is_windowed:
            return CountExpressions(f"({counts.good}) / {judged}", judged)
        return averaged(CountExpressions(f"clamp(({counts.good}) / {judged}, 0, 1)", judged), length)

    def examples(self, objective: Objective) -> Sequence[tuple[float, float]]:
        return ()


def _total(metric: MetricQuery, grouping: Grouping, window: timedelta) -> str:
    """What it adds up may be missing in part, while it counts anything at all: what failed never, say."""
    found = [(one, _summed(one.query, grouping, window)) for one in addends(metric.query)]
    if len(found) == 1:
        return found[0][1]
    shown = []
    for one, text in found:
        others = [other for each, other in found if each.sign > 0 and other != text]
        known = text if one.is_bucket or not others else f"({text} or 0 * ({' or '.join(others)}))"
        shown.append(f"{'+' if one.sign > 0 else '-'} {known}")
    return f"({' '.join(shown).removeprefix('+ ')})"


def _summed(query: str, grouping: Grouping, window: timedelta) -> str:
    """The query as a count, added up to the SLO's own labels. A rate is turned back into a count."""
    text, is_rate = _of_any_window(query, grouping)
    text = with_window(text, duration_text(window))
    return f"({text} * {window // timedelta(seconds=1)})" if is_rate else text


@lru_cache(maxsize=4096)
def _of_any_window(query: str, grouping: Grouping) -> tuple[str, bool]:
    """The same with its placeholder, and whether it is a rate still."""
    read = analyse(query)
    text = grouped(query, read.grouping, grouping)
    if read.counts in ("rate", "irate"):
        return text, True
    if "histogram_fraction" in read.functions:  # NaN of an empty histogram
        return f"({real(text)})", False
    return (text if text.startswith(("sum", "(")) else f"({text})"), False


@dataclass(frozen=True, slots=True)
class RatioIndicator(CountsEvents):
    """good/total or bad/total: exactly one of ``good`` and ``bad`` is set."""

    total: MetricQuery
    good: MetricQuery | None = None
    bad: MetricQuery | None = None
    counter: bool = True

    @property
    def key(self) -> str:
        return KEY

    @property
    def events(self) -> EventQueries:
        part = self.good or self.bad
        assert part is not None
        return EventQueries(self.total, part, self.good is not None, self.counter)

    @property
    def queries(self) -> Mapping[str, MetricQuery]:
        return {"good" if self.good else "bad": self.events.part, "total": self.total}

    def identity(self, objectives: Sequence[Objective]) -> Mapping[str, object]:
        return identity_of(self.queries)

    def document(self) -> Mapping[str, object]:
        parts = {name: document_of(metric) for name, metric in self.queries.items()}
        return {"counter": self.counter} | parts


@dataclass(frozen=True, slots=True)
class RawIndicator:
    """A ready-made ratio of good (``raw_type`` ``success``) or bad (``failure``).

    It carries no counts, so each minute of it weighs the same.
    """

    raw: MetricQuery
    raw_type: str

    @property
    def key(self) -> str:
        return KEY

    @property
    def unit(self) -> CountUnit:
        return CountUnit.RATIO_MINUTES

    @property
    def is_bounded(self) -> bool:
        return False

    @property
    def events(self) -> None:
        return None

    @property
    def no_events(self) -> str:
        return "a raw ratio does not count events"

    @property
    def queries(self) -> Mapping[str, MetricQuery]:
        return {"raw": self.raw}

    def identity(self, objectives: Sequence[Objective]) -> Mapping[str, object]:
        return identity_of(self.queries, self.raw_type)

    def reading(self, objective: Objective, grouping: Grouping, window: timedelta) -> CountExpressions:
        raw = real(with_window(self.raw.query, duration_text(window)))
        share = raw if self.raw_type == "success" else f"1 - ({raw})"
        kept = analyse(self.raw.query).grouping
        share, raw = (grouped(text, kept, grouping, "avg") for text in (share, raw))
        return CountExpressions(f"clamp({share}, 0, 1)", f"({raw}) * 0 + 1")

    def share(self, objective: Objective, grouping: Grouping, length: timedelta) -> CountExpressions:
        counts = self.reading(objective, grouping, length)
        return CountExpressions(counts.good, f"({counts.total})")

    def examples(self, objective: Objective) -> Sequence[tuple[float, float]]:
        """A ratio may be measured beyond what it can be."""
        shares = [1.0, 0.75, 0.25, 0.0, 1.25, -0.25]
        success = self.raw_type == "success"
        return [(share if success else 1 - share, min(1.0, max(0.0, share))) for share in shares]

    def document(self) -> Mapping[str, object]:
        return {"raw": document_of(self.raw), "rawType": self.raw_type}


def identity_of(queries: Mapping[str, MetricQuery], raw_type: str | None = None) -> Mapping[str, object]:
    asked = {name: [metric.source_type, metric.query] for name, metric in queries.items()}
    return {name: asked.get(name) for name in ("total", "good", "bad", "raw")} | {"raw_type": raw_type}


def read_ratio(section: Section, metric: ReadMetric) -> Indicator | None:
    parts = {key: _part(section, key, metric) for key in ("good", "bad", "total", "raw")}
    counter = section.flag("counter", default=False)
    raw_type = section.text("rawType", choices=("success", "failure"))
    section.close()
    given = {key for key in parts if section.has(key)}
    problem = _shape_problem(given, raw_type)
    if problem:
        section.refuse("", problem, "Give good and total, or bad and total, or raw and rawType.")
        return None
    if raw := parts["raw"]:
        return RawIndicator(raw, raw_type)
    return count_events(section, parts, counter)


def count_events(
    section: Section, parts: Mapping[str, MetricQuery | None], counter: bool
) -> RatioIndicator | None:
    """Both counts over the window where they are of counters. A rate is, whatever the file calls it."""
    asked = {key: part for key in ("good", "bad", "total") if (part := parts.get(key)) is not None}
    ours = {key: part for key, part in asked.items() if part.source_type == "Prometheus"}
    if not counter and len(ours) == 2 and all(counts_in_a_range(part.query) for part in ours.values()):
        section.notice("counter", "is false, but rates are of counters: read as true", "Write true.")
        counter = True
    ranges = set()
    for key, part in ours.items() if counter else ():
        below = section.section(key)
        assert below is not None
        found = _over_the_window(below, part)
        asked[key] = replace(part, query=found.query)
        ranges.add(found.instead_of)
    if len(ranges) > 1:
        shown = " and ".join(f"[{text}]" if text else "none" for text in sorted(ranges))
        section.refuse("total", f"its parts have different ranges, {shown}", WRITE)
    total, good, bad = (asked.get(key) for key in ("total", "good", "bad"))
    return RatioIndicator(total, good, bad, counter) if total and (good or bad) else None


def _over_the_window(section: Section, metric: MetricQuery) -> Windowed:
    """The query as it was after a refusal."""
    if has_window(metric.query):
        return Windowed(metric.query)
    spec = (section.section("metricSource") or section).section("spec") or section
    try:
        found = windowed(metric.query)
    except NoWindowError as problem:
        spec.refuse("query", problem.problem, problem.fix)
        return Windowed(metric.query)
    if found.change:
        spec.notice("query", found.change, f"Write {found.query}", Effect.CHANGED)
    return found


def _part(section: Section, key: str, metric: ReadMetric) -> MetricQuery | None:
    below = section.section(key)
    return None if below is None else metric(below)


def _shape_problem(given: set[str], raw_type: str) -> str | None:
    if given == {"raw"}:
        return None if raw_type else "raw needs rawType: success or failure"
    if raw_type:
        return "rawType is only for raw"
    if given in ({"good", "total"}, {"bad", "total"}):
        return None
    return f"{' and '.join(sorted(given)) or 'nothing'} given"
