"""What a disbursement works on, in one data directory or on the servers of a folder. Part of a script."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from recording_telemetry import RecordingTelemetry  # type: ignore[import-not-found]
from server_stores import FILE, kept_addresses, opened_servers  # type: ignore[import-not-found]

from credit.ports.projections import Cache, HotStore, WideStore
from credit.ports.records import AuditTrail, CustomerRecords, DecisionRecords, Outbox
from credit.ports.sagas import DisbursementRecords, SagaLog, SagaState
from dataplatform.ingestion.projector import Projector
from dataplatform.profiles.data_platform import DataPlatform
from dataplatform.profiles.embedded import open_embedded
from dataplatform.saga.disbursement import DisbursementSaga
from dataplatform.saga.runner import SagaLimits, SagaRunner
from dataplatform.stores.memory_cache import MemoryCache
from dataplatform.stores.relational.store import RelationalStore
from foundation.clock import SystemClock

LIMITS = SagaLimits(lease_seconds=1.0, first_pause_seconds=0.0)  # real seconds


@dataclass(frozen=True)
class SagaStores:
    customers: CustomerRecords
    decisions: DecisionRecords
    sagas: SagaLog
    disbursements: DisbursementRecords
    audit: AuditTrail
    outbox: Outbox
    hot: HotStore
    wide: WideStore
    cache: Cache

    def runner(self, holder: str) -> SagaRunner:
        clock = SystemClock()
        saga = DisbursementSaga(self.disbursements, self.hot, self.wide, clock)
        return SagaRunner(self.sagas, [saga.plan()], RecordingTelemetry(), clock, holder, LIMITS)

    async def settle(self, runner: SagaRunner) -> None:
        """Until no saga is open. On servers that of a dead process first waits for the end of its lease."""
        while await self.sagas.list(SagaState.OPEN, 1):
            await runner.run_once()
            await asyncio.sleep(0.01)

    async def project(self) -> None:
        """Until nothing waits in the outbox."""
        await Projector(
            outbox=self.outbox, hot=self.hot, wide=self.wide, cache=self.cache, telemetry=RecordingTelemetry()
        ).drain()


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[SagaStores]:
    """On the servers whose addresses are in the folder, if they are; or on files in the folder."""
    if (folder / FILE).exists():
        async with opened_servers(kept_addresses(folder), SystemClock()) as servers:
            yield _over(servers.relational, servers.hot, servers.wide, MemoryCache(SystemClock()))
        return
    platform = open_embedded(folder, SystemClock())
    try:
        yield _over(platform, platform.hot, platform.wide, platform.cache)
    finally:
        await platform.close()


def _over(
    relational: DataPlatform | RelationalStore, hot: HotStore, wide: WideStore, cache: Cache
) -> SagaStores:
    return SagaStores(
        customers=relational.customers,
        decisions=relational.decisions,
        sagas=relational.sagas,
        disbursements=relational.disbursements,
        audit=relational.audit,
        outbox=relational.outbox,
        hot=hot,
        wide=wide,
        cache=cache,
    )
