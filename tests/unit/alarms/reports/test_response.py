from __future__ import annotations

from datetime import timedelta

from prometheus_client import CollectorRegistry
from prometheus_client.registry import Collector

from alarms.model.source import AskedState, SourceReport
from alarms.reports import response
from alarms.reports.metrics import AlertsReceived, RouterMetrics
from tests.support.alerts import burn_alert
from tests.support.router import Scene

MINUTE = timedelta(minutes=1)


def exposed(*collectors: Collector) -> CollectorRegistry:
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)
    return registry


def test_incidents_of_the_month_and_the_time_people_took_are_exposed() -> None:
    scene = Scene()
    incident = scene.receive(burn_alert())
    scene.clock.advance(3 * MINUTE)
    scene.router.acknowledge(incident.id, "ana")
    registry = exposed(RouterMetrics(scene.store, scene.clock))
    p1 = {"severity": "P1"}
    assert registry.get_sample_value("mirante_incidents_30d", p1) == 1
    assert registry.get_sample_value("mirante_incidents_30d", {"severity": "P2"}) == 0
    assert registry.get_sample_value("mirante_incident_acknowledge_mean_seconds", p1) == 180
    assert registry.get_sample_value("mirante_incident_resolve_mean_seconds", p1) is None
    scene.close()


def test_an_incident_older_than_the_period_is_counted_no_more() -> None:
    scene = Scene()
    scene.receive(burn_alert())
    scene.clock.advance(response.PERIOD + MINUTE)
    registry = exposed(RouterMetrics(scene.store, scene.clock))
    assert registry.get_sample_value("mirante_incidents_30d", {"severity": "P1"}) == 0
    scene.close()


def test_the_declared_table_says_exactly_what_the_router_exposes() -> None:
    scene = Scene()
    incident = scene.receive(burn_alert())
    metrics = RouterMetrics(scene.store, scene.clock)
    received = AlertsReceived()
    received.count("evaluator")
    now = scene.clock.now()
    with scene.store.transaction() as tx:
        tx.save_source_report(SourceReport("prometheus http://p", now, AskedState.ANSWERS, now))
    for delivery in scene.store.deliveries():
        metrics.delivered(delivery)
    scene.clock.advance(MINUTE)
    scene.router.acknowledge(incident.id, "ana")
    scene.router.resolve(incident.id, "ana")
    samples = {
        sample.name: frozenset(sample.labels)
        for family in exposed(metrics, received).collect()
        for sample in family.samples
        if not sample.name.endswith("_created")
    }
    assert samples == {spec.name: frozenset(spec.labels) for spec in response.METRICS}
    scene.close()
