"""The embedded profile: every port over SQLite files in one directory, opened and closed together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from credit.ports.secrets import Sealer
from dataplatform.directory import prepare_directory, writer_lock
from dataplatform.profiles.audited import open_relational
from dataplatform.profiles.data_platform import DataPlatform
from dataplatform.resilience.breaker import Breaker, BreakerPolicy
from dataplatform.resilience.faults import FaultBoard
from dataplatform.schemas import projections, stream
from dataplatform.schemas import relational as relational_schema
from dataplatform.security.keys import LocalKeyService
from dataplatform.security.sealed_stream import SealedStream
from dataplatform.security.sealer import EnvelopeSealer
from dataplatform.stores.memory_cache import MemoryCache
from dataplatform.stores.relational.processing_log import SqlProcessingLog
from dataplatform.stores.relational.store import RelationalStore
from dataplatform.stores.sqlite.check_log import SqliteCheckLog
from dataplatform.stores.sqlite.database import Database
from dataplatform.stores.sqlite.hot import SqliteHotStore
from dataplatform.stores.sqlite.letter_box import SqliteLetterBox
from dataplatform.stores.sqlite.relational import SqliteRelational
from dataplatform.stores.sqlite.stream import SqliteStream, release_leases
from dataplatform.stores.sqlite.wide import SqliteWideStore
from foundation.clock import Clock
from foundation.sqlite_ladder import look_at

STORES: Mapping[str, Sequence[str]] = {
    "relational": relational_schema.RUNGS,
    "hot": projections.HOT_RUNGS,
    "wide": projections.WIDE_RUNGS,
    "stream": stream.RUNGS,
}


def open_embedded(data_dir: Path, clock: Clock, faults: FaultBoard | None = None) -> DataPlatform:
    """Open (and on first use make) the embedded stores under ``data_dir``; ``faults`` can be put in there.

    Raises:
        DataDirectoryError: missing parent, read-only, wrong permissions, or busy in another process.
        KeyMaterialError: the keys are damaged or readable by others.
        SchemaError: a database file is newer than this program, damaged, or its audit trail was cut.
    """
    prepare_directory(data_dir)
    with ExitStack() as undo:
        undo.callback(writer_lock(data_dir).release)
        sealer = open_sealer(data_dir)
        relational = open_relational(data_dir, clock, undo)
        databases = {"relational": relational, **_open_others(data_dir, undo)}
        check_log = SqliteCheckLog(data_dir / "data" / "consistency.sqlite")
        undo.callback(check_log.close)
        return _assemble(data_dir, clock, sealer, check_log, databases, undo.pop_all()).guarded(faults)


def require_stores(data_dir: Path, *stores: str) -> None:
    """That these are there: for a command that works on what is on file, and must not begin it anew.

    Raises:
        UnusableFile: one is missing, empty, not ours, damaged, or newer.
    """
    for store in stores:
        look_at(data_dir / "data" / f"{store}.sqlite", STORES[store], must_exist=True)


def open_sealer(data_dir: Path) -> EnvelopeSealer:
    """The sealer over ``keys/``; made on first use. Raises KeyMaterialError."""
    return EnvelopeSealer(data_dir / "keys" / "keyring.json", LocalKeyService(data_dir / "keys"))


def _open_others(data_dir: Path, undo: ExitStack) -> dict[str, Database]:
    folder = data_dir / "data"
    opened: dict[str, Database] = {}
    for store, prepare in (("hot", None), ("wide", None), ("stream", release_leases)):
        opened[store] = Database(folder / f"{store}.sqlite", store, STORES[store], prepare=prepare)
        undo.callback(opened[store].stop)
    return opened


def _assemble(
    data_dir: Path,
    clock: Clock,
    sealer: Sealer,
    check_log: SqliteCheckLog,
    databases: Mapping[str, Database],
    held: ExitStack,
) -> DataPlatform:
    relational = RelationalStore(SqliteRelational(databases["relational"]), clock)
    return DataPlatform(
        decisions=relational.decisions,
        customers=relational.customers,
        transactions=relational.transactions,
        policies=relational.policies,
        outbox=relational.outbox,
        sagas=relational.sagas,
        disbursements=relational.disbursements,
        audit=relational.audit,
        comparison=relational.comparison,
        hot=SqliteHotStore(databases["hot"], clock),
        wide=SqliteWideStore(databases["wide"], clock),
        cache=MemoryCache(clock),
        stream=SealedStream(SqliteStream(databases["stream"], clock), sealer),
        letters=SqliteLetterBox(databases["stream"]),
        processing_log=SqlProcessingLog(SqliteRelational(databases["stream"])),
        check_log=check_log,
        sealer=sealer,
        breakers={store: Breaker(store, BreakerPolicy(), clock) for store in ("hot", "wide")},
        stores=databases,
        directory=data_dir,
        held=held,
    )
