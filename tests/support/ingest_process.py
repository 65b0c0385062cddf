"""A worker process that ingests from Kinesis until nothing waits, or until it kills itself (``kill -9``) at a
named boundary: ``before customers.upsert_many``, ``after checkpoints.save``."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

from dataplatform.resilience.faults import FaultBoard
from dataplatform.stores.kinesis.shape import StreamShape
from foundation.clock import SystemClock
from tests.support.aws_emulator import aws_client
from tests.support.ingest_platforms import PLATFORMS, IngestPlatform, drain
from tests.support.kinesis import KinesisBench, opened
from tests.support.recording_telemetry import RecordingTelemetry

SHARDS = StreamShape(shards=2)
BATCH = 6  # small, so that each boundary is met several times
# In the order in which a batch meets them: read, write, set aside, settle, note, project.
CALLS = (
    "stream.get_records",
    "customers.upsert_many",
    "transactions.add_many",
    "letters.add",
    "checkpoints.save",
    "log.add",
    "outbox.claim",
    "hot.put_if_newer",
    "wide.put_if_newer",
    "cache.delete",
    "outbox.done",
)
BOUNDARIES = tuple(f"{when} {call}" for call in CALLS for when in ("before", "after"))

Port = TypeVar("Port")


@dataclass(frozen=True)
class Job:
    platform: str
    folder: Path
    endpoint: str
    stream: str
    boundary: str | None = None
    time: int = 1  # which time the boundary is met


def ingest(job: Job) -> None:
    """For a process of its own."""
    asyncio.run(_ingest(job))


async def _ingest(job: Job) -> None:
    reached = _Reached(job)
    telemetry = RecordingTelemetry()
    async with PLATFORMS[job.platform](job.folder, SystemClock(), FaultBoard()) as whole:
        platform = _mortal(whole, reached)
        bench = KinesisBench(
            _Client(aws_client("kinesis", job.endpoint), reached),
            name=job.stream,
            clock=SystemClock(),
            checkpoints=platform.checkpoints,
            letters=platform.letters,
            shape=SHARDS,
        )
        async with opened(bench) as stream:
            worker, projector = (
                platform.worker(stream, telemetry, BATCH),
                platform.projector(telemetry, BATCH),
            )
            await drain(stream, worker, projector, platform.outbox)


class _Reached:
    def __init__(self, job: Job) -> None:
        self._job, self._left = job, job.time

    def __call__(self, boundary: str) -> None:
        if boundary == self._job.boundary:
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), signal.SIGKILL)


class _Mortal:
    def __init__(self, port: object, name: str, reached: Callable[[str], None]) -> None:
        self._port, self._name, self._reached = port, name, reached

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        @wraps(method)
        async def call(*args: Any, **kwargs: Any) -> Any:
            self._reached(f"before {self._name}.{name}")
            answer = await method(*args, **kwargs)
            self._reached(f"after {self._name}.{name}")
            return answer

        return call


class _Client:
    def __init__(self, client: Any, reached: Callable[[str], None]) -> None:
        self._client, self._reached = client, reached

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def get_records(self, **arguments: Any) -> Any:
        self._reached("before stream.get_records")
        answer = self._client.get_records(**arguments)
        self._reached("after stream.get_records")
        return answer


def _mortal(whole: IngestPlatform, reached: Callable[[str], None]) -> IngestPlatform:
    def mortal(port: Port, name: str) -> Port:
        return cast(Port, _Mortal(port, name, reached))

    return replace(
        whole,
        customers=mortal(whole.customers, "customers"),
        transactions=mortal(whole.transactions, "transactions"),
        outbox=mortal(whole.outbox, "outbox"),
        hot=mortal(whole.hot, "hot"),
        wide=mortal(whole.wide, "wide"),
        cache=mortal(whole.cache, "cache"),
        log=mortal(whole.log, "log"),
        checkpoints=mortal(whole.checkpoints, "checkpoints"),
        letters=mortal(whole.letters, "letters"),
    )
