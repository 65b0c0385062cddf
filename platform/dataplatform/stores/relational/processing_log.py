"""Processing metadata: the newest ``keep`` batches of all workers that share a database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from dataplatform.ingestion.processing_log import BatchOutcome
from dataplatform.stores.relational.session import RelationalDatabase, RelationalSession, integer
from foundation.instants import from_micros, to_micros

_INSERT = """
INSERT INTO processing_log (worker, started_at, duration_seconds, first_sequence, last_sequence,
  ok, duplicate, retried, dead_letter)
VALUES (:worker, :started_at, :duration_seconds, :first, :last, :ok, :duplicate, :retried, :dead_letter)
"""
_NEWEST = "SELECT max(id) FROM processing_log"
_TRIM = "DELETE FROM processing_log WHERE id <= :newest"
_LATEST = """
SELECT worker, started_at, duration_seconds, first_sequence, last_sequence,
  ok, duplicate, retried, dead_letter
FROM processing_log ORDER BY id DESC LIMIT :most
"""


def latest_batches(session: RelationalSession, limit: int) -> Sequence[BatchOutcome]:
    """Newest first."""
    rows = session.rows(_LATEST, {"most": limit})
    return [BatchOutcome(row[0], from_micros(row[1]), *row[2:]) for row in rows]


class SqlProcessingLog:
    def __init__(self, database: RelationalDatabase, keep: int = 10_000) -> None:
        self._database, self._keep = database, keep

    async def add(self, outcome: BatchOutcome) -> None:
        values = {**asdict(outcome), "started_at": to_micros(outcome.started_at)}

        def work(session: RelationalSession) -> None:
            session.change(_INSERT, values)
            session.change(_TRIM, {"newest": integer(session, _NEWEST) - self._keep})

        await self._database.write(work)

    async def latest(self, limit: int) -> Sequence[BatchOutcome]:
        return await self._database.read(lambda s: latest_batches(s, limit))
