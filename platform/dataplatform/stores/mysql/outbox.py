"""The outbox in MySQL: rows written by the pivot transaction, leased to projectors, deleted when done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, text

from credit.ports.records import OutboxRow
from dataplatform.stores.mysql.database import MysqlDatabase
from dataplatform.stores.outbox_rows import outbox_row, stored_payload
from foundation.clock import Clock
from foundation.instants import seconds_to_micros, to_micros

# Claims pass one at a time: two at once could split a key's rows between them, and its order would be lost.
_ENTER = text("SELECT gate FROM outbox_gate WHERE gate = 1 FOR UPDATE")
# Free rows, unless an older row of the same key is held or resting.
_FREE = text("""
SELECT o.row_id FROM outbox AS o
WHERE o.available_at <= :now AND NOT EXISTS (
  SELECT 1 FROM outbox AS older
  WHERE older.kind = o.kind AND older.record_key = o.record_key AND older.row_id < o.row_id
  AND older.available_at > :now)
ORDER BY o.row_id LIMIT :most
""")
_HOLD = text("""
UPDATE outbox SET holder = :worker, available_at = :until WHERE row_id IN :row_ids AND available_at <= :now
""").bindparams(bindparam("row_ids", expanding=True))
_HELD = text("""
SELECT row_id, kind, record_key, version, payload, attempts FROM outbox
WHERE row_id IN :row_ids AND holder = :worker AND available_at = :until ORDER BY row_id
""").bindparams(bindparam("row_ids", expanding=True))
_DONE = text("DELETE FROM outbox WHERE row_id IN :row_ids AND holder = :worker").bindparams(
    bindparam("row_ids", expanding=True)
)
_FAILED = text("""
UPDATE outbox SET holder = NULL, available_at = 0, attempts = attempts + 1, reason = :reason
WHERE row_id IN :row_ids AND holder = :worker
""").bindparams(bindparam("row_ids", expanding=True))
_INSERT = text("""
INSERT INTO outbox (kind, record_key, version, payload) VALUES (:kind, :record_key, :version, :payload)
""")
_DEPTH = text("SELECT count(*) FROM outbox")
_LONGEST_REASON = 1024


@dataclass(frozen=True, slots=True)
class Change:
    """A record that changed, to be projected."""

    kind: str
    key: str
    version: int
    payload: bytes


def insert_changes(connection: Connection, changes: Sequence[Change]) -> None:
    """Add them in this order, inside the caller's transaction."""
    if changes:
        connection.execute(
            _INSERT,
            [
                {
                    "kind": c.kind,
                    "record_key": c.key,
                    "version": c.version,
                    "payload": stored_payload(c.kind, c.key, c.version, c.payload),
                }
                for c in changes
            ],
        )


class MysqlOutbox:
    """Worker names must differ between processes: a lease that ran out is told by its holder's name."""

    def __init__(self, database: MysqlDatabase, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def claim(self, worker: str, limit: int, lease_seconds: float) -> Sequence[OutboxRow]:
        now = to_micros(self._clock.now())
        until = now + seconds_to_micros(lease_seconds)
        return await self._database.write(lambda c: _claim(c, worker, limit, now, until))

    async def done(self, worker: str, row_ids: Sequence[int]) -> None:
        if row_ids:
            values = {"worker": worker, "row_ids": sorted(row_ids)}
            await self._database.write(lambda c: c.execute(_DONE, values).rowcount)

    async def failed(self, worker: str, row_ids: Sequence[int], reason: str) -> None:
        if row_ids:
            values = {"worker": worker, "row_ids": sorted(row_ids), "reason": reason[:_LONGEST_REASON]}
            await self._database.write(lambda c: c.execute(_FAILED, values).rowcount)

    async def depth(self) -> int:
        return await self._database.read_newest(lambda c: int(c.execute(_DEPTH).scalar_one()))


def _claim(connection: Connection, worker: str, limit: int, now: int, until: int) -> Sequence[OutboxRow]:
    connection.execute(_ENTER)
    free = [row[0] for row in connection.execute(_FREE, {"now": now, "most": limit})]
    if not free:
        return []
    names = {"row_ids": free, "worker": worker, "until": until}
    connection.execute(_HOLD, {**names, "now": now})
    return [outbox_row(*row) for row in connection.execute(_HELD, names)]
