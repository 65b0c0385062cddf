"""From the stream into the relational store: batched, idempotent, nothing lost (§3.1.2, §8.1)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.domain.customer import CustomerProfile, Transaction
from app.domain.errors import InvalidValue, RejectedRecord, StoreUnavailable
from app.ports.records import CustomerRecords, TransactionRecords
from app.ports.stream import Stream, StreamRecord
from app.ports.telemetry import (
    FINANCIAL_TRANSACTIONS,
    INGEST_DURATION,
    INGEST_LAG,
    INGEST_RECORDS,
    Telemetry,
)
from app.usecases.ingest import IngestRecord
from dataplatform.ingestion.processing_log import BatchOutcome, ProcessingLog
from slo.clock import Clock

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IngestLimits:
    """``patience``: how often a transaction waits for a customer that is not there yet."""

    batch: int = 256
    lease_seconds: float = 300.0
    patience: int = 8


@dataclass(slots=True)
class _Batch:
    """What becomes of the records of one lease."""

    ok: list[str] = field(default_factory=list)
    duplicate: list[str] = field(default_factory=list)
    retried: list[str] = field(default_factory=list)
    dead: dict[str, str] = field(default_factory=dict)
    store_failed: bool = False


Parsed = tuple[StreamRecord, CustomerProfile | Transaction]


class IngestWorker:
    """Poison goes to the dead letters with its reason. A store that fails is waited for, without limit."""

    def __init__(
        self,
        *,
        stream: Stream,
        ingest: IngestRecord,
        customers: CustomerRecords,
        transactions: TransactionRecords,
        log: ProcessingLog,
        telemetry: Telemetry,
        clock: Clock,
        worker: str = "ingest",
        limits: IngestLimits | None = None,
    ) -> None:
        self._stream, self._ingest, self._log = stream, ingest, log
        self._customers, self._transactions = customers, transactions
        self._telemetry, self._clock, self._worker = telemetry, clock, worker
        self._limits = limits or IngestLimits()

    async def run_once(self) -> int:
        """Process one batch; returns how many records are done (0: none waits, or none could be stored).

        Raises:
            StoreUnavailable: the stream itself does not answer.
        """
        started_at, started = self._clock.now(), self._clock.monotonic()
        records = await self._stream.lease(self._worker, self._limits.batch, self._limits.lease_seconds)
        if not records:
            self._telemetry.set(INGEST_LAG, await self._lag())
            return 0
        batch = _Batch()
        await self._store(self._parse(records, batch), batch)
        await self._settle(batch)
        duration = self._clock.monotonic() - started
        self._report(batch, duration)
        self._telemetry.set(INGEST_LAG, await self._lag())
        await self._log.add(
            BatchOutcome(
                worker=self._worker,
                started_at=started_at,
                duration_seconds=duration,
                first=records[0].sequence,
                last=records[-1].sequence,
                ok=len(batch.ok),
                duplicate=len(batch.duplicate),
                retried=len(batch.retried),
                dead_letter=len(batch.dead),
            )
        )
        return len(batch.ok) + len(batch.duplicate) + len(batch.dead)

    async def drain(self, rounds: int = 1_000_000) -> int:
        """Process until nothing more gets done (or after ``rounds`` batches); returns records done."""
        total = 0
        for _ in range(rounds):
            worked = await self.run_once()
            if worked == 0:
                break
            total += worked
        return total

    def _parse(self, records: Sequence[StreamRecord], batch: _Batch) -> list[Parsed]:
        parsed: list[Parsed] = []
        for record in records:
            try:
                parsed.append((record, self._ingest.parse(record.data)))
            except RejectedRecord as error:
                batch.dead[record.sequence] = str(error)
        return parsed

    async def _store(self, parsed: Sequence[Parsed], batch: _Batch) -> None:
        """Customers first, so that a transaction in the same batch finds its customer."""
        people = [(r, item) for r, item in parsed if isinstance(item, CustomerProfile)]
        money = [(r, item) for r, item in parsed if isinstance(item, Transaction)]
        await self._write(people, batch)
        await self._write(money, batch)

    async def _write(self, items: Sequence[Parsed], batch: _Batch) -> None:
        """All in one transaction; one by one when one of them is refused."""
        if not items:
            return
        try:
            written = await self._write_many([item for _, item in items])
        except StoreUnavailable as error:
            logger.warning("%d records wait: %s", len(items), error)
            batch.retried.extend(record.sequence for record, _ in items)
            batch.store_failed = True
            self._count_failed_transactions(items)
        except InvalidValue as error:
            await self._after_refusal(items, error, batch)
        else:
            for (record, item), new in zip(items, written, strict=True):
                self._note_written(record, item, batch, new=new)

    async def _write_many(self, items: Sequence[CustomerProfile | Transaction]) -> Sequence[bool]:
        people = [item for item in items if isinstance(item, CustomerProfile)]
        if people:
            return await self._customers.upsert_many(people)
        return await self._transactions.add_many([i for i in items if isinstance(i, Transaction)])

    async def _after_refusal(self, items: Sequence[Parsed], error: InvalidValue, batch: _Batch) -> None:
        if len(items) > 1:
            for single in items:
                await self._write([single], batch)
            return
        record = items[0][0]
        if error.field == "customer_id" and record.attempts < self._limits.patience:
            batch.retried.append(record.sequence)
        else:
            batch.dead[record.sequence] = str(error)

    def _note_written(
        self, record: StreamRecord, item: CustomerProfile | Transaction, batch: _Batch, *, new: bool
    ) -> None:
        (batch.ok if new else batch.duplicate).append(record.sequence)
        if new and isinstance(item, Transaction):
            self._telemetry.count(FINANCIAL_TRANSACTIONS, kind="transaction", outcome="ok")

    def _count_failed_transactions(self, items: Sequence[Parsed]) -> None:
        """A transaction delayed by a store is an error at its first attempt, and ok when it lands."""
        first = sum(1 for record, item in items if isinstance(item, Transaction) and not record.attempts)
        if first:
            self._telemetry.count(FINANCIAL_TRANSACTIONS, first, kind="transaction", outcome="error")

    async def _settle(self, batch: _Batch) -> None:
        """Tell the stream. Should this fail, the leases run out and the records come again."""
        for sequence, reason in batch.dead.items():
            await self._stream.bury(self._worker, sequence, reason)
        if batch.ok or batch.duplicate:
            await self._stream.ack(self._worker, [*batch.ok, *batch.duplicate])
        if batch.retried:
            await self._stream.retry(self._worker, batch.retried)

    def _report(self, batch: _Batch, duration: float) -> None:
        outcomes = {
            "ok": len(batch.ok),
            "duplicate": len(batch.duplicate),
            "retried": len(batch.retried),
            "dead_letter": len(batch.dead),
        }
        for outcome, number in outcomes.items():
            if number:
                self._telemetry.count(INGEST_RECORDS, number, outcome=outcome)
        self._telemetry.observe(INGEST_DURATION, duration)

    async def _lag(self) -> float:
        """Age of the oldest unprocessed record in seconds of clock time; 0 when drained."""
        oldest = await self._stream.oldest()
        return 0.0 if oldest is None else max(0.0, (self._clock.now() - oldest).total_seconds())
