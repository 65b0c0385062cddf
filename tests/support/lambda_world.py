"""The Lambda function of the processors over embedded stores, and events as Kinesis makes them."""

from __future__ import annotations

import asyncio
import base64
import itertools
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from aws_kinesis_agg.aggregator import RecordAggregator

from credit.ports.tracing import WorkTracer
from dataplatform.ingestion.lambda_handler import KinesisHandler
from dataplatform.ingestion.processor import Patience
from dataplatform.ingestion.producer import Producer
from dataplatform.profiles import workers
from dataplatform.profiles.data_platform import DataPlatform
from dataplatform.profiles.embedded import open_embedded
from dataplatform.resilience.faults import FaultBoard
from dataplatform.security.sealed_stream import SealedStream
from foundation.clock import ManualClock
from tests.support.credit_samples import NOON
from tests.support.in_memory import InMemory
from tests.support.recording_telemetry import RecordingTelemetry

T = TypeVar("T")
Record = tuple[str, bytes]


@dataclass(frozen=True)
class Context:
    """What Lambda hands to a function beside the event."""

    aws_request_id: str = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
    function_name: str = "mirante-ingest"

    def get_remaining_time_in_millis(self) -> int:
        return 300_000


@dataclass
class LambdaWorld:
    clock: ManualClock
    faults: FaultBoard
    telemetry: RecordingTelemetry
    platform: DataPlatform
    handler: KinesisHandler
    runner: asyncio.Runner
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def records(self, *documents: Mapping[str, object]) -> list[Record]:
        """As the producer puts them on the stream: partitioned and sealed."""
        return self.run(self._produced(documents))

    async def _produced(self, documents: Sequence[Mapping[str, object]]) -> list[Record]:
        stream = InMemory(self.clock).stream
        sealed = SealedStream(stream, self.platform.sealer)
        producer = Producer(sealed, self.platform.sealer, self.clock, Random(1).random)
        await producer.send(documents)
        return [(r.partition_key, r.data) for r in await stream.lease("test", 10_000, 60.0)]

    def event(self, records: Sequence[Record], at: datetime | None = None) -> dict[str, Any]:
        return {"Records": [self._record(key, data, at or self.clock.now()) for key, data in records]}

    def _record(self, key: str, data: bytes, at: datetime) -> dict[str, Any]:
        number = f"49590338271490256608559692538361571095921575989136588{next(self._numbers):03d}"
        return {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": key,
                "sequenceNumber": number,
                "data": base64.b64encode(data).decode(),
                "approximateArrivalTimestamp": at.timestamp(),
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"shardId-000000000006:{number}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": "arn:aws:iam::123456789012:role/mirante-ingest",
            "awsRegion": "us-east-1",
            "eventSourceARN": "arn:aws:kinesis:us-east-1:123456789012:stream/credit-records",
        }

    def invoke(self, event: Mapping[str, Any]) -> list[str]:
        """The sequence numbers that were reported as failed."""
        answer = self.handler(event, Context())
        assert set(answer) == {"batchItemFailures"}
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def packed(records: Sequence[Record]) -> Record:
    """One record that holds them all, as the Kinesis Producer Library packs it."""
    aggregator = RecordAggregator()
    for key, data in records:
        assert aggregator.add_user_record(key, data) is None
    key, _, data = aggregator.clear_and_get().get_contents()
    return key, data


@contextmanager
def lambda_world(folder: Path, tracer: WorkTracer | None = None) -> Iterator[LambdaWorld]:
    clock, faults, telemetry = ManualClock(NOON), FaultBoard(1), RecordingTelemetry()
    with asyncio.Runner() as runner:
        platform = open_embedded(folder / "mirante", clock, faults)
        handler = KinesisHandler(
            processor=workers.record_processor(
                platform, telemetry, clock, tracer, Patience(attempts=0, seconds=120.0)
            ),
            project=workers.projector(platform, telemetry, tracer).drain,
            sealer=platform.sealer,
            letters=platform.letters,
            log=platform.processing_log,
            telemetry=telemetry,
            clock=clock,
            runner=runner,
        )
        try:
            yield LambdaWorld(clock, faults, telemetry, platform, handler, runner)
        finally:
            runner.run(platform.close())
