"""Projection: at least once, idempotent by version, nothing given up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from credit.domain.canonical import profile_bytes, profile_from_attributes
from credit.domain.cpf import synthetic_cpf
from credit.domain.customer import CustomerStatus
from credit.metrics import OUTBOX_DEPTH, PROJECTED_ROWS
from credit.ports.faults import Fault
from credit.ports.projections import Cache
from credit.usecases.cached_reads import PROFILES, packed
from credit.usecases.cached_records import remember_profile
from dataplatform.ingestion.projections import (
    content_digest,
    project_customer,
    project_decision,
    project_transaction,
)
from dataplatform.ingestion.projector import Projector
from dataplatform.observability.tracing import OpenTelemetryTracer
from dataplatform.profiles import workers
from tests.support.credit_samples import NOON, a_decision, a_profile, a_transaction
from tests.support.open_platform import OpenPlatform, opened
from tests.support.within_request import OTHER_REQUEST, REQUEST, within


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[OpenPlatform]:
    async with opened(tmp_path) as platform:
        yield platform


async def everything(bench: OpenPlatform) -> None:
    await bench.platform.customers.upsert(a_profile(1))
    await bench.platform.transactions.add_many([a_transaction(1)])
    await bench.platform.decisions.record(a_decision(1), None)


async def test_every_kind_reaches_hot_and_wide(bench: OpenPlatform) -> None:
    await everything(bench)
    assert await bench.projector.drain() == 3
    hot = {item.data_type: item for item in await bench.platform.hot.scan(10)}
    wide = [row.data_type for row in await bench.platform.wide.scan(10)]
    decision_id = a_decision(1).decision_id
    assert set(hot) == {f"DECISION#{decision_id}", "PROFILE", "TXN#20260302120100000000#T-00001"}
    assert wide == [
        "CUSTOMER_PROFILE",
        f"DECISION#20260302120001000000#{decision_id}",
        "TRANSACTION#20260302120100000000#T-00001",
    ]
    assert profile_from_attributes(hot["PROFILE"].attributes) == a_profile(1)
    assert all(item.digest == content_digest(item.attributes) for item in hot.values())
    assert bench.telemetry.counted(PROJECTED_ROWS, store="hot", outcome="ok") == 3
    assert bench.telemetry.counted(PROJECTED_ROWS, store="wide", outcome="ok") == 3
    assert bench.telemetry.gauges[OUTBOX_DEPTH.name, ()] == 0.0


async def test_a_change_is_written_through_to_the_cache(bench: OpenPlatform) -> None:
    await bench.platform.cache.set(PROFILES.key("C-00001"), b"old", 300.0)
    await bench.platform.customers.upsert(a_profile(1, version=2))
    await bench.projector.drain()
    assert await bench.platform.cache.get(PROFILES.key("C-00001")) == packed(
        profile_bytes(a_profile(1, version=2))
    )


async def test_a_customer_who_is_blocked_leaves_the_cache(bench: OpenPlatform) -> None:
    await bench.platform.customers.upsert(a_profile(1))
    await bench.projector.drain()
    await bench.platform.customers.upsert(a_profile(1, version=2, status=CustomerStatus.BLOCKED))
    await bench.projector.drain()
    assert await bench.platform.cache.get(PROFILES.key("C-00001")) is None


class Overtaken:
    """A cache so slow to set that another projector has written the next version before it does."""

    def __init__(self, bench: OpenPlatform) -> None:
        self._cache, self._hot = bench.platform.cache, bench.platform.hot

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cache, name)

    async def set(self, key: str, value: bytes, ttl_seconds: float) -> None:
        newer = a_profile(1, version=2)
        await self._hot.put_if_newer(project_customer(newer).hot)
        await remember_profile(self._cache, newer)
        await self._cache.set(key, value, ttl_seconds)


async def test_a_version_that_was_passed_on_the_way_to_the_cache_is_forgotten(bench: OpenPlatform) -> None:
    await bench.platform.customers.upsert(a_profile(1))
    late = Projector(
        outbox=bench.platform.outbox,
        hot=bench.platform.hot,
        wide=bench.platform.wide,
        cache=cast(Cache, Overtaken(bench)),
        telemetry=bench.telemetry,
    )
    await late.drain()
    assert await bench.platform.cache.get(PROFILES.key("C-00001")) is None


async def test_several_versions_in_one_batch_leave_the_newest(bench: OpenPlatform) -> None:
    for version in (1, 2, 3):
        await bench.platform.customers.upsert(a_profile(1, version=version))
    await bench.projector.drain()
    item = await bench.platform.hot.get("C-00001", "PROFILE")
    assert item is not None
    assert item.version == 3


async def test_a_row_projected_twice_changes_nothing(bench: OpenPlatform) -> None:
    await everything(bench)
    rows = await bench.platform.outbox.claim("dying", 10, 1.0)
    assert len(rows) == 3
    await bench.projector.drain()
    bench.clock.advance(timedelta(seconds=2))
    await bench.projector.drain()
    before = await bench.platform.hot.scan(10)
    assert bench.telemetry.counted(PROJECTED_ROWS, store="hot", outcome="ok") == 3
    assert len(before) == 3


@pytest.mark.parametrize("store", ["hot", "wide"])
async def test_a_store_that_is_down_keeps_its_rows_waiting(bench: OpenPlatform, store: str) -> None:
    await everything(bench)
    bench.faults.set(store, Fault(error_ratio=1.0))
    for _ in range(3):
        assert await bench.projector.run_once() == 0
    assert await bench.platform.outbox.depth() == 3
    assert bench.telemetry.counted(PROJECTED_ROWS, store=store, outcome="failed") >= 3
    bench.faults.clear(store)
    bench.clock.advance(timedelta(seconds=60))
    assert await bench.projector.drain() == 3
    assert len(await bench.platform.hot.scan(10)) == len(await bench.platform.wide.scan(10)) == 3


def tracing(bench: OpenPlatform) -> tuple[Projector, InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    tracer = OpenTelemetryTracer(SimpleSpanProcessor(exporter), role="ingest", environment="test")
    return workers.projector(bench.platform, bench.telemetry, tracer), exporter


def parents(exporter: InMemorySpanExporter) -> dict[object, tuple[str, str]]:
    """By kind of row: trace and parent of the span that it was written in."""
    found: dict[object, tuple[str, str]] = {}
    for span in exporter.get_finished_spans():
        assert span.name == "project row"
        assert span.parent is not None
        assert span.attributes is not None
        name = f"{span.parent.trace_id:032x}", f"{span.parent.span_id:016x}"
        found[span.attributes["kind"]] = name
    return found


async def test_every_row_is_written_in_the_trace_of_the_request_that_sent_its_record(
    bench: OpenPlatform,
) -> None:
    data = {"customer_id": "C-1", "cpf": synthetic_cpf(7, 1), "monthly_income_cents": 1}
    with within(REQUEST):
        await bench.producer.send([{"kind": "customer", "data": data}])
    data = {"transaction_id": "T-1", "customer_id": "C-1", "amount_cents": 1, "kind": "PURCHASE"}
    with within(OTHER_REQUEST):
        await bench.producer.send([{"kind": "transaction", "data": data}])
    assert await bench.worker.run_once() == 2
    projector, exporter = tracing(bench)
    assert await projector.run_once() == 2
    assert parents(exporter) == {
        "customer": (REQUEST.trace_id, REQUEST.span_id),
        "transaction": (OTHER_REQUEST.trace_id, OTHER_REQUEST.span_id),
    }


async def test_a_row_that_could_not_be_written_failed_in_its_trace_and_keeps_it(bench: OpenPlatform) -> None:
    with within(REQUEST):
        await bench.platform.customers.upsert(a_profile(1))
    projector, exporter = tracing(bench)
    bench.faults.set("hot", Fault(error_ratio=1.0))
    assert await projector.run_once() == 0
    bench.faults.clear("hot")
    bench.clock.advance(timedelta(seconds=60))
    assert await projector.drain() == 1
    failed, written = exporter.get_finished_spans()
    assert (failed.status.status_code, written.status.status_code) == (StatusCode.ERROR, StatusCode.UNSET)
    assert parents(exporter) == {"customer": (REQUEST.trace_id, REQUEST.span_id)}


async def test_a_worker_killed_midway_leaves_its_rows_to_the_next_start(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await everything(bench)
        assert len(await bench.platform.outbox.claim("killed", 10, 1e9)) == 3
    async with opened(tmp_path) as bench:
        assert await bench.projector.drain() == 3


def test_only_pending_transactions_are_temporary() -> None:
    pending = project_transaction(a_transaction(1, status="PENDING"))
    assert (
        pending.hot.expires_at == pending.wide.expires_at == a_transaction(1).created_at + timedelta(days=30)
    )
    assert project_transaction(a_transaction(1)).wide.expires_at is None


def test_a_projected_decision_says_what_was_decided_and_nothing_of_the_client() -> None:
    attributes = project_decision(replace(a_decision(1), decided_at=NOON)).hot.attributes
    assert attributes["outcome"] == "APPROVE"
    assert attributes["reasons"] == "WITHIN_LIMITS"
    assert "client_id" not in attributes
