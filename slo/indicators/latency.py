"""Latency as people say it, ``latencyMetric``: a histogram, and how long an event may take.

OpenSLO has no word for it (its ``ratioMetric`` wants the two queries written out), so the key is ours::

    latencyMetric:
      metric: http_request_duration_seconds{job="api"}   # the histogram, without _bucket
      threshold: 300ms
      errors: code=~"5.."     # optional: what is bad however fast it is
      histogram: native       # optional; classic otherwise
      by: [region]            # optional: one budget for each value
      bucket: 250ms           # optional, classic: the edge that stands in for a threshold without one

A classic histogram counts up to its edges only. The threshold has to be one of them, or ``bucket`` names
the edge to count: the nearest one at or below the threshold, so that nothing slower than promised is good.
A native histogram is asked for the threshold itself; Prometheus interpolates within the one bucket that the
threshold falls in, and is wrong by at most what that bucket holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction

from foundation.located import Section
from foundation.quantities import decimal_text, latency_text, parse_latency
from slo.indicators.metric import ReadMetric
from slo.indicators.ratio import CountsEvents, identity_of
from slo.model.grouping import Grouping
from slo.model.histogram_unit import in_milliseconds
from slo.model.promql import LabelMatcher, PromqlError, bare_selector, selecting
from slo.model.spec import CountExpressions, EventQueries, Indicator, MetricQuery, Objective

KEY = "latencyMetric"
SUFFIXES = ("_bucket", "_count", "_sum")


class Histogram(StrEnum):
    CLASSIC = "classic"  # a counter for each edge, told apart by ``le``
    NATIVE = "native"  # one series that holds all its buckets


@dataclass(frozen=True, slots=True)
class LatencyIndicator(CountsEvents):
    """Good: what took at most ``threshold`` seconds, and is none of ``errors``.

    ``bucket``: the edge, in seconds, that a classic histogram is counted up to where it has none at the
    threshold.
    """

    name: str
    matchers: tuple[LabelMatcher, ...]
    threshold: Fraction
    histogram: Histogram = Histogram.CLASSIC
    errors: LabelMatcher | None = None
    by: tuple[str, ...] = ()
    bucket: Fraction | None = None

    @property
    def key(self) -> str:
        return KEY

    @property
    def events(self) -> EventQueries:
        total, part = self._native() if self.histogram is Histogram.NATIVE else self._classic()
        return EventQueries(MetricQuery("Prometheus", total), MetricQuery("Prometheus", part), True)

    @property
    def queries(self) -> Mapping[str, MetricQuery]:
        return {"good": self.events.part, "total": self.events.total}

    def identity(self, objectives: Sequence[Objective]) -> Mapping[str, object]:
        """That of the two queries written out: saying it the other way keeps the history."""
        return identity_of(self.queries)

    def reading(self, objective: Objective, grouping: Grouping, window: timedelta) -> CountExpressions:
        """Without one fast success nothing is good, where the edge itself exists: errors end there too."""
        own = CountsEvents.reading(self, objective, grouping, window)
        if self.errors is None or self.histogram is Histogram.NATIVE:
            return own
        whole = replace(self, errors=None).reading(objective, grouping, window)
        return CountExpressions(f"({own.good} or 0 * {whole.good})", whole.total)

    def document(self) -> Mapping[str, object]:
        found: dict[str, object] = {
            "metric": selecting(self.name, self.matchers),
            "threshold": latency_text(self.threshold),
        }
        if self.errors is not None:
            found["errors"] = str(self.errors)
        if self.histogram is not Histogram.CLASSIC:
            found["histogram"] = self.histogram.value
        if self.by:
            found["by"] = list(self.by)
        if self.bucket is not None:
            found["bucket"] = latency_text(self.bucket)
        return found

    def _classic(self) -> tuple[str, str]:
        edge = self.bucket or self.threshold
        le = decimal_text(edge * 1000 if in_milliseconds(self.name) else edge)
        good = selecting(f"{self.name}_bucket", (*self._good, LabelMatcher("le", "=", le)))
        return self._increase(selecting(f"{self.name}_count", self.matchers)), self._increase(good)

    def _native(self) -> tuple[str, str]:
        bound = decimal_text(self.threshold * 1000 if in_milliseconds(self.name) else self.threshold)
        total = self._increase(selecting(self.name, self.matchers))
        counted = self._increase(selecting(self.name, self._good))
        share = f"histogram_fraction(0, {bound}, {counted})"
        return f"histogram_count({total})", f"{share} * histogram_count({counted})"

    @property
    def _good(self) -> tuple[LabelMatcher, ...]:
        if self.errors is None:
            return self.matchers
        return (*self.matchers, self.errors.negated)

    def _increase(self, selector: str) -> str:
        return increase_of(selector, self.by)


def increase_of(selector: str, groups: Sequence[str]) -> str:
    """The query that counts what a counter (or a native histogram) saw, by ``groups``."""
    by = f" by ({','.join(groups)}) " if groups else ""
    return f"sum{by}(increase({selector}[{{{{.window}}}}]))"


def read_latency(section: Section, metric: ReadMetric) -> Indicator | None:
    """``None`` after a refusal."""
    selected = _metric(section)
    threshold = _length(section, "threshold", required=True)
    kind = Histogram(section.text("histogram", default="classic", choices=[kind.value for kind in Histogram]))
    errors = _errors(section)
    groups = section.texts("by")
    bucket = _length(section, "bucket")
    section.close()
    if bucket is not None and kind is Histogram.NATIVE:
        section.refuse("bucket", "is only for a classic histogram", "Remove it: a native one has no edges.")
    if bucket is not None and threshold is not None and bucket > threshold:
        problem = f"{latency_text(bucket)} is above the threshold: what is slower than promised would be good"
        section.refuse("bucket", problem, "Name the nearest edge at or below the threshold.")
    if selected is None or threshold is None:
        return None
    name, matchers = selected
    return LatencyIndicator(name, matchers, threshold, kind, errors, groups, bucket)


def _metric(section: Section) -> tuple[str, tuple[LabelMatcher, ...]] | None:
    text = section.text("metric", required=True).strip()
    if not text:
        return None
    try:
        selector = bare_selector(text)
    except PromqlError as error:
        section.refuse("metric", f"is not a selector: {error}", 'Write name{label="value"}.')
        return None
    if selector is None or not selector.name:
        problem = "is not the name of one histogram, with or without {matchers}"
        section.refuse("metric", problem, 'Write http_request_duration_seconds{job="api"}.')
        return None
    for suffix in SUFFIXES:
        if selector.name.endswith(suffix):
            problem = f"{selector.name!r} is one series of the histogram, which is named without {suffix}"
            section.refuse("metric", problem, f"Write {selector.name.removesuffix(suffix)}.")
            return None
    if any(matcher.name == "le" for matcher in selector.matchers):
        section.refuse("metric", "chooses a bucket itself", "Leave `le` out; `threshold` says it.")
        return None
    return selector.name, selector.matchers


def _errors(section: Section) -> LabelMatcher | None:
    text = section.text("errors").strip()
    if not text:
        return None
    inside = text.removeprefix("{").removesuffix("}")
    try:
        selector = bare_selector(f"x{{{inside}}}")
    except PromqlError as error:
        section.refuse("errors", f"is not a matcher: {error}", 'Write code=~"5..".')
        return None
    if selector is None or len(selector.matchers) != 1:
        problem = "is not one matcher; what several leave over cannot be selected"
        section.refuse("errors", problem, 'Say it by one label, as code=~"5..".')
        return None
    return selector.matchers[0]


def _length(section: Section, key: str, *, required: bool = False) -> Fraction | None:
    text = section.text(key, required=required).strip()
    if not text:
        return None
    value = parse_latency(text)
    if not value:
        section.refuse(key, f"{text!r} is not a length of time", "Write it with its unit: 300ms, 0.3s or 2s.")
        return None
    return value
