"""The relational database with its audit anchor: opened together, and checked against each other."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from dataplatform.errors import DataDirectoryError, SchemaError
from dataplatform.schemas.relational import RUNGS
from dataplatform.security.anchor_file import AnchorFile, read_anchors
from dataplatform.security.audit_chain import Anchor, AuditReport, ChainVerifier
from dataplatform.stores.relational.audit import read_entries, read_head
from dataplatform.stores.sqlite.connection import reading
from dataplatform.stores.sqlite.database import Database
from dataplatform.stores.sqlite.relational import AuditWitness, SqliteRelationalSession
from foundation.clock import Clock

_PAGE = 1_000
_FIX = "Run: mirante audit verify; restore the database (or the anchors) from a backup"


def open_relational(data_dir: Path, clock: Clock, undo: ExitStack) -> Database:
    """Open ``data/relational.sqlite`` and ``anchors/``; what to undo goes on the stack.

    Raises:
        SchemaError: the trail is shorter than its anchor says, or not the one that was anchored.
        DataDirectoryError: the anchor cannot be written.
    """
    path = data_dir / "data" / "relational.sqlite"
    try:
        anchors = AnchorFile(data_dir / "anchors")
    except OSError as error:
        raise DataDirectoryError(
            data_dir / "anchors",
            f"the anchor cannot be written ({error.strerror})",
            "Check its permissions and the free space",
        ) from error
    undo.callback(anchors.close)

    def prepare(connection: sqlite3.Connection) -> None:
        for table in ("outbox", "sagas"):  # the directory is locked to one process: its holders are dead
            connection.execute(f"UPDATE {table} SET holder = NULL, available_at = 0 WHERE holder IS NOT NULL")  # noqa: S608
        _agree(SqliteRelationalSession(connection), path, anchors, clock)

    database = Database(
        path, "relational", RUNGS, prepare=prepare, witness=AuditWitness(anchors, clock), readers=4
    )
    undo.callback(database.stop)
    return database


def verify_directory(data_dir: Path) -> AuditReport:
    """Verify the audit trail under ``data_dir`` against its anchors, while a server runs or not.

    Raises:
        DataDirectoryError: there is no database, or it cannot be read.
        SchemaError: the anchors cannot be read.
    """
    anchors = read_anchors(data_dir / "anchors")  # before the trail, which grows meanwhile
    with reading(data_dir / "data" / "relational.sqlite", RUNGS, "database") as connection:
        return _verify(SqliteRelationalSession(connection), anchors)


def _verify(session: SqliteRelationalSession, anchors: Sequence[Anchor]) -> AuditReport:
    verifier = ChainVerifier(anchors)
    after = 0
    while page := read_entries(session, _PAGE, after):
        verifier.feed(page)
        after = page[-1].sequence
    return verifier.report()


def _agree(session: SqliteRelationalSession, path: Path, anchors: AnchorFile, clock: Clock) -> None:
    """The chain may be ahead of its anchor by the last group before a crash, never behind it."""
    head, newest = read_head(session), anchors.newest
    if newest is not None:
        if head is None or head.sequence < newest.sequence:
            reached = 0 if head is None else head.sequence
            raise SchemaError(
                path,
                f"its audit trail ends at entry {reached}, but entry {newest.sequence} has an anchor",
                _FIX,
            )
        anchored = read_entries(session, 1, newest.sequence - 1)[0]
        if anchored.digest != newest.digest:
            raise SchemaError(path, f"audit entry {newest.sequence} does not match its anchor", _FIX)
    if head is not None and (newest is None or head.sequence > newest.sequence):
        anchors.room()
        anchors.append(Anchor(head.sequence, head.digest, clock.now()))
