"""Records into the relational store: validated, transformed, enriched, written once (§3.1.2, §8.1).

The worker on one machine and the Lambda function both process here; they differ in where records come from
and in who hears what became of them.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from credit.domain.customer import CustomerProfile, Transaction
from credit.domain.errors import InvalidValue, RejectedRecord, StoreUnavailable
from credit.metrics import FINANCIAL_TRANSACTIONS, INGEST_DURATION, INGEST_RECORDS
from credit.ports.records import CustomerRecords, TransactionRecords
from credit.ports.stream import StreamRecord
from credit.ports.tracing import WorkTracer
from credit.usecases.ingest import IngestRecord
from dataplatform.ingestion.processing_log import BatchOutcome
from dataplatform.observability.carried_trace import Row, rows_carry
from foundation.clock import Clock
from foundation.metrics import Telemetry

logger = logging.getLogger(__name__)

Parsed = tuple[StreamRecord, CustomerProfile | Transaction]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a transaction waits for a customer that is not there yet: for so many attempts, and at least
    until it is so many seconds (of clock time) old."""

    attempts: int = 8
    seconds: float = 0.0


# Where the customer may be on another shard, which is behind or throttled. Attempts come every few hundredths
# of a second when nothing else waits, and a backlog makes every record old: it takes both to give up.
ACROSS_SHARDS = Patience(attempts=200, seconds=60.0)


@dataclass(slots=True)
class Processed:
    """What became of each record, by name. ``dead`` ones can never be processed; the value says why."""

    ok: list[str] = field(default_factory=list)
    duplicate: list[str] = field(default_factory=list)
    retried: list[str] = field(default_factory=list)
    dead: dict[str, str] = field(default_factory=dict)

    @property
    def settled(self) -> list[str]:
        return [*self.ok, *self.duplicate]

    def outcome(
        self, worker: str, started_at: datetime, duration: float, records: Sequence[StreamRecord]
    ) -> BatchOutcome:
        return BatchOutcome(
            worker=worker,
            started_at=started_at,
            duration_seconds=duration,
            first=records[0].sequence,
            last=records[-1].sequence,
            ok=len(self.ok),
            duplicate=len(self.duplicate),
            retried=len(self.retried),
            dead_letter=len(self.dead),
        )


class RecordProcessor:
    """Poison is named with its reason. A store that fails is waited for, without limit."""

    def __init__(
        self,
        *,
        ingest: IngestRecord,
        customers: CustomerRecords,
        transactions: TransactionRecords,
        telemetry: Telemetry,
        tracer: WorkTracer,
        clock: Clock,
        patience: Patience,
    ) -> None:
        self._ingest, self._customers, self._transactions = ingest, customers, transactions
        self._telemetry, self._tracer = telemetry, tracer
        self._clock, self._patience = clock, patience

    async def process(self, records: Sequence[StreamRecord]) -> Processed:
        """Every record is in the answer once. Nothing is raised for a record or a store."""
        batch = Processed()
        traces = list(dict.fromkeys(record.trace for record in records if record.trace))
        with self._tracer.continued("process records", traces, records=len(records)):
            parsed = self._parse(records, batch)
            with rows_carry(_traces(parsed)):
                await self._store(parsed, batch)
        return batch

    def report(self, batch: Processed, duration: float) -> None:
        """Count them, once everybody has been told. ``duration``: seconds of monotonic time."""
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

    def _parse(self, records: Sequence[StreamRecord], batch: Processed) -> list[Parsed]:
        parsed: list[Parsed] = []
        for record in records:
            try:
                parsed.append((record, self._ingest.parse(record.data)))
            except RejectedRecord as error:
                batch.dead[record.sequence] = str(error)
        return parsed

    async def _store(self, parsed: Sequence[Parsed], batch: Processed) -> None:
        """Customers first, so that a transaction in the same batch finds its customer."""
        people = [(r, item) for r, item in parsed if isinstance(item, CustomerProfile)]
        money = [(r, item) for r, item in parsed if isinstance(item, Transaction)]
        await self._write(people, batch)
        await self._write(money, batch)

    async def _write(self, items: Sequence[Parsed], batch: Processed) -> None:
        """All in one transaction; one by one when one of them is refused."""
        if not items:
            return
        try:
            written = await self._write_many([item for _, item in items])
        except StoreUnavailable as error:
            logger.warning("%d records wait: %s", len(items), error)
            batch.retried.extend(record.sequence for record, _ in items)
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

    async def _after_refusal(self, items: Sequence[Parsed], error: InvalidValue, batch: Processed) -> None:
        if len(items) > 1:
            for single in items:
                await self._write([single], batch)
            return
        record = items[0][0]
        if error.field == "customer_id" and self._is_patient(record):
            batch.retried.append(record.sequence)
        else:
            batch.dead[record.sequence] = str(error)

    def _is_patient(self, record: StreamRecord) -> bool:
        age = (self._clock.now() - record.arrived_at).total_seconds()
        return record.attempts < self._patience.attempts or age < self._patience.seconds

    def _note_written(
        self, record: StreamRecord, item: CustomerProfile | Transaction, batch: Processed, *, new: bool
    ) -> None:
        (batch.ok if new else batch.duplicate).append(record.sequence)
        if new and isinstance(item, Transaction):
            self._telemetry.count(FINANCIAL_TRANSACTIONS, kind="transaction", outcome="ok")

    def _count_failed_transactions(self, items: Sequence[Parsed]) -> None:
        """A transaction delayed by a store is an error at its first attempt, and ok when it lands."""
        first = sum(1 for record, item in items if isinstance(item, Transaction) and not record.attempts)
        if first:
            self._telemetry.count(FINANCIAL_TRANSACTIONS, first, kind="transaction", outcome="error")


def _traces(parsed: Sequence[Parsed]) -> dict[Row, str]:
    """Of two that are the same change, the first is written."""
    return {_row(item): record.trace for record, item in reversed(parsed) if record.trace}


def _row(item: CustomerProfile | Transaction) -> Row:
    if isinstance(item, CustomerProfile):
        return "customer", item.customer_id, item.version
    return "transaction", item.transaction_id, item.version
