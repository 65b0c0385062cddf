"""The embedded profile: every port over SQLite files in one directory, opened and closed together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.ports.projections import Cache, HotStore, WideStore
from app.ports.records import AuditTrail, CustomerRecords, DecisionRecords, Outbox, TransactionRecords
from app.ports.secrets import Sealer
from app.ports.stream import Stream
from dataplatform.resilience.faults import FaultBoard
from slo.clock import Clock


@dataclass(frozen=True, slots=True)
class EmbeddedPlatform:
    """Every port, ready to use. ``close`` drains what was accepted, then lets go of the directory."""

    decisions: DecisionRecords
    customers: CustomerRecords
    transactions: TransactionRecords
    outbox: Outbox
    audit: AuditTrail
    hot: HotStore
    wide: WideStore
    cache: Cache
    stream: Stream
    sealer: Sealer
    faults: FaultBoard

    async def close(self) -> None:
        raise NotImplementedError


def open_embedded(data_dir: Path, clock: Clock, faults: FaultBoard) -> EmbeddedPlatform:
    """Open (and on first use make) the embedded stores under ``data_dir``.

    Raises:
        DataDirectoryError: missing parent, read-only, wrong permissions, or busy in another process.
        KeyMaterialError: the keys are damaged or readable by others.
        SchemaError: a database file is newer than this program.
    """
    raise NotImplementedError(str(data_dir))
