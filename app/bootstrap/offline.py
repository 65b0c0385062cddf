"""The data platform in the hands of the command line, while the data side is stopped.

What is done here is counted as the data side's own ingestion role counts it, so the service levels see it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random

from prometheus_client import CollectorRegistry

from app.bootstrap.paths import DataPaths
from app.bootstrap.platform import open_platform
from app.settings import Settings
from dataplatform.directory import prepare_directory
from dataplatform.errors import DataDirectoryBusy, PlatformError
from dataplatform.observability.telemetry import PrometheusTelemetry
from dataplatform.profiles.data_platform import DataPlatform
from foundation.clock import Clock, parse_clock
from foundation.metrics import Telemetry
from slo.ledger.sqlite_counts import SqliteCountJournal

JOURNAL = "ingest"


class DataSideRuns(PlatformError):
    """Another process writes in the data directory: which, and what can be done instead."""

    def __init__(self, busy: DataDirectoryBusy, instead: str) -> None:
        self.holder = busy.holder
        super().__init__(f"{busy.path}: the data side runs here ({busy.holder}) and writes alone. {instead}")


@dataclass(frozen=True, slots=True)
class OfflinePlatform:
    """``random`` spreads retries and picks samples; it guards nothing."""

    platform: DataPlatform
    telemetry: Telemetry
    registry: CollectorRegistry
    clock: Clock
    random: Random


@asynccontextmanager
async def offline_platform(settings: Settings, instead: str) -> AsyncIterator[OfflinePlatform]:
    """Open the stores as their one writer; what was accepted is drained when the block ends.

    Raises:
        DataSideRuns: another process has them; ``instead`` tells the person what to do.
        PlatformError: the data directory, its keys or its files cannot be used.
    """
    clock, paths = parse_clock(settings.clock), DataPaths(settings.data_dir)
    prepare_directory(settings.data_dir)
    journal = SqliteCountJournal(paths.journal(JOURNAL), JOURNAL, clock)
    registry = CollectorRegistry(auto_describe=False)
    telemetry = PrometheusTelemetry(registry, journal)
    try:
        platform = await open_platform(settings, clock, None, telemetry)
    except DataDirectoryBusy as busy:
        journal.close()
        raise DataSideRuns(busy, instead) from None
    except BaseException:
        journal.close()
        raise
    try:
        yield OfflinePlatform(platform, telemetry, registry, clock, Random())  # noqa: S311
    finally:
        journal.close()
        await platform.close()
