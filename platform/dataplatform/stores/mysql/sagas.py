"""The log of sagas in MySQL: every write of a holder is conditional on its fence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from credit.domain.errors import IdempotencyConflict, LeaseLost
from credit.ports.sagas import Phase, Saga, SagaState, SagaTally, StepState
from dataplatform.stores.mysql.database import MysqlDatabase
from dataplatform.stores.mysql.failures import DUPLICATE_KEY, Contended, code_of
from dataplatform.stores.saga_rows import SAGA_COLUMNS, saga_from_row
from foundation.clock import Clock
from foundation.instants import from_micros, seconds_to_micros, to_micros

_INSERT = text("""
INSERT INTO sagas (saga_id, kind, content, state, phase, started_at)
VALUES (:saga_id, :kind, :content, 'OPEN', 'FORWARD', :started_at)
""")
_BY_ID = text(f"SELECT {SAGA_COLUMNS} FROM sagas WHERE saga_id = :saga_id")  # noqa: S608 - constants
_BY_STATE = text(
    f"SELECT {SAGA_COLUMNS} FROM sagas WHERE state = :state "  # noqa: S608 - constants
    "ORDER BY started_at, saga_id LIMIT :most"
)
_STEPS = text("SELECT step, state FROM saga_steps WHERE saga_id = :saga_id")
# Who claims at the same time takes others: to wait for these would be in vain, and to share them comes short.
_FREE = text("""
SELECT saga_id FROM sagas WHERE state = 'OPEN' AND available_at <= :now
ORDER BY available_at, saga_id LIMIT :most FOR UPDATE SKIP LOCKED
""")
_HOLD = text("""
UPDATE sagas SET fence = fence + 1, holder = :holder, available_at = :until
WHERE saga_id = :saga_id AND state = 'OPEN' AND available_at <= :now
""")
_FENCED = text("""
SELECT saga_id FROM sagas WHERE saga_id = :saga_id AND fence = :fence AND state = 'OPEN' FOR UPDATE
""")
_STEP_UPDATE = text("UPDATE saga_steps SET state = :state WHERE saga_id = :saga_id AND step = :step")
_STEP_INSERT = text("INSERT INTO saga_steps (saga_id, step, state) VALUES (:saga_id, :step, :state)")
_RETRY = text("""
UPDATE sagas SET state = 'OPEN', attempts = 0, available_at = 0 WHERE saga_id = :saga_id AND state = 'STUCK'
""")
_TALLY = text("""
SELECT kind, state, count(*), min(started_at) FROM sagas WHERE state IN ('OPEN', 'STUCK') GROUP BY kind, state
""")
_ENDS_THE_COUNT = (StepState.DONE, StepState.UNDONE, StepState.REFUSED)
_LONGEST_TEXT = 1024


def require_fence(connection: Connection, saga_id: str, fence: int) -> None:
    """For a pivot, inside its transaction: the saga stays locked until the commit, so nobody claims it in
    between. Raises LeaseLost."""
    if connection.execute(_FENCED, {"saga_id": saga_id, "fence": fence}).one_or_none() is None:
        raise LeaseLost(saga_id, fence)


def _saga(connection: Connection, row: Sequence[Any]) -> Saga:
    steps = {step: StepState(state) for step, state in connection.execute(_STEPS, {"saga_id": row[0]})}
    return saga_from_row(row, steps)


def _find(connection: Connection, saga_id: str) -> Saga | None:
    row = connection.execute(_BY_ID, {"saga_id": saga_id}).one_or_none()
    return None if row is None else _saga(connection, row)


def _begin(connection: Connection, values: Mapping[str, Any]) -> Saga:
    found = _find(connection, values["saga_id"])
    if found is None:
        try:
            connection.execute(_INSERT, values)
        except IntegrityError as error:
            if code_of(error) == DUPLICATE_KEY:
                raise Contended("relational", "another call began the same saga") from error
            raise
        found = _find(connection, values["saga_id"])
    if found is None or (found.kind, found.content) != (values["kind"], values["content"]):
        raise IdempotencyConflict(values["saga_id"])
    return found


def _take(connection: Connection, names: Mapping[str, object], saga_id: str) -> Saga | None:
    taken = connection.execute(_HOLD, {**names, "saga_id": saga_id}).rowcount
    return _find(connection, saga_id) if taken else None


def _change(connection: Connection, saga: Saga, changes: Mapping[str, object]) -> None:
    require_fence(connection, saga.saga_id, saga.fence)
    names = ", ".join(f"{name} = :{name}" for name in changes)
    statement = text(f"UPDATE sagas SET {names} WHERE saga_id = :saga_id")  # noqa: S608 - our own names
    connection.execute(statement, {**changes, "saga_id": saga.saga_id})


def _note(
    connection: Connection, saga: Saga, changes: Mapping[str, object], step: str, state: StepState
) -> None:
    _change(connection, saga, changes)
    values = {"saga_id": saga.saga_id, "step": step, "state": state.value}
    if not connection.execute(_STEP_UPDATE, values).rowcount:
        connection.execute(_STEP_INSERT, values)


class MysqlSagaLog:
    def __init__(self, database: MysqlDatabase, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def begin(self, saga_id: str, kind: str, content: bytes) -> Saga:
        started_at = to_micros(self._clock.now())
        values = {"saga_id": saga_id, "kind": kind, "content": content, "started_at": started_at}
        return await self._database.write(lambda c: _begin(c, values))

    async def claim(self, holder: str, limit: int, lease_seconds: float) -> Sequence[Saga]:
        names = self._names(holder, lease_seconds)

        def work(connection: Connection) -> Sequence[Saga]:
            values = {"now": names["now"], "most": limit}
            free = connection.execute(_FREE, values).scalars().all()
            taken = [_take(connection, names, saga_id) for saga_id in free]
            return [saga for saga in taken if saga is not None]

        return await self._database.write(work)

    async def claim_one(self, saga_id: str, holder: str, lease_seconds: float) -> Saga | None:
        names = self._names(holder, lease_seconds)
        return await self._database.write(lambda c: _take(c, names, saga_id))

    async def note(
        self, saga: Saga, step: str, state: StepState, lease_seconds: float, reason: str | None = None
    ) -> None:
        changes: dict[str, object] = {"available_at": self._until(lease_seconds)}
        if state in _ENDS_THE_COUNT:
            changes["attempts"] = 0
        if state is StepState.REFUSED:
            changes |= {"phase": Phase.BACKWARD.value, "reason": reason}
        await self._database.write(lambda c: _note(c, saga, changes, step, state))

    async def turn_back(self, saga: Saga, reason: str) -> None:
        changes = {"phase": Phase.BACKWARD.value, "reason": reason[:_LONGEST_TEXT], "attempts": 0}
        await self._database.write(lambda c: _change(c, saga, changes))

    async def end(self, saga: Saga, state: SagaState, trouble: str | None = None) -> None:
        told = None if trouble is None else trouble[:_LONGEST_TEXT]
        changes = {"state": state.value, "holder": None, "trouble": told}
        await self._database.write(lambda c: _change(c, saga, changes))

    async def postpone(self, saga: Saga, seconds: float, attempts: int, trouble: str) -> None:
        changes = {
            "available_at": self._until(seconds),
            "holder": None,
            "attempts": attempts,
            "trouble": trouble[:_LONGEST_TEXT],
        }
        await self._database.write(lambda c: _change(c, saga, changes))

    async def retry(self, saga_id: str) -> bool:
        return await self._database.write(lambda c: c.execute(_RETRY, {"saga_id": saga_id}).rowcount > 0)

    async def find(self, saga_id: str) -> Saga | None:
        return await self._database.read_newest(lambda c: _find(c, saga_id))

    async def list(self, state: SagaState, limit: int) -> Sequence[Saga]:
        def work(connection: Connection) -> Sequence[Saga]:
            rows = connection.execute(_BY_STATE, {"state": state.value, "most": limit}).all()
            return [_saga(connection, row) for row in rows]

        return await self._database.read_newest(work)

    async def tally(self) -> Sequence[SagaTally]:
        rows = await self._database.read_newest(lambda c: c.execute(_TALLY).all())
        return [SagaTally(kind, SagaState(state), n, from_micros(at)) for kind, state, n, at in rows]

    def _names(self, holder: str, lease_seconds: float) -> dict[str, object]:
        return {"holder": holder, "now": self._until(0), "until": self._until(lease_seconds)}

    def _until(self, seconds: float) -> int:
        return to_micros(self._clock.now()) + seconds_to_micros(seconds)
