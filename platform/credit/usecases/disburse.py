"""Paying out an approved credit (§4.3.1): one saga an attempt, one payment a decision."""

from __future__ import annotations

from typing import Protocol

from credit.domain.decision import Decision
from credit.domain.disbursement import Disbursement, Progress, Refusal, order_bytes, order_of
from credit.ports.records import DecisionRecords
from credit.ports.sagas import Saga, SagaState, StepState

DISBURSEMENT = "disbursement"  # the kind of saga
PIVOT = "pay"


class Sagas(Protocol):
    """Begins sagas and knows how they stand."""

    async def start(self, saga_id: str, kind: str, content: bytes) -> Saga: ...

    async def find(self, saga_id: str) -> Saga | None: ...


class DisburseCredit:
    def __init__(self, decisions: DecisionRecords, sagas: Sagas) -> None:
        self._decisions, self._sagas = decisions, sagas

    async def __call__(self, decision_id: str) -> Disbursement | None:
        """Pay it out, or join the attempt under way; a compensated attempt may be tried again. None: no such
        decision.

        Raises:
            DisbursementRefused: the decision promises nothing.
            StoreUnavailable: ask again; it is paid once.
        """
        decision = await self._decisions.find(decision_id)
        if decision is None:
            return None
        attempt, saga = await self._newest(decision_id)
        if saga is None or saga.state is SagaState.UNDONE:
            attempt += 1
            content = order_bytes(order_of(decision, attempt))
            saga = await self._sagas.start(_saga_id(decision_id, attempt), DISBURSEMENT, content)
        return _disbursement(decision, attempt, saga)

    async def find(self, decision_id: str) -> Disbursement | None:
        """How it stands; None: nobody has asked for it."""
        decision = await self._decisions.find(decision_id)
        attempt, saga = await self._newest(decision_id)
        return None if decision is None or saga is None else _disbursement(decision, attempt, saga)

    async def _newest(self, decision_id: str) -> tuple[int, Saga | None]:
        attempt, newest = 0, None
        while (found := await self._sagas.find(_saga_id(decision_id, attempt + 1))) is not None:
            attempt, newest = attempt + 1, found
        return attempt, newest


def _saga_id(decision_id: str, attempt: int) -> str:
    return f"{DISBURSEMENT}:{decision_id}:{attempt}"


def _disbursement(decision: Decision, attempt: int, saga: Saga) -> Disbursement:
    progress = _progress(saga)
    refusal = _refusal(saga) if progress is Progress.REFUSED else None
    return Disbursement(order_of(decision, attempt), progress, refusal, saga.started_at)


def _progress(saga: Saga) -> Progress:
    if saga.steps.get(PIVOT) is StepState.DONE:
        return Progress.PAID  # what is left rolls forward
    ended = {SagaState.UNDONE: Progress.REFUSED, SagaState.STUCK: Progress.STUCK}
    return ended.get(saga.state, Progress.PENDING)


def _refusal(saga: Saga) -> Refusal:
    known = set(Refusal)
    return Refusal(saga.reason) if saga.reason in known else Refusal.UNAVAILABLE
