"""The router about itself, for Prometheus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import product

from prometheus_client import Counter
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from alarms.model.incident import OPEN_STATES
from alarms.model.notification import Delivery, DeliveryState
from alarms.model.receipt import ReceiptState
from alarms.model.severity import Severity
from alarms.reports import response
from alarms.reports.response import PERIOD, gauge
from alarms.reports.source_metrics import source_metrics
from alarms.router.quality import alert_quality
from alarms.stores.protocol import RouterStore
from foundation.clock import Clock
from foundation.metrics import MetricSpec

REFRESH_SECONDS = 30.0
RESULTS = {DeliveryState.SENT: "sent", DeliveryState.PENDING: "retried", DeliveryState.DEAD: "dead"}
IDLE_SHARE = 20  # times as long as the last reading took, nothing is read again
MEASURED = 5_000  # the newest incidents, for what is more than a count
RULES_SHOWN = 100


class AlertsReceived(Collector):
    """Of this process: a router counts what its hooks and its queue took in, an evaluator what it said."""

    def __init__(self) -> None:
        self._received = _counter(response.ALERTS_RECEIVED)

    def count(self, source: str, alerts: int = 1) -> None:
        self._received.labels(source).inc(alerts)

    def collect(self) -> Iterable[Metric]:
        yield from self._received.collect()


class RouterMetrics(Collector):
    """Counters of this process, and gauges read from the store: counts each time, the rest every half minute
    at most, of the newest ``MEASURED`` incidents."""

    def __init__(self, store: RouterStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._notifications = _counter(response.NOTIFICATIONS)
        for severity, result in product(Severity, RESULTS.values()):
            self._notifications.labels(severity.value, result)  # a first failure is a step up from nought
        self._repaired = _counter(response.REPAIRED)
        self._quality: list[Metric] = []
        self._quality_due: float | None = None

    def delivered(self, delivery: Delivery) -> None:
        """For the dispatcher's ``on_sent``, ``on_failed`` and ``on_dead``."""
        result = RESULTS[delivery.state]
        self._notifications.labels(delivery.notification.severity.value, result).inc()

    def repaired(self, findings: int) -> None:
        self._repaired.inc(findings)

    def collect(self) -> Iterable[Metric]:
        yield from self._notifications.collect()
        yield from self._repaired.collect()
        yield from self._waiting()
        yield from source_metrics(self._store.source_reports())
        recent = self._store.count_incidents(since=self._clock.now() - PERIOD)
        yield _counted(response.OPEN, self._store.count_incidents(states=OPEN_STATES))
        yield _counted(response.RECENT, recent)
        yield from self._cached_quality()

    def _waiting(self) -> Iterable[Metric]:
        oldest = self._store.oldest_undelivered()
        age = 0.0 if oldest is None else max(0.0, (self._clock.now() - oldest).total_seconds())
        spec = response.OLDEST_UNDELIVERED
        yield GaugeMetricFamily(spec.name, spec.help, value=age)
        states = (ReceiptState.PENDING, ReceiptState.QUARANTINED)
        yield gauge(
            response.RECEIPTS, {state.value: float(self._store.count_receipts(state)) for state in states}
        )

    def _cached_quality(self) -> list[Metric]:
        now = self._clock.monotonic()
        if self._quality_due is None or now >= self._quality_due:
            self._quality = [*self._measure_quality(), *self._measure_response()]
            done = self._clock.monotonic()
            self._quality_due = done + max(REFRESH_SECONDS, (done - now) * IDLE_SHARE)
        return self._quality

    def _measure_response(self) -> Iterable[Metric]:
        now = self._clock.now()
        return response.response_metrics(self._store.incidents(since=now - PERIOD, limit=MEASURED), now)

    def _measure_quality(self) -> Iterable[Metric]:
        rows = alert_quality(self._store, self._clock.now() - PERIOD, MEASURED)[:RULES_SHOWN]
        yield gauge(response.NOISE, {row.rule: row.noise_ratio for row in rows})
        acknowledged = {row.rule: _seconds(row.time_to_acknowledge) for row in rows}
        yield gauge(response.RULE_ACKNOWLEDGE, acknowledged)
        yield gauge(response.RULE_RESOLVE, {row.rule: _seconds(row.time_to_resolve) for row in rows})


def _counter(spec: MetricSpec) -> Counter:
    return Counter(spec.name.removesuffix("_total"), spec.help, spec.labels, registry=None)


def _counted(spec: MetricSpec, counts: Mapping[Severity, int]) -> Metric:
    return gauge(spec, {severity.value: float(count) for severity, count in counts.items()})


def _seconds(duration: timedelta | None) -> float | None:
    return None if duration is None else duration.total_seconds()
