"""Every storage port of one adapter family on one manual clock, for the contract suites."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from credit.ports.projections import Cache, HotStore, WideStore
from credit.ports.records import (
    AuditTrail,
    CustomerRecords,
    DecisionRecords,
    Outbox,
    PolicyRecords,
    TransactionRecords,
)
from credit.ports.sagas import DisbursementRecords, SagaLog
from credit.ports.stream import Stream
from dataplatform.consistency.sides import ComparisonSource
from dataplatform.directory import prepare_directory
from dataplatform.ingestion.processing_log import ProcessingLog
from dataplatform.profiles.audited import open_relational
from dataplatform.profiles.data_platform import DataPlatform
from dataplatform.profiles.embedded import open_embedded
from dataplatform.schemas import projections, stream
from dataplatform.stores.cassandra.wide import CassandraWideStore
from dataplatform.stores.memory_cache import MemoryCache
from dataplatform.stores.mysql.relational import open_mysql_relational
from dataplatform.stores.relational.processing_log import SqlProcessingLog
from dataplatform.stores.relational.store import RelationalStore
from dataplatform.stores.sqlite.database import Database
from dataplatform.stores.sqlite.hot import SqliteHotStore
from dataplatform.stores.sqlite.relational import SqliteRelational
from dataplatform.stores.sqlite.stream import SqliteStream
from dataplatform.stores.sqlite.wide import SqliteWideStore
from foundation.clock import ManualClock
from tests.support.aws_emulator import needs_emulator
from tests.support.credit_samples import NOON
from tests.support.dynamodb import a_hot_store
from tests.support.in_memory import InMemory
from tests.support.local_servers import (
    empty_cassandra,
    fresh_mysql,
    needs_cassandra,
    needs_mariadb,
    needs_redis,
)
from tests.support.redis_cache import a_redis_cache

ADAPTERS = ("sqlite", "embedded")  # embedded: sqlite behind faults, breakers and the sealed stream
RELATIONAL_ADAPTERS = (*ADAPTERS, pytest.param("mariadb", marks=needs_mariadb))
WIDE_ADAPTERS = (*ADAPTERS, pytest.param("cassandra", marks=needs_cassandra))
HOT_ADAPTERS = (*ADAPTERS, pytest.param("dynamodb", marks=needs_emulator))
CACHE_ADAPTERS = ("memory", "embedded", pytest.param("redis", marks=needs_redis))
CACHE_ENTRIES = 5


@dataclass
class Bench:
    """The ports of one family; ``memory`` is there when they are in memory, for broken adapters to share."""

    clock: ManualClock
    decisions: DecisionRecords
    customers: CustomerRecords
    transactions: TransactionRecords
    policies: PolicyRecords
    outbox: Outbox
    sagas: SagaLog
    disbursements: DisbursementRecords
    audit: AuditTrail
    hot: HotStore
    wide: WideStore
    cache: Cache
    stream: Stream
    log: ProcessingLog
    comparison: ComparisonSource
    memory: InMemory[ManualClock] | None = None


def memory_bench() -> Bench:
    memory = InMemory(ManualClock(NOON), CACHE_ENTRIES)
    return _beside(memory, memory.relational, memory.log)


def _beside(memory: InMemory[ManualClock], relational: RelationalStore, log: ProcessingLog) -> Bench:
    """Relational ports of any database, the others in memory."""
    bench = _bench(memory.clock, relational, memory.hot, memory.wide, memory.cache, memory.stream, log)
    bench.memory = memory
    return bench


def _bench(
    clock: ManualClock,
    relational: RelationalStore | DataPlatform,
    hot: HotStore,
    wide: WideStore,
    cache: Cache,
    stream: Stream,
    log: ProcessingLog,
) -> Bench:
    return Bench(
        clock=clock,
        decisions=relational.decisions,
        customers=relational.customers,
        transactions=relational.transactions,
        policies=relational.policies,
        outbox=relational.outbox,
        sagas=relational.sagas,
        disbursements=relational.disbursements,
        audit=relational.audit,
        comparison=relational.comparison,
        hot=hot,
        wide=wide,
        cache=cache,
        stream=stream,
        log=log,
    )


@asynccontextmanager
async def sqlite_bench(folder: Path) -> AsyncIterator[Bench]:
    clock = ManualClock(NOON)
    root = folder / "store"
    prepare_directory(root)
    with ExitStack() as undo:
        relational = open_relational(root, clock, undo)
        hot = Database(root / "hot.sqlite", "hot", projections.HOT_RUNGS)
        wide = Database(root / "wide.sqlite", "wide", projections.WIDE_RUNGS)
        queue = Database(root / "stream.sqlite", "stream", stream.RUNGS)
        yield _bench(
            clock,
            RelationalStore(SqliteRelational(relational), clock),
            SqliteHotStore(hot, clock),
            SqliteWideStore(wide, clock),
            MemoryCache(clock),
            SqliteStream(queue, clock),
            SqlProcessingLog(SqliteRelational(queue)),
        )
        for database in (relational, hot, wide, queue):
            await database.close()


@asynccontextmanager
async def embedded_bench(folder: Path) -> AsyncIterator[Bench]:
    clock = ManualClock(NOON)
    platform = open_embedded(folder / "store", clock)
    try:
        yield _bench(
            clock,
            platform,
            platform.hot,
            platform.wide,
            platform.cache,
            platform.stream,
            platform.processing_log,
        )
    finally:
        await platform.close()


@asynccontextmanager
async def mariadb_bench() -> AsyncIterator[Bench]:
    """The relational ports on a real server, its address taken for both endpoints; the others in memory."""
    address, memory = fresh_mysql(), InMemory(ManualClock(NOON))
    opened = open_mysql_relational(address, address, memory.clock)
    try:
        yield _beside(memory, opened, SqlProcessingLog(opened.database))
    finally:
        await opened.close()


@asynccontextmanager
async def cassandra_bench() -> AsyncIterator[Bench]:
    """The wide port on a real server; the others in memory."""
    bench = memory_bench()
    bench.wide = CassandraWideStore(empty_cassandra(), bench.clock)
    yield bench


@asynccontextmanager
async def dynamodb_bench() -> AsyncIterator[Bench]:
    """Hot data on a real server; the others in memory."""
    bench = memory_bench()
    async with a_hot_store(bench.clock) as bench.hot:
        yield bench


@asynccontextmanager
async def redis_bench() -> AsyncIterator[Bench]:
    """The cache on a real server; the others in memory."""
    bench = memory_bench()
    async with a_redis_cache(bench.clock) as bench.cache:
        yield bench


@asynccontextmanager
async def open_bench(adapter: str, folder: Path) -> AsyncIterator[Bench]:
    if adapter == "memory":
        yield memory_bench()
    else:
        async with _OPENERS[adapter](folder) as bench:
            yield bench


_OPENERS: dict[str, Callable[[Path], AbstractAsyncContextManager[Bench]]] = {
    "sqlite": sqlite_bench,
    "embedded": embedded_bench,
    "mariadb": lambda folder: mariadb_bench(),
    "cassandra": lambda folder: cassandra_bench(),
    "dynamodb": lambda folder: dynamodb_bench(),
    "redis": lambda folder: redis_bench(),
}
