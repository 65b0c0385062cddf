"""The outbox in SQLite: rows written by the pivot transaction, leased to projectors, deleted when done."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from credit.ports.records import OutboxRow
from dataplatform.stores.outbox_rows import outbox_row, stored_payload
from dataplatform.stores.sqlite.database import Database
from foundation.clock import Clock
from foundation.instants import seconds_to_micros, to_micros

# Free rows, unless an older row of the same key is held or resting: the order within a key is kept.
_FREE = """
SELECT row_id, kind, key, version, payload, attempts FROM outbox AS o
WHERE o.available_at <= :now AND NOT EXISTS (
  SELECT 1 FROM outbox AS older
  WHERE older.kind = o.kind AND older.key = o.key AND older.row_id < o.row_id AND older.available_at > :now)
ORDER BY o.row_id LIMIT :limit
"""
_HOLD = "UPDATE outbox SET holder = ?, available_at = ? WHERE row_id = ?"
_DONE = "DELETE FROM outbox WHERE row_id = ? AND holder = ?"
_FAILED = (
    "UPDATE outbox SET holder = NULL, available_at = 0, attempts = attempts + 1, reason = ? "
    "WHERE row_id = ? AND holder = ?"
)
_INSERT = "INSERT INTO outbox (kind, key, version, payload) VALUES (?, ?, ?, ?)"


def insert_row(connection: sqlite3.Connection, kind: str, key: str, version: int, payload: bytes) -> None:
    """Add a change to project, inside the caller's transaction."""
    connection.execute(_INSERT, (kind, key, version, stored_payload(kind, key, version, payload)))


def release_leases(connection: sqlite3.Connection) -> None:
    """Give every held row back: the directory is locked to one process, so its holders are dead."""
    connection.execute("UPDATE outbox SET holder = NULL, available_at = 0 WHERE holder IS NOT NULL")


class SqliteOutbox:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def claim(self, worker: str, limit: int, lease_seconds: float) -> Sequence[OutboxRow]:
        now = to_micros(self._clock.now())
        until = now + seconds_to_micros(lease_seconds)

        def work(connection: sqlite3.Connection) -> Sequence[OutboxRow]:
            found = connection.execute(_FREE, {"now": now, "limit": limit}).fetchall()
            connection.executemany(_HOLD, [(worker, until, row[0]) for row in found])
            return [outbox_row(*row) for row in found]

        return await self._database.write(work)

    async def done(self, worker: str, row_ids: Sequence[int]) -> None:
        pairs = [(row_id, worker) for row_id in row_ids]
        await self._database.write(lambda c: _execute_many(c, _DONE, pairs))

    async def failed(self, worker: str, row_ids: Sequence[int], reason: str) -> None:
        triples = [(reason, row_id, worker) for row_id in row_ids]
        await self._database.write(lambda c: _execute_many(c, _FAILED, triples))

    async def depth(self) -> int:
        return await self._database.read(
            lambda c: int(c.execute("SELECT count(*) FROM outbox").fetchone()[0])
        )


def _execute_many(
    connection: sqlite3.Connection, statement: str, rows: Sequence[tuple[int | str, ...]]
) -> None:
    connection.executemany(statement, rows)
