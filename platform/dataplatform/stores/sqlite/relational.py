"""SQLite under the relational ports: how it spells their statements, what it calls a duplicate, and the audit
trail's anchor.

It needs no row locks: the file has one writer, and a unit of its work is alone while it runs.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Sequence
from functools import cache
from typing import TypeVar

from dataplatform.security.anchor_file import AnchorFile
from dataplatform.security.audit_chain import GENESIS, Anchor
from dataplatform.stores.relational.session import NOTHING, Duplicate, RelationalSession, Row, Values
from dataplatform.stores.sqlite.database import Database
from foundation.clock import Clock

T = TypeVar("T")

# Columns that the first schema of these files named otherwise than MySQL's.
_NAMES = {
    "row_id": "rowid",
    "record_key": "key",
    "idempotency_key": "key",
    "decision_date": "decided_at",
    "first_sequence": "first",
    "last_sequence": "last",
}
_NAME = re.compile(rf"(?<!:)\b({'|'.join(_NAMES)})\b")
_LOCK = re.compile(r"\s+FOR UPDATE( SKIP LOCKED)?\b")
_LIST = re.compile(r"\bIN :(\w+)")
_DUPLICATES = (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
_TRAIL_END = "SELECT sequence, digest FROM audit ORDER BY sequence DESC LIMIT 1"


@cache
def spelled(statement: str) -> tuple[str, Sequence[str]]:
    """The statement for SQLite, and the names of its values that are lists: they are bound as JSON."""
    named = _NAME.sub(lambda match: _NAMES[match[1]], _LOCK.sub("", statement))
    return _LIST.sub(r"IN (SELECT value FROM json_each(:\1))", named), _LIST.findall(statement)


class SqliteRelationalSession:
    """Of one open transaction, or of a connection that only reads."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def rows(self, statement: str, values: Values = NOTHING) -> Sequence[Row]:
        return self._execute(statement, values).fetchall()

    def change(self, statement: str, values: Values = NOTHING) -> int:
        try:
            return self._execute(statement, values).rowcount
        except sqlite3.IntegrityError as error:
            raise _told(error) from error

    def change_all(self, statement: str, values: Sequence[Values]) -> None:
        try:
            self.connection.executemany(spelled(statement)[0], values)
        except sqlite3.IntegrityError as error:
            raise _told(error) from error

    def lock_outbox(self) -> None:
        return None

    def lock_trail(self) -> tuple[int, str]:
        return self.connection.execute(_TRAIL_END).fetchone() or (0, GENESIS)

    def move_trail(self, sequence: int, digest: str) -> None:
        return None

    def _execute(self, statement: str, values: Values) -> sqlite3.Cursor:
        text, lists = spelled(statement)
        if lists:
            values = {**values, **{name: json.dumps(values[name]) for name in lists}}
        return self.connection.execute(text, values)


def _told(error: sqlite3.IntegrityError) -> Exception:
    return Duplicate("relational") if error.sqlite_errorcode in _DUPLICATES else error


class SqliteRelational:
    """``RelationalDatabase`` over a file: whoever reads sees everything that is committed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, work: Callable[[RelationalSession], T]) -> T:
        return await self._database.write(lambda connection: work(SqliteRelationalSession(connection)))

    async def read(self, work: Callable[[RelationalSession], T]) -> T:
        return await self._database.read(lambda connection: work(SqliteRelationalSession(connection)))

    read_newest = find = read

    @property
    def saturation(self) -> float:
        return self._database.saturation

    async def close(self) -> None:
        await self._database.close()


class AuditWitness:
    """Anchors the audit chain's head outside the file after each group (``writer.CommitWitness``)."""

    def __init__(self, anchors: AnchorFile, clock: Clock) -> None:
        self._anchors, self._clock = anchors, clock

    def before_commit(self, connection: sqlite3.Connection) -> None:
        self._anchors.room()

    def after_commit(self, connection: sqlite3.Connection) -> None:
        sequence, digest = SqliteRelationalSession(connection).lock_trail()
        newest = self._anchors.newest
        if sequence > (0 if newest is None else newest.sequence):
            self._anchors.append(Anchor(sequence, digest, self._clock.now()))
