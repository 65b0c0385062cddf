"""A span around every call of every port, and every port within reach of its store's faults.

Both walk the fields of the platform and the methods of their types, so a new port or method is met here.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Sequence
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any, get_type_hints

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from credit.domain.customer import CustomerProfile, Transaction
from credit.domain.decision import Decision
from credit.domain.disbursement import Order
from credit.domain.errors import DomainError, StoreUnavailable
from credit.domain.policy import Policy
from credit.ports.faults import Fault
from credit.ports.projections import HotItem, WideRow
from credit.ports.records import IdempotencyKey
from credit.ports.sagas import Phase, Saga, SagaState, StepState
from credit.ports.stream import DeadLetter, StreamRecord
from credit.usecases.load_policies import load_policies
from dataplatform.consistency.repair import RepairReport
from dataplatform.consistency.report import PairReport
from dataplatform.consistency.sides import SourceKey
from dataplatform.ingestion.processing_log import BatchOutcome
from dataplatform.observability.spans import spans
from dataplatform.observability.tracing import OpenTelemetryTracer
from dataplatform.profiles.data_platform import DataPlatform
from dataplatform.profiles.embedded import open_embedded
from dataplatform.resilience.faults import STORES, FaultBoard
from dataplatform.resilience.miss_on_failure import MissOnFailure
from foundation.clock import ManualClock
from tests.support.credit_samples import (
    NOON,
    a_decision,
    a_hot_item,
    a_key,
    a_profile,
    a_wide_row,
)

NO_PORTS = {"sealer", "breakers", "stores", "directory", "held"}  # they ask no store
SAGA = Saga("S-1", "disburse", b"{}", SagaState.OPEN, Phase.FORWARD, None, None, 1, 0, NOON)
SAMPLES: dict[Any, Any] = {
    str: "C-00001",
    str | None: None,
    int: 1,
    float: 1.0,
    bytes: b"{}",
    datetime: NOON,
    Random: Random(1),
    Sequence[str]: [],
    Sequence[int]: [],
    tuple[str, str] | None: None,
    tuple[str, int] | None: None,
    Sequence[tuple[str, bytes]]: [("C-00001", b"{}")],
    Decision: a_decision(),
    IdempotencyKey: a_key(),
    IdempotencyKey | None: None,
    CustomerProfile: a_profile(),
    Sequence[CustomerProfile]: [a_profile()],
    Sequence[Transaction]: [],
    Policy: load_policies().get().spec,
    Saga: SAGA,
    SagaState: SagaState.OPEN,
    StepState: StepState.DONE,
    Order: Order("D-1", 1, "C-00001", 100, 12, 100, 10, "portal"),
    HotItem: a_hot_item(),
    WideRow: a_wide_row(),
    DeadLetter: DeadLetter(StreamRecord("1", "C-00001", b"{}", NOON, 1), "poison", NOON),
    BatchOutcome: BatchOutcome("w", NOON, 0.1, "1", "1", 1, 0, 0, 0),
    PairReport: PairReport("relational-hot", NOON, 1, 1, 0, 0, 1.0, 0.95, ()),
    RepairReport | None: None,
    Sequence[SourceKey]: [],
}


@pytest.fixture
def board() -> FaultBoard:
    return FaultBoard()


@pytest.fixture
async def platform(tmp_path: Path, board: FaultBoard) -> AsyncIterator[DataPlatform]:
    opened = open_embedded(tmp_path / "m", ManualClock(NOON), board)
    yield opened
    await opened.close()


def methods() -> list[tuple[str, str]]:
    """Port and method, in the order of the fields."""
    types = get_type_hints(DataPlatform)
    ports = [field.name for field in fields(DataPlatform) if field.name not in NO_PORTS]
    return [(port, name) for port in ports for name in dir(types[port]) if not name.startswith("_")]


async def ask(platform: DataPlatform, port: str, name: str) -> Exception | None:
    """Call it with samples of what it takes; answers with the error that its port may raise, if it did."""
    declared = getattr(get_type_hints(DataPlatform)[port], name)
    hints = get_type_hints(declared, localns={"Order": Order})  # a port names it for the type checker alone
    parameters = [p for p in inspect.signature(declared).parameters.values() if p.name != "self"]
    arguments = [SAMPLES[hints[p.name]] for p in parameters if p.default is p.empty]
    try:
        await getattr(getattr(platform, port), name)(*arguments)
    except DomainError as error:
        return error
    return None


async def test_every_call_of_every_port_is_a_span(platform: DataPlatform) -> None:
    exporter = InMemorySpanExporter()
    tracer = OpenTelemetryTracer(SimpleSpanProcessor(exporter), role="api", environment="test")
    traced = platform.mapped(lambda store: spans(store, tracer))
    assert len(methods()) > 60
    unseen = []
    for port, name in methods():
        exporter.clear()
        await ask(traced, port, name)
        unseen += [f"{port}.{name}"] * ([s.name.split()[1] for s in exporter.get_finished_spans()] != [name])
    assert unseen == []


async def test_a_fault_of_a_store_reaches_each_call_of_each_of_its_ports_and_no_other(
    platform: DataPlatform, board: FaultBoard
) -> None:
    reached: dict[str, set[str]] = {}
    for store in STORES:
        board.set(store, Fault(error_ratio=1.0))
        hit = {(port, name) for port, name in methods() if await failed(platform, port, name)}
        board.clear(store)
        reached[store] = {port for port, _ in hit}
        assert hit == {(port, name) for port, name in methods() if port in reached[store]}
    assert reached == {
        "relational": {
            "decisions",
            "customers",
            "transactions",
            "policies",
            "outbox",
            "sagas",
            "disbursements",
            "audit",
            "comparison",
        },
        "hot": {"hot"},
        "wide": {"wide"},
        "cache": {"cache"},
        "stream": {"stream", "letters", "processing_log"},
    }


async def failed(platform: DataPlatform, port: str, name: str) -> bool:
    """Whether the fault came, or what became of it: a cache turns it into a miss, and counts it."""
    cache = platform.cache
    assert isinstance(cache, MissOnFailure)
    before = cache.failures
    error = await ask(platform, port, name)
    return cache.failures > before or (isinstance(error, StoreUnavailable) and "on purpose" in str(error))
