"""Pyrra's four indicators: selectors, never queries, and the labels that each SLO is split by.

Pyrra writes the queries around a selector itself (``Burnrate`` in ``slo/rules.go`` at commit 1ba95af of
pyrra-dev/pyrra), so that everything here is what those queries count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from foundation.errors import Effect
from foundation.located import Section
from foundation.quantities import parse_latency, parse_number
from slo.indicators.latency import Histogram, LatencyIndicator, increase_of
from slo.indicators.ratio import RatioIndicator
from slo.indicators.threshold import ThresholdIndicator
from slo.model.promql import PromqlError, Selector, bare_selector, selecting
from slo.model.spec import Indicator, MetricQuery

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_SELECTOR_FIX = 'Write name{label="value"}: Pyrra puts rate() and sum() around it itself.'


@dataclass(frozen=True, slots=True)
class PyrraIndicator:
    """``total`` is what counts everything: its ``=`` matchers become labels of what is recorded.

    ``least``: the value that a gauge must reach to be good, where it is one.
    """

    indicator: Indicator
    total: Selector
    grouping: tuple[str, ...]
    least: Fraction | None = None

    @property
    def labels(self) -> Mapping[str, str]:
        """As Pyrra has them on rules and alerts; those that it groups by are there of themselves."""
        same = [matcher for matcher in self.total.matchers if matcher.op == "=" and matcher.value]
        return {matcher.name: matcher.value for matcher in same if matcher.name not in self.grouping}


def read_pyrra_indicator(section: Section) -> PyrraIndicator | None:
    """The one that ``indicator`` holds; ``None`` after a refusal."""
    given = {key: below for key in READERS if (below := section.section(key)) is not None}
    section.close()
    if len(given) != 1:
        problem = f"exactly one of {', '.join(READERS)} is required, not {' and '.join(given) or 'none'}"
        section.refuse("", problem, "Write a separate objective for each indicator.")
        return None
    ((key, below),) = given.items()
    found = READERS[key](below, tuple(_grouping(below)))
    below.close()
    return found


def _grouping(section: Section) -> Iterator[str]:
    for label in sorted(set(section.texts("grouping"))):
        if _LABEL.fullmatch(label):
            yield label
        else:
            section.refuse(
                "grouping", f"{label!r} is not a label name", "Use letters, digits and underscores."
            )


def _ratio(section: Section, grouping: tuple[str, ...]) -> PyrraIndicator | None:
    errors, total = _metric(section, "errors"), _metric(section, "total")
    if errors is None or total is None:
        return None
    if errors.text == total.text:
        reason = "is the selector of total as well: every event is an error"
        section.notice("errors", reason, "Select the failed ones only.")
    bad, whole = _increase(errors, grouping), _increase(total, grouping)
    return PyrraIndicator(RatioIndicator(whole, bad=bad), total, grouping)


def _latency(section: Section, grouping: tuple[str, ...]) -> PyrraIndicator | None:
    success, total = _metric(section, "success"), _metric(section, "total")
    if success is None or total is None:
        return None
    edges = [matcher for matcher in success.matchers if matcher.name == "le"]
    if not edges:
        problem = "chooses no bucket: every bucket would be added up"
        section.refuse("success", problem, 'Add the threshold, for example le="0.5".')
        return None
    for edge in edges:
        if edge.op == "=" and edge.value != "+Inf" and parse_number(edge.value) is None:
            section.refuse("success", f"le={edge.value!r} is not a number", 'Write for example le="0.5".')
            return None
        if edge.value == "+Inf":
            reason = "counts the bucket +Inf, which holds every event: this promise cannot be broken"
            section.notice("success", reason, "Name the edge of the threshold.")
    good, whole = _increase(success, grouping), _increase(total, grouping)
    return PyrraIndicator(RatioIndicator(whole, good=good), total, grouping)


def _latency_native(section: Section, grouping: tuple[str, ...]) -> PyrraIndicator | None:
    total, text = _metric(section, "total"), section.text("latency", required=True)
    threshold = parse_latency(text)
    if text and not threshold:
        section.refuse("latency", f"{text!r} is not a length of time", "Write for example 200ms or 1s.")
    if total is None or not threshold:
        return None
    section.notice("latency", _INTERPOLATED, effect=Effect.CHANGED)
    indicator = LatencyIndicator(total.name, total.matchers, threshold, Histogram.NATIVE, by=grouping)
    return PyrraIndicator(indicator, total, grouping)


_INTERPOLATED = (
    "is asked of the native histogram in every rule, as Pyrra does; the ledger has no exact count of it, "
    "so that its budget is the one that the rules record"
)


def _bool_gauge(section: Section, grouping: tuple[str, ...]) -> PyrraIndicator | None:
    metric = _selector(section, "metric")
    if metric is None:
        return None
    section.notice("metric", _READ_EACH_MINUTE, effect=Effect.CHANGED)
    query = MetricQuery("Prometheus", selecting(metric.name, metric.matchers))
    return PyrraIndicator(ThresholdIndicator(query), metric, grouping, least=Fraction(1))


_READ_EACH_MINUTE = (
    "is read once a minute, good at 1 or more; Pyrra counts every scraped sample and adds their values up, "
    "so a gauge of 0.5 is half good there and bad here"
)

READERS: Mapping[str, Callable[[Section, tuple[str, ...]], PyrraIndicator | None]] = {
    "ratio": _ratio,
    "latency": _latency,
    "latencyNative": _latency_native,
    "bool_gauge": _bool_gauge,
    "boolGauge": _bool_gauge,
}


def _metric(section: Section, key: str) -> Selector | None:
    below = section.section(key, required=True)
    if below is None:
        return None
    found = _selector(below, "metric")
    below.close()
    return found


def _selector(section: Section, key: str) -> Selector | None:
    text = section.text(key, required=True).strip()
    if not text:
        return None
    try:
        found = bare_selector(text)
    except PromqlError as error:
        section.refuse(key, f"is not PromQL: {error}", _SELECTOR_FIX)
        return None
    if found is None:
        section.refuse(key, "is not the selector of one metric", _SELECTOR_FIX)
        return None
    if not found.name:
        problem = "names no metric before its braces; Pyrra itself makes no rules of it"
        section.refuse(key, problem, "Name one metric, and write an objective for each.")
        return None
    return found


def _increase(selector: Selector, grouping: Sequence[str]) -> MetricQuery:
    selected = selecting(selector.name, selector.matchers)
    return MetricQuery("Prometheus", increase_of(selected, grouping))
