"""Stores to ingest into, by platform, behind the faults of a board; the proofs run against each of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from credit.domain.errors import StoreUnavailable
from credit.ports.projections import PROFILE, Cache, HotItem, HotStore, ItemValue, WideRow, WideStore
from credit.ports.records import CustomerRecords, Outbox, TransactionRecords
from credit.ports.secrets import Sealer
from credit.ports.stream import Stream
from credit.usecases.ingest import IngestRecord
from dataplatform.directory import prepare_directory
from dataplatform.ingestion.checkpoints import Checkpoints
from dataplatform.ingestion.letter_box import LetterBox
from dataplatform.ingestion.processing_log import ProcessingLog
from dataplatform.ingestion.processor import ACROSS_SHARDS, RecordProcessor
from dataplatform.ingestion.producer import Producer
from dataplatform.ingestion.projector import Projector
from dataplatform.ingestion.worker import IngestLimits, IngestWorker
from dataplatform.observability.tracing import QuietTracer
from dataplatform.profiles.embedded import open_embedded, open_sealer
from dataplatform.resilience.faults import FaultBoard
from dataplatform.schemas import stream as stream_schema
from dataplatform.security.sealed_stream import SealedStream
from dataplatform.stores.cassandra.wide import CassandraWideStore
from dataplatform.stores.memory_cache import MemoryCache
from dataplatform.stores.mysql.relational import open_mysql_relational
from dataplatform.stores.relational.processing_log import SqlProcessingLog
from dataplatform.stores.sqlite.checkpoints import SqliteCheckpoints
from dataplatform.stores.sqlite.database import Database
from dataplatform.stores.sqlite.letter_box import SqliteLetterBox
from dataplatform.stores.sqlite.relational import SqliteRelational
from dataplatform.wrapped import (
    WrappedCustomerRecords,
    WrappedHotStore,
    WrappedOutbox,
    WrappedTransactionRecords,
    WrappedWideStore,
)
from foundation.clock import Clock, SystemClock
from foundation.metrics import Telemetry
from tests.support.dynamodb import a_hot_store
from tests.support.kept_servers import keep_servers
from tests.support.local_servers import empty_cassandra, fresh_mysql
from tests.support.open_platform import database_of
from tests.support.server_stores import ServerStores, opened_servers

PAGE = 1_000
LEASE = 1.0  # real seconds: what a failed acknowledgement costs
EVER = (datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


@dataclass(frozen=True)
class IngestPlatform:
    customers: CustomerRecords
    transactions: TransactionRecords
    outbox: Outbox
    hot: HotStore
    wide: WideStore
    cache: Cache
    sealer: Sealer
    log: ProcessingLog
    checkpoints: Checkpoints
    letters: LetterBox

    def producer(self, stream: Stream) -> Producer:
        return Producer(SealedStream(stream, self.sealer), self.sealer, SystemClock(), Random(1).random)

    def worker(self, stream: Stream, telemetry: Telemetry, batch: int = 256) -> IngestWorker:
        clock = SystemClock()
        return IngestWorker(
            stream=SealedStream(stream, self.sealer),
            processor=RecordProcessor(
                ingest=IngestRecord(self.sealer, clock),
                customers=self.customers,
                transactions=self.transactions,
                telemetry=telemetry,
                tracer=QuietTracer(),
                clock=clock,
                patience=ACROSS_SHARDS,
            ),
            log=self.log,
            telemetry=telemetry,
            clock=clock,
            limits=IngestLimits(batch=batch, lease_seconds=LEASE),
        )

    def projector(self, telemetry: Telemetry, batch: int = 64) -> Projector:
        return Projector(
            outbox=self.outbox,
            hot=self.hot,
            wide=self.wide,
            cache=self.cache,
            telemetry=telemetry,
            batch=batch,
            lease_seconds=LEASE,
        )


@asynccontextmanager
async def embedded(folder: Path, clock: Clock, faults: FaultBoard) -> AsyncIterator[IngestPlatform]:
    platform = open_embedded(folder, clock, faults)
    try:
        yield IngestPlatform(
            customers=platform.customers,
            transactions=platform.transactions,
            outbox=platform.outbox,
            hot=platform.hot,
            wide=platform.wide,
            cache=platform.cache,
            sealer=platform.sealer,
            log=platform.processing_log,
            checkpoints=SqliteCheckpoints(database_of(platform, "stream")),
            letters=platform.letters,
        )
    finally:
        await platform.close()


@asynccontextmanager
async def servers(folder: Path, clock: Clock, faults: FaultBoard) -> AsyncIterator[IngestPlatform]:
    """MariaDB, a DynamoDB server and Cassandra, all of them empty; a worker keeps its own in files."""
    prepare_directory(folder)
    relational = open_mysql_relational(fresh_mysql(), None, clock)
    try:
        async with a_hot_store(clock) as hot:
            stores = ServerStores(relational, hot, CassandraWideStore(empty_cassandra(), clock))
            async with _over(stores, folder, clock, faults) as platform:
                yield platform
    finally:
        await relational.close()


@asynccontextmanager
async def kept_servers(folder: Path, clock: Clock, faults: FaultBoard) -> AsyncIterator[IngestPlatform]:
    """The same servers, with what the processes before left in them."""
    prepare_directory(folder)
    there = keep_servers(folder)
    async with opened_servers(there, clock) as stores, _over(stores, folder, clock, faults) as platform:
        yield platform


@asynccontextmanager
async def _over(
    stores: ServerStores, folder: Path, clock: Clock, faults: FaultBoard
) -> AsyncIterator[IngestPlatform]:
    own = Database(folder / "data" / "stream.sqlite", "stream", stream_schema.RUNGS)
    relational = stores.relational
    try:
        yield IngestPlatform(
            customers=WrappedCustomerRecords(relational.customers, faults.around("relational")),
            transactions=WrappedTransactionRecords(relational.transactions, faults.around("relational")),
            outbox=WrappedOutbox(relational.outbox, faults.around("relational")),
            hot=WrappedHotStore(stores.hot, faults.around("hot")),
            wide=WrappedWideStore(stores.wide, faults.around("wide")),
            cache=MemoryCache(clock),
            sealer=open_sealer(folder),
            log=SqlProcessingLog(SqliteRelational(own)),
            checkpoints=SqliteCheckpoints(own),
            letters=SqliteLetterBox(own),
        )
    finally:
        await own.close()


Opener = Callable[[Path, Clock, FaultBoard], AbstractAsyncContextManager[IngestPlatform]]
PLATFORMS: Mapping[str, Opener] = {"embedded": embedded, "servers": servers, "kept servers": kept_servers}


async def drain(stream: Stream, worker: IngestWorker, projector: Projector, outbox: Outbox) -> None:
    """Until every record is settled and every change projected, whatever fails in between."""
    while await _waits(stream, outbox):
        for step in (worker.run_once, projector.run_once):
            with suppress(StoreUnavailable):
                while await step():
                    pass
        await asyncio.sleep(0.2)  # what still waits is leased, or behind an open circuit


async def _waits(stream: Stream, outbox: Outbox) -> bool:
    try:
        return await stream.oldest() is not None or await outbox.depth() > 0
    except StoreUnavailable:
        return True


@dataclass(frozen=True)
class Totals:
    """What one store holds. ``cents`` is the sum over its transactions."""

    customers: int
    transactions: int
    cents: int


async def relational_totals(platform: IngestPlatform) -> Totals:
    people = transactions = cents = 0
    after: str | None = None
    while page := await platform.customers.scan(PAGE, after):
        people, after = people + len(page), page[-1].customer_id
        for start in range(0, len(page), 50):
            some = [person.customer_id for person in page[start : start + 50]]
            asked = [platform.transactions.of_customer(name, *EVER, 10_000) for name in some]
            for found in await asyncio.gather(*asked):
                transactions += len(found)
                cents += sum(item.amount_cents for item in found)
    return Totals(people, transactions, cents)


async def hot_totals(platform: IngestPlatform) -> Totals:
    items: list[HotItem] = []
    while page := await platform.hot.scan(PAGE, _after(items)):
        items.extend(page)
    money = [i.attributes for i in items if i.data_type.startswith("TXN#")]
    return Totals(sum(i.data_type == PROFILE for i in items), len(money), _sum(money))


async def wide_totals(platform: IngestPlatform) -> Totals:
    rows: list[WideRow] = []
    while page := await platform.wide.scan(PAGE, _after(rows)):
        rows.extend(page)
    money = [row.columns for row in rows if row.data_type.startswith("TRANSACTION#")]
    return Totals(len(rows) - len(money), len(money), _sum(money))


async def totals(platform: IngestPlatform) -> dict[str, Totals]:
    return {
        "relational": await relational_totals(platform),
        "hot": await hot_totals(platform),
        "wide": await wide_totals(platform),
    }


def _after(found: list[HotItem] | list[WideRow]) -> tuple[str, str] | None:
    return (found[-1].customer_id, found[-1].data_type) if found else None


def _sum(contents: list[Mapping[str, ItemValue]]) -> int:
    return sum(int(content["amount_cents"] or 0) for content in contents)
