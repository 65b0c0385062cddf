from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest

from credit.metrics import (
    AUTH_FAILURES,
    DECISION_DURATION,
    DECISION_REQUESTS,
    INGEST_DURATION,
    INGEST_LAG,
    METRICS,
)
from dataplatform.observability.telemetry import PrometheusTelemetry
from foundation.clock import ManualClock
from foundation.count_journal import CounterIncrement
from foundation.metrics import PROBES, MetricKind, MetricSpec
from slo.model.errors import LedgerError
from tests.support.memory_counts import MemoryCountJournal

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DURATION = "credit_decision_duration_seconds"


class Journal(MemoryCountJournal):
    """Counts its transactions, and fails while it is ``full``."""

    def __init__(self, clock: ManualClock) -> None:
        self.full = False
        self.transactions: list[Sequence[CounterIncrement]] = []
        super().__init__("api-1", clock)

    def add(self, increments: Sequence[CounterIncrement]) -> None:
        if self.full:
            raise LedgerError("no space left on device")
        self.transactions.append(increments)
        super().add(increments)


class Process:
    def __init__(self) -> None:
        self.clock = ManualClock(NOON)
        self.registry = CollectorRegistry()
        self.journal = Journal(self.clock)
        self.telemetry = PrometheusTelemetry(self.registry, self.journal)

    def sample(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, labels)

    def on_file(self, name: str, **labels: str) -> int:
        wanted = (name, tuple(sorted(labels.items())))
        return sum(value for (_, counter), value in self.journal.counts.items() if counter == wanted)


def levels(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Of what the telemetry itself logged: other threads of this process may log at any time."""
    ours = (record for record in caplog.records if record.name == "mirante.telemetry")
    return [record.levelname for record in ours]


@pytest.fixture
def process() -> Process:
    return Process()


def test_a_journalled_count_is_on_file_when_the_call_returns(process: Process) -> None:
    process.telemetry.count(DECISION_REQUESTS, outcome="ok")
    process.telemetry.count(DECISION_REQUESTS, 3, outcome="ok")
    assert process.on_file(DECISION_REQUESTS.name, outcome="ok") == 4
    assert process.sample(DECISION_REQUESTS.name, outcome="ok") == 4


def test_other_counts_stay_out_of_the_journal(process: Process) -> None:
    process.telemetry.count(AUTH_FAILURES, reason="no_key")
    process.telemetry.observe(INGEST_DURATION, 0.1)
    process.telemetry.set(INGEST_LAG, 4.5)
    assert process.journal.transactions == []
    assert process.sample(AUTH_FAILURES.name, reason="no_key") == 1
    assert process.sample(INGEST_LAG.name) == 4.5


@given(
    st.lists(st.floats(min_value=0, max_value=10) | st.sampled_from(DECISION_DURATION.buckets), max_size=30)
)
def test_the_journal_holds_exactly_the_buckets_that_metrics_shows(durations: list[float]) -> None:
    process = Process()
    for seconds in durations:
        process.telemetry.observe(DECISION_DURATION, seconds, outcome="ok")
    shown = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in process.registry.collect()
        for sample in family.samples
        if sample.name.startswith(DURATION) and not sample.name.endswith("_sum") and sample.value
    }
    filed: dict[object, int] = {}
    for (_, counter), value in process.journal.counts.items():
        filed[counter] = filed.get(counter, 0) + value
    assert filed == shown


def test_a_value_on_the_edge_belongs_to_its_bucket(process: Process) -> None:
    process.telemetry.observe(DECISION_DURATION, 0.2, outcome="ok")
    process.telemetry.observe(DECISION_DURATION, 0.2000001, outcome="ok")
    assert process.on_file(f"{DURATION}_bucket", outcome="ok", le="0.2") == 1
    assert process.on_file(f"{DURATION}_bucket", outcome="ok", le="0.3") == 2
    assert process.on_file(f"{DURATION}_bucket", outcome="ok", le="1.0") == 2
    assert process.on_file(f"{DURATION}_bucket", outcome="ok", le="+Inf") == 2
    assert process.on_file(f"{DURATION}_count", outcome="ok") == 2


def test_one_observation_is_one_transaction(process: Process) -> None:
    process.telemetry.observe(DECISION_DURATION, 0.001, outcome="ok")
    assert len(process.journal.transactions) == 1


async def test_a_batch_writes_nothing_until_it_ends_and_all_of_it_then(process: Process) -> None:
    async with process.telemetry.batch():
        process.telemetry.count(DECISION_REQUESTS, outcome="ok")
        process.telemetry.observe(DECISION_DURATION, 0.01, outcome="ok")
        assert process.journal.transactions == []
    assert len(process.journal.transactions) == 1
    assert process.on_file(DECISION_REQUESTS.name, outcome="ok") == 1
    assert process.on_file(f"{DURATION}_count", outcome="ok") == 1


async def test_a_batch_is_written_even_when_its_request_fails(process: Process) -> None:
    async def request() -> None:
        async with process.telemetry.batch():
            process.telemetry.count(DECISION_REQUESTS, outcome="error")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await request()
    assert process.on_file(DECISION_REQUESTS.name, outcome="error") == 1


async def test_batches_of_two_requests_do_not_mix(process: Process) -> None:
    first_done = asyncio.Event()

    async def first() -> None:
        async with process.telemetry.batch():
            process.telemetry.count(DECISION_REQUESTS, outcome="ok")
        assert process.on_file(DECISION_REQUESTS.name, outcome="ok") == 1
        assert process.on_file(DECISION_REQUESTS.name, outcome="error") == 0
        first_done.set()

    async def second() -> None:
        async with process.telemetry.batch():
            process.telemetry.count(DECISION_REQUESTS, outcome="error")
            await first_done.wait()
        assert process.on_file(DECISION_REQUESTS.name, outcome="error") == 1

    await asyncio.gather(first(), second())


async def test_requests_that_end_in_the_same_turn_share_a_transaction(process: Process) -> None:
    async def request() -> None:
        async with process.telemetry.batch():
            process.telemetry.count(DECISION_REQUESTS, outcome="ok")
        assert process.on_file(DECISION_REQUESTS.name, outcome="ok") == 50

    await asyncio.gather(*(request() for _ in range(50)))
    assert len(process.journal.transactions) == 1


async def test_a_request_cancelled_while_it_waits_loses_no_count_of_others(process: Process) -> None:
    async def request() -> None:
        async with process.telemetry.batch():
            process.telemetry.count(DECISION_REQUESTS, outcome="ok")

    tasks = [asyncio.create_task(request()) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert tasks[1].cancelled()
    assert process.on_file(DECISION_REQUESTS.name, outcome="ok") == 3


def test_a_full_disk_fails_nobody_and_loses_nothing(
    process: Process, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("WARNING", logger="mirante.telemetry")
    process.journal.full = True
    for _ in range(3):
        process.telemetry.count(DECISION_REQUESTS, outcome="ok")
    assert not process.telemetry.counting
    assert process.sample("mirante_count_journal_failures_total") == 3
    assert process.sample("mirante_count_journal_pending_increments") == 3
    assert levels(caplog) == ["ERROR"]  # once, not per request

    process.journal.full = False
    process.clock.advance(timedelta(minutes=2))
    process.telemetry.count(DECISION_REQUESTS, outcome="ok")
    assert process.telemetry.counting
    assert process.on_file(DECISION_REQUESTS.name, outcome="ok") == 4
    assert process.sample("mirante_count_journal_pending_increments") == 0
    assert levels(caplog) == ["ERROR", "WARNING"]


def test_a_declared_series_is_zero_and_not_absent(process: Process) -> None:
    process.telemetry.declare(DECISION_REQUESTS, outcome="ok")
    process.telemetry.declare(DECISION_DURATION, outcome="ok")
    assert process.sample(DECISION_REQUESTS.name, outcome="ok") == 0
    assert process.sample(f"{DURATION}_count", outcome="ok") == 0
    names = {name for _, (name, _) in process.journal.counts}
    assert names == {DECISION_REQUESTS.name, f"{DURATION}_count", f"{DURATION}_bucket"}
    assert set(process.journal.counts.values()) == {0}


def test_it_works_without_a_journal() -> None:
    telemetry = PrometheusTelemetry(CollectorRegistry())
    telemetry.count(PROBES, target="decision-api", result="ok")
    telemetry.observe(DECISION_DURATION, 0.1, outcome="ok")
    assert telemetry.counting


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_every_declared_metric_can_be_used_and_is_exposed(process: Process, metric: MetricSpec) -> None:
    labels = dict.fromkeys(metric.labels, "x")
    if metric.kind is MetricKind.COUNTER:
        process.telemetry.count(metric, **labels)
    elif metric.kind is MetricKind.GAUGE:
        process.telemetry.set(metric, 1.0, **labels)
    else:
        process.telemetry.observe(metric, 0.1, **labels)
    exposed = generate_latest(process.registry).decode()
    suffix = "_count" if metric.kind is MetricKind.HISTOGRAM else ""
    assert f"\n{metric.name}{suffix}" in exposed
    assert bool(process.journal.transactions) is metric.journalled
