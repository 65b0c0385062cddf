"""The processors as a Lambda function fed by Kinesis: partial failures by Powertools, the rest as everywhere.

A record that cannot be processed is set aside with its reason and counts as done. One that has to wait,
because a store does not answer or its customer is not there yet, is reported as failed: Lambda comes again
with it and everything after it, which is why every write is idempotent. Parts of a package share their
parent's number, so a part that waits brings the whole package back.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.kinesis_stream_event import KinesisStreamRecord

from credit.domain.errors import StoreUnavailable
from credit.metrics import INGEST_LAG
from credit.ports.secrets import Sealer
from credit.ports.stream import DeadLetter, StreamRecord
from dataplatform.ingestion.deaggregate import parts, record_name
from dataplatform.ingestion.letter_box import LetterBox
from dataplatform.ingestion.processing_log import ProcessingLog
from dataplatform.ingestion.processor import Processed, RecordProcessor
from dataplatform.security.sealed_stream import open_record
from foundation.clock import Clock
from foundation.metrics import Telemetry

Answer = Mapping[str, Any]

logger = logging.getLogger(__name__)


class RecordWaits(Exception):
    """Told to Powertools: this record has to come again."""


class KinesisHandler:
    """Call it with Lambda's event and context. One event loop serves all invocations of an environment."""

    def __init__(
        self,
        *,
        processor: RecordProcessor,
        project: Callable[[], Awaitable[int]],
        sealer: Sealer,
        letters: LetterBox,
        log: ProcessingLog,
        telemetry: Telemetry,
        clock: Clock,
        runner: asyncio.Runner,
    ) -> None:
        """``project`` brings what was stored on to the projections; what it cannot is projected later."""
        self._processor, self._project = processor, project
        self._sealer, self._letters, self._log = sealer, letters, log
        self._telemetry, self._clock, self._runner = telemetry, clock, runner

    def __call__(self, event: Mapping[str, Any], context: Any) -> Answer:
        """``batchItemFailures``: the sequence numbers of what has to come again."""
        waiting = self._runner.run(self._process(event["Records"], getattr(context, "aws_request_id", "")))
        numbers = {name.partition(":")[2].partition("/")[0] for name in waiting}

        def judge(record: KinesisStreamRecord) -> None:
            if record.kinesis.sequence_number in numbers:
                raise RecordWaits(record.kinesis.sequence_number)

        processor = BatchProcessor(EventType.KinesisDataStreams, raise_on_entire_batch_failure=False)
        answer: Answer = process_partial_response(
            event=dict(event), record_handler=judge, processor=processor, context=context
        )
        return answer

    async def _process(self, raw: Sequence[Mapping[str, Any]], request: str) -> list[str]:
        """Names of the records that have to come again."""
        started_at, started = self._clock.now(), self._clock.monotonic()
        sealed = {part.sequence: part for record in raw for part in _unpacked(record)}
        records = [open_record(part, self._sealer) for part in sealed.values()]
        batch = await self._processor.process(records)
        await self._set_aside(sealed, batch)
        await self._bring_on()
        duration = self._clock.monotonic() - started
        self._processor.report(batch, duration)
        self._telemetry.set(INGEST_LAG, _age(records, started_at))
        if records:
            await self._note(batch, f"lambda/{request}", started_at, duration, records)
        return batch.retried

    async def _set_aside(self, sealed: Mapping[str, StreamRecord], batch: Processed) -> None:
        """As they came, sealed. A letter that cannot be kept makes its record wait: nothing is dropped."""
        for name, reason in list(batch.dead.items()):
            try:
                await self._letters.add(DeadLetter(sealed[name], reason, self._clock.now()))
            except StoreUnavailable as error:
                logger.warning("a dead letter waits: %s", error)
                del batch.dead[name]
                batch.retried.append(name)

    async def _bring_on(self) -> None:
        try:
            await self._project()
        except StoreUnavailable as error:
            logger.warning("projections wait: %s", error)

    async def _note(
        self, batch: Processed, worker: str, at: datetime, duration: float, records: Sequence[StreamRecord]
    ) -> None:
        try:
            await self._log.add(batch.outcome(worker, at, duration, records))
        except StoreUnavailable as error:
            logger.warning("a batch is missing in the processing log: %s", error)


def _unpacked(raw: Mapping[str, Any]) -> list[StreamRecord]:
    """The parts of one record of a Lambda event, still sealed."""
    kinesis = raw["kinesis"]
    shard = str(raw["eventID"]).partition(":")[0]
    arrived_at = datetime.fromtimestamp(float(kinesis["approximateArrivalTimestamp"]), UTC)
    return [
        StreamRecord(
            record_name(shard, kinesis["sequenceNumber"], part.number),
            part.partition_key,
            part.data,
            arrived_at,
            0,
        )
        for part in parts(kinesis["partitionKey"], base64.b64decode(kinesis["data"]))
    ]


def _age(records: Sequence[StreamRecord], now: datetime) -> float:
    """Seconds between the arrival of the oldest record and its processing."""
    return max([0.0, *((now - record.arrived_at).total_seconds() for record in records)])
