"""The log of sagas: every write of a holder is conditional on its fence."""

from __future__ import annotations

from collections.abc import Sequence

from credit.domain.errors import IdempotencyConflict, LeaseLost
from credit.ports.sagas import Phase, Saga, SagaState, SagaTally, StepState
from dataplatform.stores.relational.session import RelationalDatabase, RelationalSession, Row, Values, first
from foundation.clock import Clock
from foundation.instants import from_micros, seconds_to_micros, to_micros

_COLUMNS = "saga_id, kind, content, state, phase, reason, trouble, fence, attempts, started_at"
_INSERT = """
INSERT INTO sagas (saga_id, kind, content, state, phase, started_at)
VALUES (:saga_id, :kind, :content, 'OPEN', 'FORWARD', :started_at)
"""
_BY_ID = f"SELECT {_COLUMNS} FROM sagas WHERE saga_id = :saga_id"  # noqa: S608 - constants
_BY_STATE = (
    f"SELECT {_COLUMNS} FROM sagas WHERE state = :state "  # noqa: S608 - constants
    "ORDER BY started_at, saga_id LIMIT :most"
)
_STEPS = "SELECT step, state FROM saga_steps WHERE saga_id = :saga_id"
# Who claims at the same time takes others: to wait for these would be in vain, and to share them comes short.
_FREE = """
SELECT saga_id FROM sagas WHERE state = 'OPEN' AND available_at <= :now
ORDER BY available_at, saga_id LIMIT :most FOR UPDATE SKIP LOCKED
"""
_HOLD = """
UPDATE sagas SET fence = fence + 1, holder = :holder, available_at = :until
WHERE saga_id = :saga_id AND state = 'OPEN' AND available_at <= :now
"""
_FENCED = """
SELECT saga_id FROM sagas WHERE saga_id = :saga_id AND fence = :fence AND state = 'OPEN' FOR UPDATE
"""
_STEP_UPDATE = "UPDATE saga_steps SET state = :state WHERE saga_id = :saga_id AND step = :step"
_STEP_INSERT = "INSERT INTO saga_steps (saga_id, step, state) VALUES (:saga_id, :step, :state)"
_RETRY = """
UPDATE sagas SET state = 'OPEN', attempts = 0, available_at = 0 WHERE saga_id = :saga_id AND state = 'STUCK'
"""
_TALLY = """
SELECT kind, state, count(*), min(started_at) FROM sagas WHERE state IN ('OPEN', 'STUCK') GROUP BY kind, state
"""
_ENDS_THE_COUNT = (StepState.DONE, StepState.UNDONE, StepState.REFUSED)
_LONGEST_TEXT = 1024


def require_fence(session: RelationalSession, saga_id: str, fence: int) -> None:
    """For a pivot, inside its transaction: the saga stays locked until the commit, so nobody claims it in
    between. Raises LeaseLost."""
    if first(session, _FENCED, {"saga_id": saga_id, "fence": fence}) is None:
        raise LeaseLost(saga_id, fence)


def find_saga(session: RelationalSession, saga_id: str) -> Saga | None:
    row = first(session, _BY_ID, {"saga_id": saga_id})
    return None if row is None else _saga(session, row)


def list_sagas(session: RelationalSession, state: SagaState, limit: int) -> Sequence[Saga]:
    """Oldest first."""
    return [_saga(session, row) for row in session.rows(_BY_STATE, {"state": state.value, "most": limit})]


def _saga(session: RelationalSession, row: Row) -> Saga:
    """Of a row of ``_COLUMNS``."""
    saga_id, kind, content, state, phase, reason, trouble, fence, attempts, started_at = row
    return Saga(
        saga_id=saga_id,
        kind=kind,
        content=content,
        state=SagaState(state),
        phase=Phase(phase),
        reason=reason,
        trouble=trouble,
        fence=fence,
        attempts=attempts,
        started_at=from_micros(started_at),
        steps={step: StepState(is_) for step, is_ in session.rows(_STEPS, {"saga_id": saga_id})},
    )


def _begin(session: RelationalSession, saga_id: str, kind: str, content: bytes, started_at: int) -> Saga:
    found = find_saga(session, saga_id)
    if found is None:
        values = {"saga_id": saga_id, "kind": kind, "content": content, "started_at": started_at}
        session.change(_INSERT, values)
        found = find_saga(session, saga_id)
    if found is None or (found.kind, found.content) != (kind, content):
        raise IdempotencyConflict(saga_id)
    return found


def _take(session: RelationalSession, names: Values, saga_id: str) -> Saga | None:
    taken = session.change(_HOLD, {**names, "saga_id": saga_id})
    return find_saga(session, saga_id) if taken else None


def _change(session: RelationalSession, saga: Saga, changes: Values) -> None:
    names = ", ".join(f"{name} = :{name}" for name in changes)
    fenced = {**changes, "saga_id": saga.saga_id, "held": saga.fence}
    if not session.change(
        f"UPDATE sagas SET {names} WHERE saga_id = :saga_id AND fence = :held AND state = 'OPEN'",  # noqa: S608
        fenced,
    ):
        raise LeaseLost(saga.saga_id, saga.fence)


def _note(session: RelationalSession, saga: Saga, changes: Values, step: str, state: StepState) -> None:
    _change(session, saga, changes)
    values = {"saga_id": saga.saga_id, "step": step, "state": state.value}
    if not session.change(_STEP_UPDATE, values):
        session.change(_STEP_INSERT, values)


class SqlSagaLog:
    def __init__(self, database: RelationalDatabase, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def begin(self, saga_id: str, kind: str, content: bytes) -> Saga:
        now = self._in(0)
        return await self._database.write(lambda s: _begin(s, saga_id, kind, content, now))

    async def claim(self, holder: str, limit: int, lease_seconds: float) -> Sequence[Saga]:
        names = self._lease(holder, lease_seconds)

        def work(session: RelationalSession) -> Sequence[Saga]:
            free = session.rows(_FREE, {"now": names["now"], "most": limit})
            taken = [_take(session, names, row[0]) for row in free]
            return [saga for saga in taken if saga is not None]

        return await self._database.write(work)

    async def claim_one(self, saga_id: str, holder: str, lease_seconds: float) -> Saga | None:
        names = self._lease(holder, lease_seconds)
        return await self._database.write(lambda s: _take(s, names, saga_id))

    async def note(
        self, saga: Saga, step: str, state: StepState, lease_seconds: float, reason: str | None = None
    ) -> None:
        changes: dict[str, object] = {"available_at": self._in(lease_seconds)}
        if state in _ENDS_THE_COUNT:
            changes["attempts"] = 0
        if state is StepState.REFUSED:
            changes |= {"phase": Phase.BACKWARD.value, "reason": reason}
        await self._database.write(lambda s: _note(s, saga, changes, step, state))

    async def turn_back(self, saga: Saga, reason: str) -> None:
        await self._set(
            saga, {"phase": Phase.BACKWARD.value, "reason": reason[:_LONGEST_TEXT], "attempts": 0}
        )

    async def end(self, saga: Saga, state: SagaState, trouble: str | None = None) -> None:
        told = None if trouble is None else trouble[:_LONGEST_TEXT]
        await self._set(saga, {"state": state.value, "holder": None, "trouble": told})

    async def postpone(self, saga: Saga, seconds: float, attempts: int, trouble: str) -> None:
        changes = {"holder": None, "attempts": attempts, "trouble": trouble[:_LONGEST_TEXT]}
        await self._set(saga, {"available_at": self._in(seconds), **changes})

    async def retry(self, saga_id: str) -> bool:
        return await self._database.write(lambda s: s.change(_RETRY, {"saga_id": saga_id}) > 0)

    async def find(self, saga_id: str) -> Saga | None:
        return await self._database.read_newest(lambda s: find_saga(s, saga_id))

    async def list(self, state: SagaState, limit: int) -> Sequence[Saga]:
        return await self._database.read_newest(lambda s: list_sagas(s, state, limit))

    async def tally(self) -> Sequence[SagaTally]:
        rows = await self._database.read_newest(lambda s: s.rows(_TALLY))
        return [SagaTally(kind, SagaState(state), n, from_micros(at)) for kind, state, n, at in rows]

    def _lease(self, holder: str, seconds: float) -> Values:
        return {"holder": holder, "now": self._in(0), "until": self._in(seconds)}

    def _in(self, seconds: float) -> int:
        return to_micros(self._clock.now()) + seconds_to_micros(seconds)

    async def _set(self, saga: Saga, changes: Values) -> None:
        await self._database.write(lambda s: _change(s, saga, changes))
