"""Declared metrics on prometheus_client, and the journalled ones in this process's count journal as well."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections import Counter as Tally
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.utils import floatToGoString

from app.ports.telemetry import (
    JOURNAL_FAILURES,
    JOURNAL_PENDING,
    METRICS,
    MetricKind,
    MetricSpec,
)
from slo.counts import CounterIncrement, CountJournal, labels_of
from slo.errors import SloError

log = logging.getLogger("mirante.telemetry")

Series = tuple[str, tuple[tuple[str, str], ...]]
"""Name and sorted labels of one counter, as Prometheus exposes it."""

JOURNAL_ERRORS = (SloError, sqlite3.Error, OSError)


class PrometheusTelemetry:
    """Counts a metric in the registry and, if it is journalled, in the journal before the call returns.

    A journal that cannot be written never fails the caller. Its counts are kept in memory and written with
    the next call that succeeds (under the minute of that call); meanwhile ``counting`` is False, the
    pending gauge is above zero and the failure counter grows.
    """

    def __init__(self, registry: CollectorRegistry, journal: CountJournal | None = None) -> None:
        self._journal = journal
        self._pending: Tally[Series] = Tally()
        self._lock = threading.Lock()
        self._batch: ContextVar[Tally[Series] | None] = ContextVar("counts of this request", default=None)
        self._counters: dict[str, Counter] = {}
        self._gauges: dict[str, Gauge] = {}
        self._histograms: dict[str, Histogram] = {}
        self._increments: dict[tuple[str, str, tuple[tuple[str, str], ...]], tuple[Series, ...]] = {}
        for metric in METRICS:
            self._declare(metric, registry)

    def count(self, metric: MetricSpec, value: int = 1, /, **labels: str) -> None:
        counter = self._counters[metric.name]
        (counter.labels(**labels) if metric.labels else counter).inc(value)
        if metric.journalled:
            self._note(Tally({(metric.name, labels_of(**labels)): value}))

    def observe(self, metric: MetricSpec, seconds: float, /, **labels: str) -> None:
        histogram = self._histograms[metric.name]
        (histogram.labels(**labels) if metric.labels else histogram).observe(seconds)
        if metric.journalled:
            self._note(Tally(dict.fromkeys(self._observation(metric, seconds, labels), 1)))

    def set(self, metric: MetricSpec, value: float, /, **labels: str) -> None:
        gauge = self._gauges[metric.name]
        (gauge.labels(**labels) if metric.labels else gauge).set(value)

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Hold this task's journalled increments and write them in one journal transaction at the end.

        Nested batches join the outer one. The increments are written even when the body raises.
        """
        if self._batch.get() is not None:
            yield
            return
        held: Tally[Series] = Tally()
        token = self._batch.set(held)
        try:
            yield
        finally:
            self._batch.reset(token)
            if held:
                self._write(held)

    @property
    def counting(self) -> bool:
        return not self._pending

    def _note(self, increments: Tally[Series]) -> None:
        held = self._batch.get()
        if held is not None:
            held.update(increments)
        else:
            self._write(increments)

    def _write(self, increments: Tally[Series]) -> None:
        if self._journal is None:
            return
        with self._lock:
            late = bool(self._pending)
            if late:
                self._pending.update(increments)
                increments = self._pending
            try:
                self._journal.add([CounterIncrement(*series, value) for series, value in increments.items()])
            except JOURNAL_ERRORS as error:
                self._keep(increments, error)
            else:
                if late:
                    self._recovered()

    def _keep(self, increments: Tally[Series], error: Exception) -> None:
        if not self._pending:
            log.error(
                "this process cannot write its count journal; its service level counts are held in memory",
                extra={"event": "journal.failing"},
                exc_info=error,
            )
        self._pending = increments
        self._counters[JOURNAL_FAILURES.name].inc()
        self._gauges[JOURNAL_PENDING.name].set(sum(increments.values()))

    def _recovered(self) -> None:
        late = sum(self._pending.values())
        self._pending = Tally()
        self._gauges[JOURNAL_PENDING.name].set(0)
        log.warning(
            "the count journal is written again; held counts were added to the current minute",
            extra={"event": "journal.recovered", "increments": late},
        )

    def _observation(
        self, metric: MetricSpec, seconds: float, labels: Mapping[str, str]
    ) -> tuple[Series, ...]:
        """The increments that Prometheus would show: each bucket at or above the value, and the count."""
        edge = next((edge for edge in metric.buckets if seconds <= edge), float("inf"))
        le = _le(edge)
        own = labels_of(**labels)
        known = self._increments.get((metric.name, le, own))
        if known is None:
            edges = [other for other in (*metric.buckets, float("inf")) if other >= edge]
            known = (
                *((f"{metric.name}_bucket", labels_of(**labels, le=_le(other))) for other in edges),
                (f"{metric.name}_count", own),
            )
            self._increments[(metric.name, le, own)] = known
        return known

    def _declare(self, metric: MetricSpec, registry: CollectorRegistry) -> None:
        if metric.kind is MetricKind.COUNTER:
            self._counters[metric.name] = Counter(metric.name, metric.help, metric.labels, registry=registry)
        elif metric.kind is MetricKind.GAUGE:
            self._gauges[metric.name] = Gauge(metric.name, metric.help, metric.labels, registry=registry)
        else:
            self._histograms[metric.name] = Histogram(
                metric.name, metric.help, metric.labels, buckets=metric.buckets, registry=registry
            )


def _le(edge: float) -> str:
    """A bucket's edge as prometheus_client writes it: ``0.2``, ``1.0``, ``+Inf``."""
    return str(floatToGoString(edge))  # type: ignore[no-untyped-call]
