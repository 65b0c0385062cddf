"""The embedded platform with its workers on a manual clock, for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from dataplatform.consistency.monitor import ConsistencyMonitor
from dataplatform.consistency.plan import CheckPlan
from dataplatform.ingestion.producer import Producer
from dataplatform.ingestion.projector import Projector
from dataplatform.ingestion.worker import IngestWorker
from dataplatform.profiles import workers
from dataplatform.profiles.data_platform import DataPlatform
from dataplatform.profiles.embedded import open_embedded
from dataplatform.resilience.faults import FaultBoard
from dataplatform.stores.sqlite.database import Database
from foundation.clock import ManualClock
from tests.support.credit_samples import NOON
from tests.support.recording_telemetry import RecordingTelemetry


def database_of(platform: DataPlatform, store: str) -> Database:
    """The file of a store of the embedded profile."""
    found = platform.stores[store]
    assert isinstance(found, Database)
    return found


@dataclass
class OpenPlatform:
    clock: ManualClock
    faults: FaultBoard
    telemetry: RecordingTelemetry
    platform: DataPlatform
    producer: Producer
    worker: IngestWorker
    projector: Projector

    def monitor(self, plan: CheckPlan | None = None, repair_cap: int = 100) -> ConsistencyMonitor:
        return workers.consistency_monitor(
            self.platform, self.telemetry, self.clock, Random(1), plan=plan, repair_cap=repair_cap
        )


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[OpenPlatform]:
    clock, faults, telemetry = ManualClock(NOON), FaultBoard(1), RecordingTelemetry()
    platform = open_embedded(folder / "mirante", clock, faults)
    try:
        yield OpenPlatform(
            clock,
            faults,
            telemetry,
            platform,
            workers.producer(platform, clock, Random(1)),
            workers.ingest_worker(platform, telemetry, clock),
            workers.projector(platform, telemetry),
        )
    finally:
        await platform.close()
