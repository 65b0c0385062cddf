"""The embedded profile: every port over SQLite files in one directory, opened and closed together."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from credit.ports.secrets import Sealer
from credit.ports.stream import CountedStream
from dataplatform.directory import DirectoryLock, prepare_directory
from dataplatform.profiles.audited import open_relational
from dataplatform.profiles.data_platform import DataPlatform
from dataplatform.resilience.breaker import Breaker, BreakerPolicy
from dataplatform.resilience.faults import FaultBoard
from dataplatform.resilience.guards import MissOnFailure, with_breaker, with_faults
from dataplatform.schemas import projections, stream
from dataplatform.security.keys import LocalKeyService
from dataplatform.security.sealed_stream import SealedCountedStream
from dataplatform.security.sealer import EnvelopeSealer
from dataplatform.stores.memory.projections import MemoryCache
from dataplatform.stores.sqlite.audit import SqliteAuditTrail
from dataplatform.stores.sqlite.check_log import SqliteCheckLog
from dataplatform.stores.sqlite.comparison_source import SqliteComparisonSource
from dataplatform.stores.sqlite.customers import SqliteCustomerRecords
from dataplatform.stores.sqlite.database import Database
from dataplatform.stores.sqlite.decisions import SqliteDecisionRecords
from dataplatform.stores.sqlite.disbursements import SqliteDisbursementRecords
from dataplatform.stores.sqlite.hot import SqliteHotStore
from dataplatform.stores.sqlite.letter_box import SqliteLetterBox
from dataplatform.stores.sqlite.outbox import SqliteOutbox
from dataplatform.stores.sqlite.policies import SqlitePolicyRecords
from dataplatform.stores.sqlite.processing_log import SqliteProcessingLog
from dataplatform.stores.sqlite.sagas import SqliteSagaLog
from dataplatform.stores.sqlite.stream import SqliteStream, release_leases
from dataplatform.stores.sqlite.transactions import SqliteTransactionRecords
from dataplatform.stores.sqlite.wide import SqliteWideStore
from foundation.clock import Clock


@dataclass(frozen=True, slots=True)
class EmbeddedPlatform(DataPlatform):
    """Its stores are SQLite databases, and its stream knows how many records wait."""

    stream: CountedStream
    stores: Mapping[str, Database]


def open_embedded(data_dir: Path, clock: Clock, faults: FaultBoard) -> EmbeddedPlatform:
    """Open (and on first use make) the embedded stores under ``data_dir``.

    Raises:
        DataDirectoryError: missing parent, read-only, wrong permissions, or busy in another process.
        KeyMaterialError: the keys are damaged or readable by others.
        SchemaError: a database file is newer than this program, damaged, or its audit trail was cut.
    """
    prepare_directory(data_dir)
    with ExitStack() as undo:
        undo.callback(DirectoryLock(data_dir / "data" / "lock").release)
        sealer = open_sealer(data_dir)
        relational = open_relational(data_dir, clock, undo)
        databases = {"relational": relational, **_open_others(data_dir, undo)}
        check_log = SqliteCheckLog(data_dir / "data" / "consistency.sqlite")
        undo.callback(check_log.close)
        return _assemble(data_dir, clock, faults, sealer, check_log, databases, undo.pop_all())


def open_sealer(data_dir: Path) -> EnvelopeSealer:
    """The sealer over ``keys/``; made on first use. Raises KeyMaterialError."""
    return EnvelopeSealer(data_dir / "keys" / "keyring.json", LocalKeyService(data_dir / "keys"))


def _open_others(data_dir: Path, undo: ExitStack) -> dict[str, Database]:
    folder = data_dir / "data"
    opened: dict[str, Database] = {}
    for store, rungs, prepare in (
        ("hot", projections.HOT_RUNGS, None),
        ("wide", projections.WIDE_RUNGS, None),
        ("stream", stream.RUNGS, release_leases),
    ):
        opened[store] = Database(folder / f"{store}.sqlite", store, rungs, prepare=prepare)
        undo.callback(opened[store].stop)
    return opened


def _assemble(
    data_dir: Path,
    clock: Clock,
    faults: FaultBoard,
    sealer: Sealer,
    check_log: SqliteCheckLog,
    databases: Mapping[str, Database],
    held: ExitStack,
) -> EmbeddedPlatform:
    relational = databases["relational"]
    breakers = {store: Breaker(store, BreakerPolicy(), clock) for store in ("hot", "wide")}
    hot = with_faults(SqliteHotStore(databases["hot"], clock), "hot", faults)
    wide = with_faults(SqliteWideStore(databases["wide"], clock), "wide", faults)
    queue = with_faults(SqliteStream(databases["stream"], clock), "stream", faults)
    return EmbeddedPlatform(
        decisions=with_faults(SqliteDecisionRecords(relational, clock), "relational", faults),
        customers=with_faults(SqliteCustomerRecords(relational, clock), "relational", faults),
        transactions=with_faults(SqliteTransactionRecords(relational), "relational", faults),
        policies=with_faults(SqlitePolicyRecords(relational, clock), "relational", faults),
        outbox=with_faults(SqliteOutbox(relational, clock), "relational", faults),
        sagas=with_faults(SqliteSagaLog(relational, clock), "relational", faults),
        disbursements=with_faults(SqliteDisbursementRecords(relational, clock), "relational", faults),
        audit=with_faults(SqliteAuditTrail(relational, clock), "relational", faults),
        hot=with_breaker(hot, breakers["hot"]),
        wide=with_breaker(wide, breakers["wide"]),
        cache=MissOnFailure(with_faults(MemoryCache(clock), "cache", faults)),
        stream=SealedCountedStream(queue, sealer),
        stream_answers=queue.oldest,
        letters=SqliteLetterBox(databases["stream"]),
        processing_log=SqliteProcessingLog(databases["stream"]),
        sealer=sealer,
        faults=faults,
        comparison=with_faults(SqliteComparisonSource(relational), "relational", faults),
        check_log=check_log,
        breakers=breakers,
        stores=databases,
        directory=data_dir,
        held=held,
    )
