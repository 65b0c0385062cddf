"""The log of sagas, and the pivot of disbursements, in memory. For tests and drills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from credit.domain.canonical import canonical_json
from credit.domain.disbursement import Order, Refusal, free_limit
from credit.domain.errors import DisbursementRefused, IdempotencyConflict, LeaseLost
from credit.ports.sagas import Phase, Saga, SagaState, SagaTally, StepState
from dataplatform.stores.memory.relational import MemoryTables, MemoryTransactionRecords
from foundation.clock import Clock

_ENDS_THE_COUNT = (StepState.DONE, StepState.UNDONE, StepState.REFUSED)


@dataclass(slots=True)
class _Held:
    saga: Saga
    available_at: datetime


class MemorySagaLog:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sagas: dict[str, _Held] = {}

    async def begin(self, saga_id: str, kind: str, content: bytes) -> Saga:
        held = self._sagas.get(saga_id)
        if held is None:
            now = self._clock.now()
            saga = Saga(
                saga_id, kind, content, SagaState.OPEN, Phase.FORWARD, None, None, 0, 0, started_at=now
            )
            held = self._sagas[saga_id] = _Held(saga, now)
        if (held.saga.kind, held.saga.content) != (kind, content):
            raise IdempotencyConflict(saga_id)
        return held.saga

    async def claim(self, holder: str, limit: int, lease_seconds: float) -> Sequence[Saga]:
        free = [saga_id for saga_id, held in self._sagas.items() if self._is_free(held)]
        return [self._take(saga_id, lease_seconds) for saga_id in free[:limit]]

    async def claim_one(self, saga_id: str, holder: str, lease_seconds: float) -> Saga | None:
        held = self._sagas.get(saga_id)
        return self._take(saga_id, lease_seconds) if held is not None and self._is_free(held) else None

    async def note(
        self, saga: Saga, step: str, state: StepState, lease_seconds: float, reason: str | None = None
    ) -> None:
        held = self._mine(saga)
        held.saga = replace(held.saga, steps={**held.saga.steps, step: state})
        held.available_at = self._clock.now() + timedelta(seconds=lease_seconds)
        if state in _ENDS_THE_COUNT:
            held.saga = replace(held.saga, attempts=0)
        if state is StepState.REFUSED:
            held.saga = replace(held.saga, phase=Phase.BACKWARD, reason=reason)

    async def turn_back(self, saga: Saga, reason: str) -> None:
        held = self._mine(saga)
        held.saga = replace(held.saga, phase=Phase.BACKWARD, reason=reason, attempts=0)

    async def end(self, saga: Saga, state: SagaState, trouble: str | None = None) -> None:
        held = self._mine(saga)
        held.saga = replace(held.saga, state=state, trouble=trouble)

    async def postpone(self, saga: Saga, seconds: float, attempts: int, trouble: str) -> None:
        held = self._mine(saga)
        held.saga = replace(held.saga, attempts=attempts, trouble=trouble)
        held.available_at = self._clock.now() + timedelta(seconds=seconds)

    async def retry(self, saga_id: str) -> bool:
        held = self._sagas.get(saga_id)
        if held is None or held.saga.state is not SagaState.STUCK:
            return False
        held.saga, held.available_at = replace(held.saga, state=SagaState.OPEN, attempts=0), self._clock.now()
        return True

    async def find(self, saga_id: str) -> Saga | None:
        held = self._sagas.get(saga_id)
        return None if held is None else held.saga

    async def list(self, state: SagaState, limit: int) -> Sequence[Saga]:
        return [held.saga for held in self._sagas.values() if held.saga.state is state][:limit]

    async def tally(self) -> Sequence[SagaTally]:
        found: dict[tuple[str, SagaState], list[datetime]] = {}
        for held in self._sagas.values():
            if held.saga.state in (SagaState.OPEN, SagaState.STUCK):
                found.setdefault((held.saga.kind, held.saga.state), []).append(held.saga.started_at)
        return [SagaTally(kind, state, len(began), min(began)) for (kind, state), began in found.items()]

    def require_fence(self, saga: Saga) -> None:
        """Raises LeaseLost."""
        self._mine(saga)

    def _is_free(self, held: _Held) -> bool:
        return held.saga.state is SagaState.OPEN and held.available_at <= self._clock.now()

    def _take(self, saga_id: str, lease_seconds: float) -> Saga:
        held = self._sagas[saga_id]
        held.saga = replace(held.saga, fence=held.saga.fence + 1)
        held.available_at = self._clock.now() + timedelta(seconds=lease_seconds)
        return held.saga

    def _mine(self, saga: Saga) -> _Held:
        held = self._sagas[saga.saga_id]
        if held.saga.fence != saga.fence or held.saga.state is not SagaState.OPEN:
            raise LeaseLost(saga.saga_id, saga.fence)
        return held


class MemoryDisbursementRecords:
    def __init__(self, tables: MemoryTables, log: MemorySagaLog) -> None:
        self._tables, self._log = tables, log

    async def free_limit(self, customer_id: str) -> int:
        profile = self._tables.customers.get(customer_id)
        paid = [
            transaction.amount_cents
            for transaction in self._tables.transactions.values()
            if profile is not None
            and transaction.customer_id == customer_id
            and transaction.kind == "DISBURSEMENT"
            and transaction.status != "REVERSED"
            and transaction.created_at >= profile.updated_at
        ]
        return free_limit(profile, sum(paid))

    async def pay(self, order: Order, saga: Saga) -> bool:
        self._log.require_fence(saga)
        if order.transaction_id in self._tables.transactions:
            return False
        if await self.free_limit(order.customer_id) < order.amount_cents:
            raise DisbursementRefused(Refusal.LIMIT_EXCEEDED)
        await MemoryTransactionRecords(self._tables).add_many([order.transaction(self._tables.clock.now())])
        body = canonical_json({"amount_cents": order.amount_cents, "customer_id": order.customer_id})
        self._tables.add_audit(order.client_id, "disbursement.paid", order.decision_id, body)
        return True
