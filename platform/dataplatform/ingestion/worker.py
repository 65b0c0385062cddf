"""The worker on one machine: leases records, has them processed, and tells the stream what became of them."""

from __future__ import annotations

from dataclasses import dataclass

from credit.metrics import INGEST_LAG
from credit.ports.stream import StreamReader
from dataplatform.ingestion.processing_log import ProcessingLog
from dataplatform.ingestion.processor import Processed, RecordProcessor
from foundation.clock import Clock
from foundation.metrics import Telemetry


@dataclass(frozen=True, slots=True)
class IngestLimits:
    batch: int = 256
    lease_seconds: float = 300.0


class IngestWorker:
    """Poison goes to the dead letters with its reason; everything else is processed in the end."""

    def __init__(
        self,
        *,
        stream: StreamReader,
        processor: RecordProcessor,
        log: ProcessingLog,
        telemetry: Telemetry,
        clock: Clock,
        worker: str = "ingest",
        limits: IngestLimits | None = None,
    ) -> None:
        self._stream, self._processor, self._log = stream, processor, log
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
        batch = await self._processor.process(records)
        await self._settle(batch)
        duration = self._clock.monotonic() - started
        self._processor.report(batch, duration)
        self._telemetry.set(INGEST_LAG, await self._lag())
        await self._log.add(batch.outcome(self._worker, started_at, duration, records))
        return len(batch.settled) + len(batch.dead)

    async def drain(self, rounds: int = 1_000_000) -> int:
        """Process until nothing more gets done (or after ``rounds`` batches); returns records done."""
        total = 0
        for _ in range(rounds):
            worked = await self.run_once()
            if worked == 0:
                break
            total += worked
        return total

    async def _settle(self, batch: Processed) -> None:
        """Tell the stream. Should this fail, the leases run out and the records come again."""
        for sequence, reason in batch.dead.items():
            await self._stream.bury(self._worker, sequence, reason)
        if batch.settled:
            await self._stream.ack(self._worker, batch.settled)
        if batch.retried:
            await self._stream.retry(self._worker, batch.retried)

    async def _lag(self) -> float:
        """Age of the oldest unprocessed record in seconds of clock time; 0 when drained."""
        oldest = await self._stream.oldest()
        return 0.0 if oldest is None else max(0.0, (self._clock.now() - oldest).total_seconds())
