"""What a Prometheus has under our recorded names: one question for each name, whatever the number of SLOs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isfinite

from foundation.quantities import duration_text
from slo.drift.tolerance import LEAST, SPAN
from slo.ledger.prometheus_queries import Labels, PrometheusQueries
from slo.model import conventions as names
from slo.model.periods import MINUTE
from slo.model.promql import samples_range
from slo.model.spec import Slo
from slo.prometheus.counts import counts_over_window
from slo.prometheus.names import selector
from slo.prometheus.records import BASE

Key = tuple[str, str]
"""SLO and objective."""
Answers = dict[Key, list[tuple[Labels, float]]]


@dataclass(frozen=True, slots=True)
class CountNames:
    """The recorded counts that everything longer is added up from; ``share``: in how many of them each event
    is."""

    total: str
    good: str
    share: int


COUNTERS = CountNames(names.record_total(BASE), names.record_good(BASE), BASE // MINUTE)
SLICES = CountNames(names.RECORD_TOTAL_SLICES, names.RECORD_GOOD_SLICES, 1)


def count_names(slo: Slo) -> CountNames:
    return COUNTERS if counts_over_window(slo) else SLICES


@dataclass(frozen=True, slots=True)
class RecordedCounts:
    """Over ``SPAN``: how much was recorded, by how many evaluations, the first of them at ``since``."""

    total: float
    good: float
    evaluations: int
    since: datetime


@dataclass(slots=True)
class Recorded:
    """Everything that was answered at ``at``. ``targets`` is of now and of every environment, ``earlier`` is
    what was there for longer than ``LEAST``; the rest is of one environment."""

    at: datetime
    targets: Answers = field(default_factory=dict)
    earlier: Answers = field(default_factory=dict)
    left: Answers = field(default_factory=dict)
    history: Answers = field(default_factory=dict)
    totals: Answers = field(default_factory=dict)
    goods: Answers = field(default_factory=dict)
    evaluations: Answers = field(default_factory=dict)
    firsts: Answers = field(default_factory=dict)

    def environments(self, key: Key) -> set[str]:
        return {labels.get(names.LABEL_ENVIRONMENT, "") for labels, _ in self.targets.get(key, ())}

    def target(self, key: Key, environment: str) -> float | None:
        found = self.targets.get(key, ())
        own = [value for labels, value in found if labels.get(names.LABEL_ENVIRONMENT) == environment]
        return own[0] if own else None

    def counts(self, key: Key, group: Labels) -> RecordedCounts | None:
        totals, firsts = _of(self.totals, key, group), _of(self.firsts, key, group)
        if not totals or not firsts:
            return None
        return RecordedCounts(
            total=sum(totals),
            good=sum(_of(self.goods, key, group)),
            evaluations=round(max(_of(self.evaluations, key, group), default=0.0)),
            since=datetime.fromtimestamp(min(firsts), UTC),
        )

    def budget_left(self, key: Key, group: Labels) -> float | None:
        return min(_of(self.left, key, group), default=None)

    def share_of_period(self, key: Key, group: Labels) -> float | None:
        return min(_of(self.history, key, group), default=None)


def _of(answers: Answers, key: Key, group: Labels) -> list[float]:
    found = answers.get(key, ())
    return [value for labels, value in found if all(labels.get(k, "") == v for k, v in group.items())]


def read_recorded(
    server: PrometheusQueries,
    slos: Sequence[Slo],
    environment: str,
    at: datetime,
    now: datetime,
    progress: Callable[[str], None] = lambda _: None,
) -> Recorded:
    """
    Raises:
        SourceError: the server cannot be asked, or answers with something else.
    """
    found = Recorded(at)
    own = selector({names.LABEL_ENVIRONMENT: environment})

    def ask(query: str, into: Answers, instant: datetime = at) -> None:
        progress(f"asking what is recorded: {query}")
        _put(server.at(query, instant), into)

    ask(names.RECORD_OBJECTIVE, found.targets, now)
    ask(names.RECORD_OBJECTIVE + own, found.earlier, at - LEAST)
    ask(names.RECORD_BUDGET_REMAINING + own, found.left)
    ask(names.RECORD_HISTORY + own, found.history)
    for counted in dict.fromkeys(count_names(slo) for slo in slos):
        total, good = counted.total + own, counted.good + own
        inside, each = f"[{samples_range(SPAN)}]", f" / {counted.share}" if counted.share > 1 else ""
        ask(f"sum_over_time({total}{inside}){each}", found.totals)
        ask(f"sum_over_time({good}{inside}){each}", found.goods)
        ask(f"count_over_time({total}{inside})", found.evaluations)
        span, minute = duration_text(SPAN), duration_text(MINUTE)
        ask(f"min_over_time(timestamp({total})[{span}:{minute}])", found.firsts)
    return found


def _put(answer: Iterable[tuple[Labels, float]], into: Answers) -> None:
    for labels, value in answer:
        if not isfinite(value):
            continue
        key = labels.get(names.LABEL_SLO, ""), labels.get(names.LABEL_OBJECTIVE, "")
        into.setdefault(key, []).append((labels, value))
