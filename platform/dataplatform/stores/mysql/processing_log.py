"""Processing metadata in MySQL: the newest ``keep`` batches of all workers."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

from dataplatform.ingestion.processing_log import BatchOutcome
from dataplatform.stores.mysql.database import MysqlDatabase
from foundation.instants import from_micros, to_micros

_INSERT = text("""
INSERT INTO processing_log (worker, started_at, duration_seconds, first_sequence, last_sequence,
  ok, duplicate, retried, dead_letter)
VALUES (:worker, :started_at, :duration_seconds, :first, :last, :ok, :duplicate, :retried, :dead_letter)
""")
_TRIM = text("DELETE FROM processing_log WHERE id <= :newest")
_LATEST = text("""
SELECT worker, started_at, duration_seconds, first_sequence, last_sequence,
  ok, duplicate, retried, dead_letter
FROM processing_log ORDER BY id DESC LIMIT :most
""")


class MysqlProcessingLog:
    def __init__(self, database: MysqlDatabase, keep: int = 10_000) -> None:
        self._database, self._keep = database, keep

    async def add(self, outcome: BatchOutcome) -> None:
        values = {
            "worker": outcome.worker,
            "started_at": to_micros(outcome.started_at),
            "duration_seconds": outcome.duration_seconds,
            "first": outcome.first,
            "last": outcome.last,
            "ok": outcome.ok,
            "duplicate": outcome.duplicate,
            "retried": outcome.retried,
            "dead_letter": outcome.dead_letter,
        }

        def work(connection: Connection) -> None:
            added = connection.execute(_INSERT, values).lastrowid
            connection.execute(_TRIM, {"newest": max(0, added - self._keep)})

        await self._database.write(work)

    async def latest(self, limit: int) -> Sequence[BatchOutcome]:
        rows = await self._database.read(lambda c: c.execute(_LATEST, {"most": limit}).all())
        return [BatchOutcome(row[0], from_micros(row[1]), *row[2:]) for row in rows]
