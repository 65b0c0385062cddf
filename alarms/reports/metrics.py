"""The router about itself, for Prometheus."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from itertools import product

from prometheus_client import Counter
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from alarms.model.notification import Delivery, DeliveryState
from alarms.model.receipt import ReceiptState
from alarms.model.severity import Severity
from alarms.reports.response import response_metrics
from alarms.router.quality import ALL, alert_quality
from alarms.stores.protocol import RouterStore
from foundation.clock import Clock

PERIOD = timedelta(days=30)
REFRESH_SECONDS = 30.0
RESULTS = {DeliveryState.SENT: "sent", DeliveryState.PENDING: "retried", DeliveryState.DEAD: "dead"}


class AlertsReceived(Collector):
    """Of this process: a router counts what its hooks and its queue took in, an evaluator what it said."""

    def __init__(self) -> None:
        self._received = Counter("mirante_alerts_received", "Alerts taken in.", ["source"], registry=None)

    def count(self, source: str, alerts: int = 1) -> None:
        self._received.labels(source).inc(alerts)

    def collect(self) -> Iterable[Metric]:
        yield from self._received.collect()


class RouterMetrics(Collector):
    """Counters of this process, and gauges read from the store, at most every half minute."""

    def __init__(self, store: RouterStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._notifications = Counter(
            "mirante_notifications",
            "Attempts to deliver a notification.",
            ["severity", "result"],
            registry=None,
        )
        for severity, result in product(Severity, RESULTS.values()):
            self._notifications.labels(severity.value, result)  # a first failure is a step up from nought
        self._repaired = Counter(
            "mirante_escalations_repaired", "What the escalation auditor had to mend.", registry=None
        )
        self._quality: list[Metric] = []
        self._quality_at: float | None = None

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
        yield from self._open()
        yield from self._cached_quality()

    def _waiting(self) -> Iterable[Metric]:
        oldest = self._store.oldest_undelivered()
        age = 0.0 if oldest is None else max(0.0, (self._clock.now() - oldest).total_seconds())
        yield GaugeMetricFamily(
            "mirante_oldest_undelivered_notification_seconds",
            "Age of the oldest message on its way.",
            value=age,
        )
        receipts = GaugeMetricFamily("mirante_alert_receipts", "Payloads on file.", labels=["state"])
        for state in (ReceiptState.PENDING, ReceiptState.QUARANTINED):
            receipts.add_metric([state.value], self._store.count_receipts(state))
        yield receipts

    def _open(self) -> Iterable[Metric]:
        incidents = self._store.open_incidents()
        family = GaugeMetricFamily("mirante_incidents_open", "Open incidents.", labels=["severity"])
        for severity in Severity:
            count = sum(incident.severity is severity for incident in incidents)
            family.add_metric([severity.value], count)
        yield family

    def _cached_quality(self) -> list[Metric]:
        now = self._clock.monotonic()
        if self._quality_at is None or now - self._quality_at > REFRESH_SECONDS:
            self._quality = [*self._measure_quality(), *self._measure_response()]
            self._quality_at = now
        return self._quality

    def _measure_response(self) -> Iterable[Metric]:
        now = self._clock.now()
        return response_metrics(self._store.incidents(since=now - PERIOD, limit=ALL), now)

    def _measure_quality(self) -> Iterable[Metric]:
        noise = GaugeMetricFamily(
            "mirante_alert_noise_ratio",
            "Share of a rule's incidents of 30 days that paged and went away untouched.",
            labels=["rule"],
        )
        acknowledged = GaugeMetricFamily(
            "mirante_time_to_acknowledge_seconds", "Median over 30 days, by rule.", labels=["rule"]
        )
        resolved = GaugeMetricFamily(
            "mirante_time_to_resolve_seconds", "Median over 30 days, by rule.", labels=["rule"]
        )
        for row in alert_quality(self._store, self._clock.now() - PERIOD)[:100]:
            noise.add_metric([row.rule], row.noise_ratio)
            if row.time_to_acknowledge is not None:
                acknowledged.add_metric([row.rule], row.time_to_acknowledge.total_seconds())
            if row.time_to_resolve is not None:
                resolved.add_metric([row.rule], row.time_to_resolve.total_seconds())
        return (noise, acknowledged, resolved)
