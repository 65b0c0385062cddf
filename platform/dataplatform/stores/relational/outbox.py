"""The outbox: rows written by the pivot transaction, leased to projectors, deleted when done.

A payload lies behind the trace of the work that wrote it (ADR 16).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from credit.ports.records import OutboxRow
from dataplatform.observability.carried_trace import behind, split_trace, trace_of_row
from dataplatform.stores.relational.session import RelationalDatabase, RelationalSession, Row, integer
from foundation.clock import Clock
from foundation.instants import seconds_to_micros, to_micros

# Free rows, unless an older row of the same key is held or resting: the order within a key is kept.
_FREE = """
SELECT o.row_id FROM outbox AS o
WHERE o.available_at <= :now AND NOT EXISTS (
  SELECT 1 FROM outbox AS older
  WHERE older.kind = o.kind AND older.record_key = o.record_key AND older.row_id < o.row_id
  AND older.available_at > :now)
ORDER BY o.row_id LIMIT :most
"""
_HOLD = """
UPDATE outbox SET holder = :worker, available_at = :until WHERE row_id IN :row_ids AND available_at <= :now
"""
_HELD = """
SELECT row_id, kind, record_key, version, payload, attempts FROM outbox
WHERE row_id IN :row_ids AND holder = :worker AND available_at = :until ORDER BY row_id
"""
_DONE = "DELETE FROM outbox WHERE row_id IN :row_ids AND holder = :worker"
_FAILED = """
UPDATE outbox SET holder = NULL, available_at = 0, attempts = attempts + 1, reason = :reason
WHERE row_id IN :row_ids AND holder = :worker
"""
_INSERT = """
INSERT INTO outbox (kind, record_key, version, payload) VALUES (:kind, :record_key, :version, :payload)
"""
_DEPTH = "SELECT count(*) FROM outbox"
_LONGEST_REASON = 1024


@dataclass(frozen=True, slots=True)
class OutboxChange:
    """A record that changed, to be projected."""

    kind: str
    key: str
    version: int
    payload: bytes


def insert_changes(session: RelationalSession, changes: Sequence[OutboxChange]) -> None:
    """Add them in this order, inside the caller's transaction."""
    session.change_all(
        _INSERT,
        [
            {
                "kind": c.kind,
                "record_key": c.key,
                "version": c.version,
                "payload": behind(trace_of_row(c.kind, c.key, c.version), c.payload),
            }
            for c in changes
        ],
    )


class SqlOutbox:
    """Worker names must differ between processes: a lease that ran out is told by its holder's name."""

    def __init__(self, database: RelationalDatabase, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def claim(self, worker: str, limit: int, lease_seconds: float) -> Sequence[OutboxRow]:
        now = to_micros(self._clock.now())
        until = now + seconds_to_micros(lease_seconds)
        return await self._database.write(lambda s: _claim(s, worker, limit, now, until))

    async def done(self, worker: str, row_ids: Sequence[int]) -> None:
        if row_ids:
            values = {"worker": worker, "row_ids": sorted(row_ids)}
            await self._database.write(lambda s: s.change(_DONE, values))

    async def failed(self, worker: str, row_ids: Sequence[int], reason: str) -> None:
        if row_ids:
            values = {"worker": worker, "row_ids": sorted(row_ids), "reason": reason[:_LONGEST_REASON]}
            await self._database.write(lambda s: s.change(_FAILED, values))

    async def depth(self) -> int:
        return await self._database.read_newest(lambda s: integer(s, _DEPTH))


def _claim(session: RelationalSession, worker: str, limit: int, now: int, until: int) -> Sequence[OutboxRow]:
    session.lock_outbox()
    free = [row[0] for row in session.rows(_FREE, {"now": now, "most": limit})]
    if not free:
        return []
    names = {"row_ids": free, "worker": worker, "until": until}
    session.change(_HOLD, {**names, "now": now})
    return [_row(row) for row in session.rows(_HELD, names)]


def _row(row: Row) -> OutboxRow:
    row_id, kind, key, version, stored, attempts = row
    trace, payload = split_trace(stored)
    return OutboxRow(row_id, kind, key, version, payload, attempts, trace)
