"""Dead letters in SQLite: those of the embedded stream, and in the same table those of streams elsewhere."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from credit.ports.stream import DeadLetter, StreamRecord
from dataplatform.stores.sqlite.database import Database
from foundation.instants import from_micros, to_micros

_ADD = """
INSERT INTO dead_letters (sequence, partition_key, data, arrived_at, attempts, reason, failed_at)
VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sequence) DO UPDATE SET
attempts = excluded.attempts, reason = excluded.reason, failed_at = excluded.failed_at
"""
_COLUMNS = "sequence, partition_key, data, arrived_at, attempts, reason, failed_at"
_LETTERS = f"SELECT {_COLUMNS} FROM dead_letters ORDER BY rowid LIMIT ?"  # noqa: S608 - constants
_FIND = f"SELECT {_COLUMNS} FROM dead_letters WHERE sequence = ?"  # noqa: S608 - constants
_REMOVE = "DELETE FROM dead_letters WHERE sequence = ?"


class SqliteLetterBox:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, letter: DeadLetter) -> None:
        record = letter.record
        row = (
            record.sequence,
            record.partition_key,
            record.data,
            to_micros(record.arrived_at),
            record.attempts,
            letter.reason,
            to_micros(letter.failed_at),
        )
        await self._database.write(lambda c: c.execute(_ADD, row).rowcount)

    async def letters(self, limit: int) -> Sequence[DeadLetter]:
        rows = await self._database.read(lambda c: c.execute(_LETTERS, (limit,)).fetchall())
        return [_letter(row) for row in rows]

    async def find(self, sequences: Sequence[str]) -> Sequence[DeadLetter]:
        def work(connection: sqlite3.Connection) -> list[Any]:
            return [row for name in sequences for row in connection.execute(_FIND, (name,))]

        return [_letter(row) for row in await self._database.read(work)]

    async def remove(self, sequences: Sequence[str]) -> None:
        rows = [(name,) for name in sequences]
        await self._database.write(lambda c: c.executemany(_REMOVE, rows).rowcount)


def _letter(row: Sequence[Any]) -> DeadLetter:
    record = StreamRecord(row[0], row[1], row[2], from_micros(row[3]), row[4])
    return DeadLetter(record, row[5], from_micros(row[6]))
