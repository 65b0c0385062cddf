"""The audit trail in SQLite: appended within the transaction it witnesses, anchored after each commit."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from credit.ports.records import AuditEntry
from dataplatform.security.anchor_file import AnchorFile
from dataplatform.security.audit_chain import GENESIS, Anchor, link
from dataplatform.stores.sqlite.database import Database
from foundation.clock import Clock
from foundation.instants import from_micros, to_micros

_COLUMNS = "sequence, at, actor, action, subject, body, previous, digest"
_HEAD = f"SELECT {_COLUMNS} FROM audit ORDER BY sequence DESC LIMIT 1"  # noqa: S608 - a constant
_PAGE = f"SELECT {_COLUMNS} FROM audit WHERE sequence > ? ORDER BY sequence LIMIT ?"  # noqa: S608 - a constant
_LINK = "SELECT sequence, digest FROM audit ORDER BY sequence DESC LIMIT 1"
_INSERT = f"INSERT INTO audit ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - a constant


def _entry(row: tuple[int, int, str, str, str, bytes, str, str]) -> AuditEntry:
    return AuditEntry(row[0], from_micros(row[1]), *row[2:])


def append_entry(
    connection: sqlite3.Connection, at: datetime, actor: str, action: str, subject: str, body: bytes
) -> AuditEntry:
    """Add the next link, inside the caller's transaction."""
    last = connection.execute(_LINK).fetchone()
    sequence, previous = (last[0] + 1, last[1]) if last else (1, GENESIS)
    digest = link(previous, sequence, at, actor, action, subject, body)
    connection.execute(_INSERT, (sequence, to_micros(at), actor, action, subject, body, previous, digest))
    return AuditEntry(sequence, at, actor, action, subject, body, previous, digest)


def read_head(connection: sqlite3.Connection) -> AuditEntry | None:
    row = connection.execute(_HEAD).fetchone()
    return None if row is None else _entry(row)


def read_entries(connection: sqlite3.Connection, limit: int, after_sequence: int) -> Sequence[AuditEntry]:
    return [_entry(row) for row in connection.execute(_PAGE, (after_sequence, limit))]


class AuditWitness:
    """Anchors the chain's head after each group (``CommitWitness``)."""

    def __init__(self, anchors: AnchorFile, clock: Clock) -> None:
        self._anchors, self._clock = anchors, clock

    def before_commit(self, connection: sqlite3.Connection) -> None:
        self._anchors.room()

    def after_commit(self, connection: sqlite3.Connection) -> None:
        last = connection.execute(_LINK).fetchone()
        newest = self._anchors.newest
        if last is not None and (newest is None or last[0] > newest.sequence):
            self._anchors.append(Anchor(last[0], last[1], self._clock.now()))


class SqliteAuditTrail:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def head(self) -> AuditEntry | None:
        return await self._database.read(read_head)

    async def entries(self, limit: int, after_sequence: int = 0) -> Sequence[AuditEntry]:
        return await self._database.read(lambda c: read_entries(c, limit, after_sequence))

    async def append(self, actor: str, action: str, subject: str, body: bytes) -> AuditEntry:
        at = self._clock.now()
        return await self._database.write(lambda c: append_entry(c, at, actor, action, subject, body))
