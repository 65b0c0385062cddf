"""Processing metadata in SQLite, beside the stream it tells of; the newest ``keep`` batches."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from dataplatform.ingestion.processing_log import BatchOutcome
from dataplatform.stores.sqlite.database import Database
from foundation.instants import from_micros, to_micros

_COLUMNS = "worker, started_at, duration_seconds, first, last, ok, duplicate, retried, dead_letter"
_INSERT = f"INSERT INTO processing_log ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - a constant
_TRIM = "DELETE FROM processing_log WHERE id <= (SELECT max(id) FROM processing_log) - ?"
_LATEST = f"SELECT {_COLUMNS} FROM processing_log ORDER BY id DESC LIMIT ?"  # noqa: S608 - a constant


class SqliteProcessingLog:
    def __init__(self, database: Database, keep: int = 10_000) -> None:
        self._database, self._keep = database, keep

    async def add(self, outcome: BatchOutcome) -> None:
        values = (
            outcome.worker,
            to_micros(outcome.started_at),
            outcome.duration_seconds,
            outcome.first,
            outcome.last,
            outcome.ok,
            outcome.duplicate,
            outcome.retried,
            outcome.dead_letter,
        )

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(_INSERT, values)
            connection.execute(_TRIM, (self._keep,))

        await self._database.write(work)

    async def latest(self, limit: int) -> Sequence[BatchOutcome]:
        rows = await self._database.read(lambda c: c.execute(_LATEST, (limit,)).fetchall())
        return [BatchOutcome(row[0], from_micros(row[1]), *row[2:]) for row in rows]
