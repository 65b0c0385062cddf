"""A Kinesis stream of its own on the emulator, and clients that meet what the emulator never does."""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from dataplatform.ingestion.checkpoints import Checkpoints
from dataplatform.ingestion.letter_box import LetterBox
from dataplatform.resilience.retry import RetryPolicy
from dataplatform.stores.kinesis.reader import ReaderLimits
from dataplatform.stores.kinesis.shape import StreamShape
from dataplatform.stores.kinesis.stream import KinesisPolicy, KinesisStream, open_kinesis_stream
from dataplatform.stores.sqlite.checkpoints import SqliteCheckpoints
from dataplatform.stores.sqlite.letter_box import SqliteLetterBox
from foundation.clock import Clock, ManualClock
from tests.support.aws_emulator import aws_client, shared_emulator
from tests.support.aws_refusal import aws_refusal
from tests.support.credit_samples import NOON
from tests.support.in_memory import InlineDatabase
from tests.support.recording_telemetry import RecordingTelemetry

THROTTLED = "ProvisionedThroughputExceededException"
QUICK = KinesisPolicy(RetryPolicy(10, 0.001, 0.01), ReaderLimits(poll_seconds=0.0))
_NUMBERS = itertools.count(1)


def stream_name() -> str:
    return f"records-{os.getpid()}-{next(_NUMBERS)}"


def kinesis_client() -> Any:
    return aws_client("kinesis", shared_emulator())


@dataclass
class KinesisBench:
    """One process's view of a stream. ``again`` opens it as the next process would."""

    client: Any
    name: str = field(default_factory=stream_name)
    clock: Clock = field(default_factory=lambda: ManualClock(NOON))
    checkpoints: Checkpoints = field(default_factory=lambda: SqliteCheckpoints(InlineDatabase()))
    letters: LetterBox = field(default_factory=lambda: SqliteLetterBox(InlineDatabase()))
    telemetry: RecordingTelemetry = field(default_factory=RecordingTelemetry)
    shape: StreamShape = field(default_factory=StreamShape)
    policy: KinesisPolicy = QUICK

    async def open(self) -> KinesisStream:
        return await open_kinesis_stream(
            self.client,
            self.name,
            checkpoints=self.checkpoints,
            letters=self.letters,
            telemetry=self.telemetry,
            clock=self.clock,
            random=Random(1).random,
            shape=self.shape,
            policy=self.policy,
        )


@asynccontextmanager
async def opened(bench: KinesisBench) -> AsyncIterator[KinesisStream]:
    stream = await bench.open()
    try:
        yield stream
    finally:
        await stream.close()


class ThrottlingClient:
    """The real client behind shards that are over their limit now and then: what is refused never reaches
    the server, as on AWS. ``draw`` answers in [0, 1) for each record and each read."""

    def __init__(self, client: Any, ratio: float, draw: Callable[[], float]) -> None:
        self._client, self.ratio, self._draw = client, ratio, draw
        self.refused_records = 0
        self.refused_reads = 0
        self.sent: list[Sequence[Mapping[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def put_records(self, **arguments: Any) -> Mapping[str, Any]:
        entries = arguments["Records"]
        self.sent.append(entries)
        refused = [self._draw() < self.ratio for _ in entries]
        self.refused_records += sum(refused)
        let_in = [entry for entry, no in zip(entries, refused, strict=True) if not no]
        taken = self._client.put_records(**{**arguments, "Records": let_in})["Records"] if let_in else []
        answers = iter(taken)
        no = {"ErrorCode": THROTTLED, "ErrorMessage": "Rate exceeded for shard"}
        return {"FailedRecordCount": sum(refused), "Records": [no if r else next(answers) for r in refused]}

    def get_records(self, **arguments: Any) -> Any:
        if self._draw() < self.ratio:
            self.refused_reads += 1
            raise aws_refusal(THROTTLED)
        return self._client.get_records(**arguments)
