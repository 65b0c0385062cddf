"""Whether what a definition asks for exists in a Prometheus, and what was probably meant where not."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from slo.ledger.prometheus_queries import PrometheusQueries
from slo.model.promql import LabelMatcher, Selector, analyse, quoted
from slo.model.spec import Slo

SPAN = "1d"  # a series that was there within a day exists
MOST_NAMES = 20_000
MOST_SHOWN = 8
LE = "le"


@dataclass(frozen=True, slots=True)
class NotFound:
    """``harmless``: failures that did not happen yet; everything else has no number until it is there."""

    slo: str
    part: str
    selector: str
    problem: str
    hint: str
    harmless: bool

    def __str__(self) -> str:
        return f"{self.slo}: {self.part}: {self.selector}: {self.problem}. {self.hint}"


def not_found(slo: Slo, server: PrometheusQueries, now: datetime) -> Iterator[NotFound]:
    """
    Raises:
        SourceError: the server cannot be asked.
    """
    bad = slo.indicator.events is not None and not slo.indicator.events.part_is_good
    for part, metric in slo.indicator.queries.items():
        if metric.source_type != "Prometheus":
            continue
        for selector in dict.fromkeys(analyse(metric.query).selectors):
            if not _series(server, selector.text, now):
                failure = bad and part == "bad" and not any(m.name == LE for m in selector.matchers)
                yield _told(slo, part, selector, failure, server, now)


def _series(server: PrometheusQueries, selector: str, now: datetime) -> float:
    found = server.at(f"count({selector})", now) or server.at(
        f"count(last_over_time({selector}[{SPAN}]))", now
    )
    return found[0][1] if found else 0


def _told(
    slo: Slo, part: str, selector: Selector, failure: bool, server: PrometheusQueries, now: datetime
) -> NotFound:
    def told(problem: str, hint: str, harmless: bool = False) -> NotFound:
        return NotFound(slo.id, part, selector.text, problem, hint, harmless)

    if not selector.name:
        return told("nothing matches", "Name one metric.")
    if not _series(server, selector.name, now):
        names = server.read("label/__name__/values", {"limit": str(MOST_NAMES)})
        known = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
        return told("there is no such metric", _nearest(selector.name, known, "Its metrics are others"))
    for matcher in selector.matchers:
        if _series(server, f"{selector.name}{{{_written(matcher)}}}", now):
            continue
        values = _values(server, selector.name, matcher.name, now)
        if not values:
            return told(f"no series has a label {matcher.name}", _labels(server, selector.name, now))
        if matcher.name == LE:
            return told(f"no bucket ends at {matcher.value}", _edges(matcher.value, values))
        hint = _nearest(matcher.value, values, f"Values of {matcher.name}")
        if failure:
            return told(f"no series matches {_written(matcher)} yet, which counts as no failures", hint, True)
        return told(f"no series matches {_written(matcher)}", hint)
    hint = "Each of its matchers finds series, but none has all of them."
    return told("nothing matches", hint, failure)


def _written(matcher: LabelMatcher) -> str:
    return f"{matcher.name}{matcher.op}{quoted(matcher.value)}"


def _values(server: PrometheusQueries, name: str, label: str, now: datetime) -> list[str]:
    found = server.at(f"group by ({label}) (last_over_time({name}[{SPAN}]))", now)
    return sorted({labels[label] for labels, _ in found if labels.get(label)})


def _labels(server: PrometheusQueries, name: str, now: datetime) -> str:
    found = server.at(f"topk(1, last_over_time({name}[{SPAN}]))", now)
    names = sorted({key for labels, _ in found for key in labels if key != "__name__"})
    return f"Its labels: {', '.join(islice(names, 20)) or 'none'}."


def _edges(wanted: str, values: Sequence[str]) -> str:
    """The nearest edges below and above, by number."""
    numbers = sorted((number, value) for value in values if (number := _number(value)) is not None)
    target = _number(wanted)
    if target is None or not numbers:
        return f"Its edges: {', '.join(values[:MOST_SHOWN])}."
    same = [value for number, value in numbers if number == target]
    if same:
        return f"The same number is written {quoted(same[0])} there."
    below = [value for number, value in numbers if number < target][-1:]
    above = [value for number, value in numbers if number > target][:1]
    return f"The nearest edges: {' and '.join([*below, *above])}."


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _nearest(wanted: str, known: Sequence[str], otherwise: str) -> str:
    close = difflib.get_close_matches(wanted, known, 3, 0.6)
    if close:
        return f"Did you mean {' or '.join(close)}?"
    return f"{otherwise}: {', '.join(known[:MOST_SHOWN]) or 'none'}."
