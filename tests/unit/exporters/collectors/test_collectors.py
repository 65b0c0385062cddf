from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric

from exporters.collectors import declared
from exporters.collectors.budget_drift import BudgetDriftCollector
from exporters.collectors.consistency_index import ConsistencyIndexCollector, PairReading
from exporters.collectors.sampler import SaturationSampler
from exporters.collectors.saturation import SaturationCollector
from exporters.collectors.server_probe import Growth, ServerReading
from exporters.collectors.slo_status import SloStatusCollector
from exporters.server import build_registry
from foundation.clock import ManualClock
from slo.judge.status import ObjectiveStatus, status
from tests.support.drifts import drifted
from tests.support.memory_ledger import MemoryLedger
from tests.support.patience import patience
from tests.support.slo_samples import an_slo, steady

START = datetime(2026, 1, 1, tzinfo=UTC)


class Readings:
    def __init__(self, *readings: PairReading) -> None:
        self._readings = readings

    def readings(self) -> Sequence[PairReading]:
        return self._readings


def registry_of(*collectors: object) -> CollectorRegistry:
    return build_registry("test", collectors)  # type: ignore[arg-type]


def test_the_index_its_bound_and_its_age_are_exposed_per_pair() -> None:
    clock = ManualClock(START + timedelta(seconds=90))
    reading = PairReading("relational/hot", 1000, 1, 0.999, 0.995, 0.95, START)
    registry = registry_of(ConsistencyIndexCollector(Readings(reading), clock))
    pair = {"pair": "relational/hot"}
    assert registry.get_sample_value("data_consistency_index_ratio", pair) == 0.999
    assert registry.get_sample_value("data_consistency_index_lower_bound_ratio", pair) == 0.995
    assert registry.get_sample_value("data_consistency_reading_age_seconds", pair) == 90.0


def test_a_reading_tells_classes_coverage_repairs_and_patterns() -> None:
    clock = ManualClock(START + timedelta(seconds=90))
    reading = PairReading(
        "p",
        1000,
        3,
        0.997,
        0.995,
        0.95,
        START,
        by_class={"stale": 3, "orphan": 0},
        in_flight=2,
        coverage_ratio=1.0,
        covered_since=START - timedelta(seconds=10),
        repaired=7,
        repairs_refused=1,
        patterns={"one_class": True, "lasting": False},
    )
    value = registry_of(ConsistencyIndexCollector(Readings(reading), clock)).get_sample_value
    assert value("data_consistency_different_records", {"pair": "p", "class": "stale"}) == 3
    assert value("data_consistency_different_records", {"pair": "p", "class": "orphan"}) == 0
    assert value("data_consistency_in_flight_records", {"pair": "p"}) == 2
    assert value("data_consistency_coverage_ratio", {"pair": "p"}) == 1.0
    assert value("data_consistency_oldest_unchecked_seconds", {"pair": "p"}) == 100.0
    assert value("data_consistency_repaired_records", {"pair": "p"}) == 7
    assert value("data_consistency_repairs_refused", {"pair": "p"}) == 1
    assert value("data_consistency_anomaly", {"pair": "p", "pattern": "one_class"}) == 1.0
    assert value("data_consistency_anomaly", {"pair": "p", "pattern": "lasting"}) == 0.0


def test_an_unknown_index_is_an_absent_series_and_never_one() -> None:
    reading = PairReading("relational/wide", 0, 0, None, None, 0.95, START)
    registry = registry_of(ConsistencyIndexCollector(Readings(reading), ManualClock(START)))
    pair = {"pair": "relational/wide"}
    assert registry.get_sample_value("data_consistency_index_ratio", pair) is None
    assert registry.get_sample_value("data_consistency_index_lower_bound_ratio", pair) is None
    assert registry.get_sample_value("data_consistency_reading_age_seconds", pair) == 0.0


class Scripted:
    """A probe that answers from a script; an ``OSError`` in it is raised."""

    def __init__(self, resource: str, *answers: float | OSError | None) -> None:
        self.component = "api"
        self.resource = resource
        self._answers = iter(answers)

    def measure(self) -> float | None:
        answer = next(self._answers)
        if isinstance(answer, OSError):
            raise answer
        return answer


def test_a_reading_that_grew_old_is_absent_instead_of_repeated() -> None:
    clock = ManualClock(START)
    sampler = SaturationSampler([Scripted("cpu", 0.4)], clock)
    registry = registry_of(SaturationCollector(sampler, max_age_seconds=30))
    labels = {"component": "api", "resource": "cpu"}
    assert registry.get_sample_value("component_saturation_ratio", labels) is None
    sampler.sample()
    clock.advance(timedelta(seconds=30))
    assert registry.get_sample_value("component_saturation_ratio", labels) == 0.4
    assert registry.get_sample_value("component_saturation_reading_age_seconds", labels) == 30
    clock.advance(timedelta(seconds=1))
    assert registry.get_sample_value("component_saturation_ratio", labels) is None


def test_one_failing_probe_is_counted_and_does_not_hide_the_others() -> None:
    clock = ManualClock(START)
    broken = Scripted("disk", OSError("gone"), OSError("gone"))
    sampler = SaturationSampler([broken, Scripted("cpu", 0.1, 0.2), Scripted("memory", None, None)], clock)
    registry = registry_of(SaturationCollector(sampler))
    sampler.sample()
    sampler.sample()
    failures = "component_saturation_probe_failures_total"
    assert registry.get_sample_value(failures, {"component": "api", "resource": "disk"}) == 2
    assert registry.get_sample_value(failures, {"component": "api", "resource": "cpu"}) == 0
    cpu = {"component": "api", "resource": "cpu"}
    assert registry.get_sample_value("component_saturation_ratio", cpu) == 0.2
    memory = {"component": "api", "resource": "memory"}
    assert registry.get_sample_value("component_saturation_ratio", memory) is None


class ScriptedServer:
    """A server probe that answers from a script."""

    component = "redis"
    resources = ("memory", "clients")
    events = ("evictions",)
    every_seconds = 5.0
    lasts_seconds = 60.0

    def __init__(self, *answers: ServerReading | Exception) -> None:
        self._answers = iter(answers)

    def read(self) -> ServerReading:
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer


FULL = ServerReading({"memory": 1.0, "clients": 0.5}, grown={"evictions": 3})
MEMORY = {"component": "redis", "resource": "memory"}
EVICTIONS = {"component": "redis", "event": "evictions"}


def test_a_server_answers_for_several_resources_and_its_events_add_up() -> None:
    sampler = SaturationSampler([], ManualClock(START), servers=[ScriptedServer(FULL, FULL)])
    value = registry_of(SaturationCollector(sampler)).get_sample_value
    assert value("component_pressure_events_total", EVICTIONS) == 0
    sampler.sample()
    sampler.sample()
    assert value("component_saturation_ratio", MEMORY) == 1.0
    assert value("component_saturation_ratio", MEMORY | {"resource": "clients"}) == 0.5
    assert value("component_pressure_events_total", EVICTIONS) == 6


def test_a_dead_server_is_absent_its_age_grows_and_every_resource_counts_as_failed() -> None:
    clock = ManualClock(START)
    server = ScriptedServer(FULL, OSError("refused"), ValueError("nonsense"))
    sampler = SaturationSampler([Scripted("cpu", 0.3, 0.3, 0.3)], clock, servers=[server])
    value = registry_of(SaturationCollector(sampler)).get_sample_value
    sampler.sample()
    clock.advance(timedelta(seconds=61))
    sampler.sample()
    sampler.sample()
    assert value("component_saturation_ratio", MEMORY) is None
    assert value("component_saturation_reading_age_seconds", MEMORY) == 61
    assert value("component_saturation_probe_failures_total", MEMORY) == 2
    assert value("component_saturation_ratio", {"component": "api", "resource": "cpu"}) == 0.3


def test_one_resource_that_cannot_be_read_does_not_hide_the_servers_others() -> None:
    partly = ServerReading({"clients": 0.5}, unread={"memory": "not allowed"})
    sampler = SaturationSampler([], ManualClock(START), servers=[ScriptedServer(partly)])
    value = registry_of(SaturationCollector(sampler)).get_sample_value
    sampler.sample()
    assert value("component_saturation_ratio", MEMORY) is None
    assert value("component_saturation_probe_failures_total", MEMORY) == 1
    assert value("component_saturation_ratio", MEMORY | {"resource": "clients"}) == 0.5


def test_an_answer_that_was_old_already_is_shown_with_its_whole_age() -> None:
    clock = ManualClock(START)
    old = ServerReading({"memory": 0.7}, age_seconds={"memory": 45})
    sampler = SaturationSampler([], clock, servers=[ScriptedServer(old)])
    value = registry_of(SaturationCollector(sampler)).get_sample_value
    sampler.sample()
    clock.advance(timedelta(seconds=10))
    assert value("component_saturation_reading_age_seconds", MEMORY) == 55
    assert value("component_saturation_ratio", MEMORY) == 0.7
    clock.advance(timedelta(seconds=6))
    assert value("component_saturation_ratio", MEMORY) is None


def test_counters_of_a_server_that_began_anew_count_from_zero_and_the_past_is_not_counted() -> None:
    growth = Growth()
    assert growth.since_last({"evictions": 900}) == {}
    assert growth.since_last({"evictions": 905}) == {"evictions": 5}
    assert growth.since_last({"evictions": 2}) == {"evictions": 2}


class Blocking:
    component = "api"
    resource = "disk"

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.release = threading.Event()

    def measure(self) -> float | None:
        self.entered.set()
        self.release.wait(patience(10))
        return 0.9


def test_a_scrape_never_waits_for_a_probe_that_hangs() -> None:
    probe = Blocking()
    sampler = SaturationSampler([Scripted("cpu", 0.3), probe], ManualClock(START))
    registry = registry_of(SaturationCollector(sampler))
    sampler.start()
    try:
        assert probe.entered.wait(patience(10))
        before = time.monotonic()
        cpu = {"component": "api", "resource": "cpu"}
        assert registry.get_sample_value("component_saturation_ratio", cpu) == 0.3
        assert time.monotonic() - before < patience(1)
    finally:
        probe.release.set()
        sampler.stop()


def judged() -> Sequence[ObjectiveStatus]:
    """One objective with an hour of counts."""
    slo, ledger = an_slo(), MemoryLedger()
    ledger.write(steady(slo, START - timedelta(hours=1), START, 9, 10))
    return status([slo], ledger, "test", START)


class Failing:
    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("half_a_scrape", "must not appear", value=1)
        raise RuntimeError("the source is gone")


def test_a_failing_collector_costs_only_its_own_series(caplog: pytest.LogCaptureFixture) -> None:
    registry = registry_of(Failing(), SloStatusCollector(judged))
    (own,) = judged()
    labels = {"environment": "test", "service": "shop", "slo": own.slo.id, "objective": "main", "group": ""}
    assert registry.get_sample_value("slo_has_data", labels) == 1
    assert registry.get_sample_value("half_a_scrape") is None
    errors = registry.get_sample_value("exporter_collect_errors_total", {"collector": "Failing"})
    assert errors is not None
    assert errors >= 1
    assert "the source is gone" in caplog.text


def test_the_declared_table_says_exactly_what_is_exposed_names_and_labels() -> None:
    clock = ManualClock(START)
    sampler = SaturationSampler([Scripted("cpu", 0.4)], clock, servers=[ScriptedServer(FULL)])
    sampler.sample()
    reading = PairReading(
        "relational/hot",
        1000,
        1,
        0.999,
        0.995,
        0.95,
        START,
        by_class={"stale": 1},
        coverage_ratio=0.5,
        covered_since=START,
        patterns={"one_class": False},
    )
    registry = registry_of(
        ConsistencyIndexCollector(Readings(reading), clock),
        SaturationCollector(sampler),
        SloStatusCollector(judged),
        BudgetDriftCollector(lambda: [drifted()]),
    )
    exposed = {
        sample.name: frozenset(sample.labels) for family in registry.collect() for sample in family.samples
    }
    assert exposed == {spec.name: frozenset(spec.labels) for spec in declared.METRICS}
