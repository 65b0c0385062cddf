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
from credit.ports.stream import Stream
from dataplatform.consistency.sides import ComparisonSource
from dataplatform.directory import prepare_directory
from dataplatform.ingestion.processing_log import ProcessingLog
from dataplatform.profiles.audited import open_relational
from dataplatform.profiles.data_platform import DataPlatform
from dataplatform.profiles.embedded import open_embedded
from dataplatform.schemas import projections, stream
from dataplatform.stores.cassandra.wide import CassandraWideStore
from dataplatform.stores.memory.policies import MemoryPolicyRecords
from dataplatform.stores.memory.processing_log import MemoryProcessingLog
from dataplatform.stores.memory.projections import MemoryCache, MemoryHotStore, MemoryWideStore
from dataplatform.stores.memory.relational import (
    MemoryAuditTrail,
    MemoryCustomerRecords,
    MemoryDecisionRecords,
    MemoryOutbox,
    MemoryTables,
    MemoryTransactionRecords,
)
from dataplatform.stores.memory.stream import MemoryStream
from dataplatform.stores.mysql.relational import open_mysql_relational
from dataplatform.stores.sqlite.audit import SqliteAuditTrail
from dataplatform.stores.sqlite.cache import SqliteCache
from dataplatform.stores.sqlite.comparison_source import SqliteComparisonSource
from dataplatform.stores.sqlite.customers import SqliteCustomerRecords
from dataplatform.stores.sqlite.database import Database
from dataplatform.stores.sqlite.decisions import SqliteDecisionRecords
from dataplatform.stores.sqlite.hot import SqliteHotStore
from dataplatform.stores.sqlite.outbox import SqliteOutbox
from dataplatform.stores.sqlite.policies import SqlitePolicyRecords
from dataplatform.stores.sqlite.processing_log import SqliteProcessingLog
from dataplatform.stores.sqlite.stream import SqliteStream
from dataplatform.stores.sqlite.transactions import SqliteTransactionRecords
from dataplatform.stores.sqlite.wide import SqliteWideStore
from foundation.clock import ManualClock
from tests.support.aws_emulator import needs_emulator
from tests.support.credit_samples import NOON
from tests.support.dynamodb import a_hot_store
from tests.support.local_servers import (
    empty_cassandra,
    fresh_mysql,
    needs_cassandra,
    needs_mariadb,
    needs_redis,
)
from tests.support.redis_cache import a_redis_cache

ADAPTERS = ("memory", "sqlite", "embedded")  # embedded: sqlite behind faults, breakers and the sealed stream
RELATIONAL_ADAPTERS = (*ADAPTERS, pytest.param("mariadb", marks=needs_mariadb))
WIDE_ADAPTERS = (*ADAPTERS, pytest.param("cassandra", marks=needs_cassandra))
HOT_ADAPTERS = (*ADAPTERS, pytest.param("dynamodb", marks=needs_emulator))
CACHE_ADAPTERS = (*ADAPTERS, pytest.param("redis", marks=needs_redis))
CACHE_ENTRIES = 5


@dataclass
class Bench:
    """The ports of one family. ``tables`` is the memory family's state, for broken adapters to share."""

    clock: ManualClock
    decisions: DecisionRecords
    customers: CustomerRecords
    transactions: TransactionRecords
    policies: PolicyRecords
    outbox: Outbox
    audit: AuditTrail
    hot: HotStore
    wide: WideStore
    cache: Cache
    stream: Stream
    log: ProcessingLog
    tables: MemoryTables | None = None
    comparison: ComparisonSource | None = None  # the memory family has none


def memory_bench() -> Bench:
    clock = ManualClock(NOON)
    tables = MemoryTables(clock)
    return Bench(
        clock=clock,
        decisions=MemoryDecisionRecords(tables),
        customers=MemoryCustomerRecords(tables),
        transactions=MemoryTransactionRecords(tables),
        policies=MemoryPolicyRecords(tables),
        outbox=MemoryOutbox(tables),
        audit=MemoryAuditTrail(tables),
        hot=MemoryHotStore(clock),
        wide=MemoryWideStore(clock),
        cache=MemoryCache(clock, max_entries=CACHE_ENTRIES),
        stream=MemoryStream(clock),
        log=MemoryProcessingLog(),
        tables=tables,
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
        cache = Database(root / "cache.sqlite", "cache", projections.CACHE_RUNGS)
        queue = Database(root / "stream.sqlite", "stream", stream.RUNGS)
        yield Bench(
            clock=clock,
            decisions=SqliteDecisionRecords(relational, clock),
            customers=SqliteCustomerRecords(relational, clock),
            transactions=SqliteTransactionRecords(relational),
            policies=SqlitePolicyRecords(relational, clock),
            outbox=SqliteOutbox(relational, clock),
            audit=SqliteAuditTrail(relational, clock),
            hot=SqliteHotStore(hot, clock),
            wide=SqliteWideStore(wide, clock),
            cache=SqliteCache(cache, clock, max_entries=CACHE_ENTRIES),
            stream=SqliteStream(queue, clock),
            log=SqliteProcessingLog(queue),
            comparison=SqliteComparisonSource(relational),
        )
        for database in (relational, hot, wide, cache, queue):
            await database.close()


@asynccontextmanager
async def embedded_platform_bench(folder: Path) -> AsyncIterator[tuple[Bench, DataPlatform]]:
    """The whole platform beside its bench, for the ports that only it has."""
    clock = ManualClock(NOON)
    platform = open_embedded(folder / "store", clock)
    try:
        yield (
            Bench(
                clock=clock,
                decisions=platform.decisions,
                customers=platform.customers,
                transactions=platform.transactions,
                policies=platform.policies,
                outbox=platform.outbox,
                audit=platform.audit,
                hot=platform.hot,
                wide=platform.wide,
                cache=platform.cache,
                stream=platform.stream,
                log=platform.processing_log,
                comparison=platform.comparison,
            ),
            platform,
        )
    finally:
        await platform.close()


@asynccontextmanager
async def embedded_bench(folder: Path) -> AsyncIterator[Bench]:
    async with embedded_platform_bench(folder) as (bench, _):
        yield bench


@asynccontextmanager
async def mariadb_bench() -> AsyncIterator[Bench]:
    """The relational ports on a real server, its address taken for both endpoints; the others in memory."""
    address = fresh_mysql()
    bench = memory_bench()
    opened = open_mysql_relational(address, address, bench.clock)
    bench.decisions, bench.customers = opened.decisions, opened.customers
    bench.transactions, bench.policies = opened.transactions, opened.policies
    bench.outbox, bench.audit, bench.log = opened.outbox, opened.audit, opened.processing_log
    bench.comparison = opened.comparison
    try:
        yield bench
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
