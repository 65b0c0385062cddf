"""Declared metrics on prometheus_client, and the journalled ones in this process's count journal as well."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.utils import floatToGoString

from credit.metrics import JOURNAL_FAILURES, JOURNAL_PENDING, METRICS
from dataplatform.observability.journal_feed import Increment, JournalFeed, Series
from foundation.count_journal import CountJournal, labels_of
from foundation.metrics import MetricKind, MetricSpec

Labels = tuple[tuple[str, str], ...]
Identity = tuple[str, Labels]


class PrometheusTelemetry:
    """Counts a metric in the registry and, if it is journalled, in the journal before the call returns.

    A journal that cannot be written never fails the caller; meanwhile ``counting`` is False, the pending
    gauge is above zero and the failure counter grows.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        journal: CountJournal | None = None,
        metrics: Sequence[MetricSpec] = METRICS,
    ) -> None:
        """``metrics`` are all that it can count; those of the journal are always among them."""
        # A second series for each counter, which no query of ours reads.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._feed = None if journal is None else JournalFeed(journal, self._journal_state)
        self._batch: ContextVar[list[Increment] | None] = ContextVar("counts of this request", default=None)
        known = dict.fromkeys((*metrics, JOURNAL_FAILURES, JOURNAL_PENDING))
        declared = {metric.name: _declared(metric, registry) for metric in known}
        self._counters = {name: it for name, it in declared.items() if isinstance(it, Counter)}
        self._gauges = {name: it for name, it in declared.items() if isinstance(it, Gauge)}
        self._histograms = {name: it for name, it in declared.items() if isinstance(it, Histogram)}
        # What a name and labels lead to is looked up once: a request counts half a dozen times.
        self._counter_series: dict[Identity, tuple[Counter, tuple[Series, ...]]] = {}
        self._histogram_series: dict[Identity, tuple[Histogram, tuple[tuple[Series, ...], ...]]] = {}

    def count(self, metric: MetricSpec, value: int = 1, /, **labels: str) -> None:
        counter, series = self._counter(metric, labels)
        counter.inc(value)
        if metric.journalled:
            self._note(series, value)

    def observe(self, metric: MetricSpec, seconds: float, /, **labels: str) -> None:
        histogram, increments = self._histogram(metric, labels)
        histogram.observe(seconds)
        if metric.journalled:
            bucket = next((n for n, edge in enumerate(metric.buckets) if seconds <= edge), -1)
            self._note(increments[bucket], 1)

    def set(self, metric: MetricSpec, value: float, /, **labels: str) -> None:
        gauge = self._gauges[metric.name]
        (gauge.labels(**labels) if metric.labels else gauge).set(value)

    def declare(self, metric: MetricSpec, /, **labels: str) -> None:
        """Begin a series at zero, in the registry and, if it is journalled, in the journal."""
        if metric.kind is MetricKind.COUNTER:
            self.count(metric, 0, **labels)
        elif metric.kind is MetricKind.HISTOGRAM:
            _, increments = self._histogram(metric, labels)
            if metric.journalled:
                self._note(increments[0], 0)

    @asynccontextmanager
    async def batch(self) -> AsyncIterator[None]:
        """Hold this task's journalled increments and write them together at the end, with those of other
        requests that end at the same time. They are written even when the body raises. Not for nesting."""
        held: list[Increment] = []
        token = self._batch.set(held)
        try:
            yield
        finally:
            self._batch.reset(token)
            if held and self._feed is not None:
                await self._feed.write_together(held)

    @property
    def counting(self) -> bool:
        return self._feed is None or not self._feed.failing

    def _note(self, series: tuple[Series, ...], value: int) -> None:
        held = self._batch.get()
        if held is not None:
            held.append((series, value))
        elif self._feed is not None:
            self._feed.write([(series, value)])

    def _counter(self, metric: MetricSpec, labels: Mapping[str, str]) -> tuple[Counter, tuple[Series, ...]]:
        identity = (metric.name, tuple(labels.items()))
        known = self._counter_series.get(identity)
        if known is None:
            counter = self._counters[metric.name]
            series: Series = (metric.name, labels_of(**labels))
            known = (counter.labels(**labels) if metric.labels else counter, (series,))
            self._counter_series[identity] = known
        return known

    def _histogram(
        self, metric: MetricSpec, labels: Mapping[str, str]
    ) -> tuple[Histogram, tuple[tuple[Series, ...], ...]]:
        identity = (metric.name, tuple(labels.items()))
        known = self._histogram_series.get(identity)
        if known is None:
            histogram = self._histograms[metric.name]
            increments = _observations(metric, labels) if metric.journalled else ()
            known = (histogram.labels(**labels) if metric.labels else histogram, increments)
            self._histogram_series[identity] = known
        return known

    def _journal_state(self, pending: int, failed: bool) -> None:
        self._gauges[JOURNAL_PENDING.name].set(pending)
        if failed:
            self._counters[JOURNAL_FAILURES.name].inc()


def _declared(metric: MetricSpec, registry: CollectorRegistry) -> Counter | Gauge | Histogram:
    if metric.kind is MetricKind.COUNTER:
        return Counter(metric.name, metric.help, metric.labels, registry=registry)
    if metric.kind is MetricKind.GAUGE:
        return Gauge(metric.name, metric.help, metric.labels, registry=registry)
    return Histogram(metric.name, metric.help, metric.labels, buckets=metric.buckets, registry=registry)


def _observations(metric: MetricSpec, labels: Mapping[str, str]) -> tuple[tuple[Series, ...], ...]:
    """For each bucket that an observation may fall into, what Prometheus would then show one more of: that
    bucket and all above it, and the count."""
    count: Series = (f"{metric.name}_count", labels_of(**labels))
    buckets: list[Series] = [
        (f"{metric.name}_bucket", labels_of(**labels, le=_le(edge)))
        for edge in (*metric.buckets, float("inf"))
    ]
    return tuple((count, *buckets[number:]) for number in range(len(buckets)))


def _le(edge: float) -> str:
    """A bucket's edge as prometheus_client writes it: ``0.2``, ``1.0``, ``+Inf``."""
    return str(floatToGoString(edge))  # type: ignore[no-untyped-call]
