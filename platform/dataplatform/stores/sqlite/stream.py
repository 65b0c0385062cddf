"""The ingestion stream in SQLite: durable, at least once, in order within a partition key."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from credit.ports.stream import DeadLetter, StreamRecord
from dataplatform.stores.sqlite.database import Database
from dataplatform.stores.sqlite.letter_box import SqliteLetterBox
from foundation.clock import Clock
from foundation.instants import from_micros, seconds_to_micros, to_micros

_PUT = "INSERT INTO records (partition_key, data, arrived_at) VALUES (?, ?, ?)"
# A lease that ran out counts as a failed attempt: its worker died or hung on the record.
_FREE = """
SELECT sequence, partition_key, data, arrived_at, attempts + (holder IS NOT NULL) FROM records AS r
WHERE (r.holder IS NULL OR r.lease_until <= :now) AND NOT EXISTS (
  SELECT 1 FROM records AS older WHERE older.partition_key = r.partition_key
  AND older.sequence < r.sequence AND older.holder IS NOT NULL AND older.lease_until > :now)
ORDER BY r.sequence LIMIT :limit
"""
_HOLD = "UPDATE records SET holder = ?, lease_until = ?, attempts = ? WHERE sequence = ?"
_ACK = "DELETE FROM records WHERE sequence = ? AND holder = ?"
_RETRY = (
    "UPDATE records SET holder = NULL, lease_until = 0, attempts = attempts + 1 "
    "WHERE sequence = ? AND holder = ?"
)
_BURY = """
INSERT INTO dead_letters (sequence, partition_key, data, arrived_at, attempts, reason, failed_at)
SELECT sequence, partition_key, data, arrived_at, attempts + 1, ?, ? FROM records
WHERE sequence = ? AND holder = ?
"""
_REPLAY = """
INSERT INTO records (sequence, partition_key, data, arrived_at)
SELECT sequence, partition_key, data, arrived_at FROM dead_letters WHERE sequence = ?
"""


def release_leases(connection: sqlite3.Connection) -> None:
    """Give every held record back, an attempt spent: the directory is locked to one process."""
    connection.execute(
        "UPDATE records SET holder = NULL, lease_until = 0, attempts = attempts + 1 WHERE holder IS NOT NULL"
    )


class SqliteStream:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def put(self, records: Sequence[tuple[str, bytes]]) -> Sequence[str]:
        now = to_micros(self._clock.now())

        def work(connection: sqlite3.Connection) -> list[str]:
            return [str(connection.execute(_PUT, (key, data, now)).lastrowid) for key, data in records]

        return await self._database.write(work)

    async def lease(self, worker: str, limit: int, lease_seconds: float) -> Sequence[StreamRecord]:
        now = to_micros(self._clock.now())
        until = now + seconds_to_micros(lease_seconds)

        def work(connection: sqlite3.Connection) -> list[StreamRecord]:
            found = connection.execute(_FREE, {"now": now, "limit": limit}).fetchall()
            connection.executemany(_HOLD, [(worker, until, row[4], row[0]) for row in found])
            return [StreamRecord(str(row[0]), row[1], row[2], from_micros(row[3]), row[4]) for row in found]

        return await self._database.write(work)

    async def ack(self, worker: str, sequences: Sequence[str]) -> None:
        await self._for_each(_ACK, worker, sequences)

    async def retry(self, worker: str, sequences: Sequence[str]) -> None:
        await self._for_each(_RETRY, worker, sequences)

    async def bury(self, worker: str, sequence: str, reason: str) -> None:
        now = to_micros(self._clock.now())

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(_BURY, (reason, now, sequence, worker))
            connection.execute(_ACK, (sequence, worker))

        await self._database.write(work)

    async def dead_letters(self, limit: int) -> Sequence[DeadLetter]:
        return await SqliteLetterBox(self._database).letters(limit)

    async def replay(self, sequences: Sequence[str]) -> int:
        def work(connection: sqlite3.Connection) -> int:
            moved = 0
            for sequence in sequences:
                moved += connection.execute(_REPLAY, (sequence,)).rowcount
                connection.execute("DELETE FROM dead_letters WHERE sequence = ?", (sequence,))
            return moved

        return await self._database.write(work)

    async def oldest(self) -> datetime | None:
        statement = "SELECT arrived_at FROM records ORDER BY sequence LIMIT 1"
        row = await self._database.read(lambda c: c.execute(statement).fetchone())
        return None if row is None else from_micros(row[0])

    async def answers(self) -> None:
        await self.oldest()

    async def _for_each(self, statement: str, worker: str, sequences: Sequence[str]) -> None:
        pairs = [(sequence, worker) for sequence in sequences]
        await self._database.write(lambda c: c.executemany(statement, pairs).rowcount)
