"""The log of sagas in SQLite: every write of a holder is conditional on its fence."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from credit.domain.errors import IdempotencyConflict, LeaseLost
from credit.ports.sagas import Phase, Saga, SagaState, SagaTally, StepState
from dataplatform.stores.saga_rows import SAGA_COLUMNS, saga_from_row
from dataplatform.stores.sqlite.database import Database
from foundation.clock import Clock
from foundation.instants import from_micros, seconds_to_micros, to_micros

_INSERT = """
INSERT INTO sagas (saga_id, kind, content, state, phase, started_at) VALUES (?, ?, ?, 'OPEN', 'FORWARD', ?)
ON CONFLICT (saga_id) DO NOTHING
"""
_BY_ID = f"SELECT {SAGA_COLUMNS} FROM sagas WHERE saga_id = ?"  # noqa: S608 - constants
_BY_STATE = f"SELECT {SAGA_COLUMNS} FROM sagas WHERE state = ? ORDER BY started_at, saga_id LIMIT ?"  # noqa: S608
_STEPS = "SELECT step, state FROM saga_steps WHERE saga_id = ?"
_FREE = """
SELECT saga_id FROM sagas WHERE state = 'OPEN' AND available_at <= ? ORDER BY available_at, saga_id LIMIT ?
"""
_HOLD = """
UPDATE sagas SET fence = fence + 1, holder = ?, available_at = ?
WHERE saga_id = ? AND state = 'OPEN' AND available_at <= ?
"""
_STEP = """
INSERT INTO saga_steps (saga_id, step, state) VALUES (?, ?, ?)
ON CONFLICT (saga_id, step) DO UPDATE SET state = excluded.state
"""
_RETRY = """
UPDATE sagas SET state = 'OPEN', attempts = 0, available_at = 0
WHERE saga_id = ? AND state = 'STUCK'
"""
_TALLY = """
SELECT kind, state, count(*), min(started_at) FROM sagas WHERE state IN ('OPEN', 'STUCK') GROUP BY kind, state
"""
_ENDS_THE_COUNT = (StepState.DONE, StepState.UNDONE, StepState.REFUSED)


def require_fence(connection: sqlite3.Connection, saga_id: str, fence: int) -> None:
    """For a pivot, inside its transaction. Raises LeaseLost."""
    row = connection.execute(
        "SELECT 1 FROM sagas WHERE saga_id = ? AND fence = ? AND state = 'OPEN'", (saga_id, fence)
    ).fetchone()
    if row is None:
        raise LeaseLost(saga_id, fence)


def release_leases(connection: sqlite3.Connection) -> None:
    """Free every held saga: the directory is locked to one process, so their holders are dead."""
    connection.execute("UPDATE sagas SET holder = NULL, available_at = 0 WHERE holder IS NOT NULL")


def _saga(connection: sqlite3.Connection, row: Sequence[Any]) -> Saga:
    steps = {step: StepState(state) for step, state in connection.execute(_STEPS, (row[0],))}
    return saga_from_row(row, steps)


def find_saga(connection: sqlite3.Connection, saga_id: str) -> Saga | None:
    row = connection.execute(_BY_ID, (saga_id,)).fetchone()
    return None if row is None else _saga(connection, row)


def list_sagas(connection: sqlite3.Connection, state: SagaState, limit: int) -> Sequence[Saga]:
    rows = connection.execute(_BY_STATE, (state.value, limit)).fetchall()
    return [_saga(connection, row) for row in rows]


def _change(connection: sqlite3.Connection, saga: Saga, changes: Mapping[str, object]) -> None:
    names = ", ".join(f"{name} = ?" for name in changes)
    statement = f"UPDATE sagas SET {names} WHERE saga_id = ? AND fence = ? AND state = 'OPEN'"  # noqa: S608
    if not connection.execute(statement, (*changes.values(), saga.saga_id, saga.fence)).rowcount:
        raise LeaseLost(saga.saga_id, saga.fence)


class SqliteSagaLog:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def begin(self, saga_id: str, kind: str, content: bytes) -> Saga:
        values = (saga_id, kind, content, to_micros(self._clock.now()))

        def work(connection: sqlite3.Connection) -> Saga:
            connection.execute(_INSERT, values)
            found = find_saga(connection, saga_id)
            if found is None or (found.kind, found.content) != (kind, content):
                raise IdempotencyConflict(saga_id)
            return found

        return await self._database.write(work)

    async def claim(self, holder: str, limit: int, lease_seconds: float) -> Sequence[Saga]:
        now, until = self._lease(lease_seconds)

        def work(connection: sqlite3.Connection) -> Sequence[Saga]:
            free = [row[0] for row in connection.execute(_FREE, (now, limit)).fetchall()]
            taken = [_take(connection, saga_id, holder, now, until) for saga_id in free]
            return [saga for saga in taken if saga is not None]

        return await self._database.write(work)

    async def claim_one(self, saga_id: str, holder: str, lease_seconds: float) -> Saga | None:
        now, until = self._lease(lease_seconds)
        return await self._database.write(lambda c: _take(c, saga_id, holder, now, until))

    async def note(
        self, saga: Saga, step: str, state: StepState, lease_seconds: float, reason: str | None = None
    ) -> None:
        changes: dict[str, object] = {"available_at": self._lease(lease_seconds)[1]}
        if state in _ENDS_THE_COUNT:
            changes["attempts"] = 0
        if state is StepState.REFUSED:
            changes |= {"phase": Phase.BACKWARD.value, "reason": reason}

        def work(connection: sqlite3.Connection) -> None:
            _change(connection, saga, changes)
            connection.execute(_STEP, (saga.saga_id, step, state.value))

        await self._database.write(work)

    async def turn_back(self, saga: Saga, reason: str) -> None:
        await self._set(saga, {"phase": Phase.BACKWARD.value, "reason": reason, "attempts": 0})

    async def end(self, saga: Saga, state: SagaState, trouble: str | None = None) -> None:
        await self._set(saga, {"state": state.value, "holder": None, "trouble": trouble})

    async def postpone(self, saga: Saga, seconds: float, attempts: int, trouble: str) -> None:
        changes = {"holder": None, "attempts": attempts, "trouble": trouble}
        await self._set(saga, {"available_at": self._lease(seconds)[1], **changes})

    async def retry(self, saga_id: str) -> bool:
        return await self._database.write(lambda c: c.execute(_RETRY, (saga_id,)).rowcount > 0)

    async def find(self, saga_id: str) -> Saga | None:
        return await self._database.read(lambda c: find_saga(c, saga_id))

    async def list(self, state: SagaState, limit: int) -> Sequence[Saga]:
        return await self._database.read(lambda c: list_sagas(c, state, limit))

    async def tally(self) -> Sequence[SagaTally]:
        rows = await self._database.read(lambda c: c.execute(_TALLY).fetchall())
        return [SagaTally(kind, SagaState(state), n, from_micros(at)) for kind, state, n, at in rows]

    def _lease(self, seconds: float) -> tuple[int, int]:
        now = to_micros(self._clock.now())
        return now, now + seconds_to_micros(seconds)

    async def _set(self, saga: Saga, changes: Mapping[str, object]) -> None:
        await self._database.write(lambda c: _change(c, saga, changes))


def _take(connection: sqlite3.Connection, saga_id: str, holder: str, now: int, until: int) -> Saga | None:
    taken = connection.execute(_HOLD, (holder, until, saga_id, now)).rowcount
    return find_saga(connection, saga_id) if taken else None
