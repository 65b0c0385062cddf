"""Runs sagas: intent before effect, compensation in reverse, recovery by lease (§4.3.1).

A step that failed or timed out may have happened all the same. Before the pivot it is tried again, then
compensated as if it had; from the pivot's intent on there is no way back, so it is tried until it is known.
What fails too often is parked as STUCK and alarms. A store whose circuit is open was not asked: the saga
waits for it, and that is not a failure of the saga.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from credit.domain.errors import LeaseLost, StoreUnavailable
from credit.metrics import SAGA_OLDEST, SAGAS_ENDED, SAGAS_OPEN, SAGAS_STUCK
from credit.ports.sagas import Phase, Saga, SagaLog, SagaState, StepState
from dataplatform.resilience.breaker import CircuitOpen
from dataplatform.saga.step import Effect, SagaPlan, Step, StepRefused
from foundation.clock import Clock
from foundation.metrics import Telemetry

logger = logging.getLogger(__name__)

_UNKNOWN_OUTCOME = (StoreUnavailable, TimeoutError)


@dataclass(frozen=True, slots=True)
class SagaLimits:
    """``step_seconds`` of real time for one effect, less than the lease. A step fails ``patience`` times
    before a saga is turned back (before the pivot) or parked; ``outage_seconds`` is its rest while a store's
    circuit is open."""

    step_seconds: float = 10.0
    lease_seconds: float = 60.0
    patience: int = 5
    first_pause_seconds: float = 0.5
    longest_pause_seconds: float = 60.0
    outage_seconds: float = 5.0
    batch: int = 32

    def pause(self, attempts: int, error: Exception) -> float:
        if isinstance(error, CircuitOpen):
            return self.outage_seconds
        return min(self.first_pause_seconds * 2.0 ** min(attempts, 30), self.longest_pause_seconds)


class SagaRunner:
    """Starts sagas and goes on with those that somebody left; any number may run at once."""

    def __init__(
        self,
        log: SagaLog,
        plans: Sequence[SagaPlan],
        telemetry: Telemetry,
        clock: Clock,
        holder: str,
        limits: SagaLimits | None = None,
    ) -> None:
        self._log, self._telemetry, self._clock, self._holder = log, telemetry, clock, holder
        self._plans: Mapping[str, SagaPlan] = {plan.kind: plan for plan in plans}
        self._limits = limits or SagaLimits()

    async def start(self, saga_id: str, kind: str, content: bytes) -> Saga:
        """Begin it (or join the one of this id) and go as far as it goes now; returns how it stands.

        Raises:
            IdempotencyConflict: a saga of this id has another content.
            StoreUnavailable: the log does not answer; if it was begun, recovery goes on with it.
        """
        await self._log.begin(saga_id, kind, content)
        held = await self._log.claim_one(saga_id, self._holder, self._limits.lease_seconds)
        if held is not None:
            await self._advance(held)
        found = await self._log.find(saga_id)
        assert found is not None, "a saga that was begun is on file"
        return found

    async def find(self, saga_id: str) -> Saga | None:
        return await self._log.find(saga_id)

    async def run_once(self) -> int:
        """Go on with sagas that nobody holds; returns how many were taken.

        Raises:
            StoreUnavailable: the log does not answer.
        """
        held = await self._log.claim(self._holder, self._limits.batch, self._limits.lease_seconds)
        await asyncio.gather(*(self._advance(saga) for saga in held))
        await self._report()
        return len(held)

    async def _advance(self, saga: Saga) -> None:
        plan = self._plans.get(saga.kind)
        try:
            if plan is None:
                await self._end(saga, SagaState.STUCK, f"no plan of kind {saga.kind}")
            elif saga.phase is Phase.FORWARD:
                await self._forward(saga, plan)
            else:
                await self._backward(saga, plan)
        except LeaseLost as lost:
            logger.info("%s", lost)

    async def _forward(self, saga: Saga, plan: SagaPlan) -> None:
        for step in plan.steps:
            if saga.steps.get(step.name) is StepState.DONE:
                continue
            await self._note(saga, step, StepState.INTENDED)
            saga = _with(saga, step, StepState.INTENDED)
            try:
                await self._timed(step.do, saga)
            except StepRefused as refused:
                await self._refused(saga, step, plan, refused)
                return
            except _UNKNOWN_OUTCOME as error:
                await self._failed(saga, step, plan, error)
                return
            await self._note(saga, step, StepState.DONE)
            saga = replace(_with(saga, step, StepState.DONE), attempts=0)
        await self._end(saga, SagaState.DONE)

    async def _backward(self, saga: Saga, plan: SagaPlan) -> None:
        for step in reversed(plan.steps):
            if step.undo is None or saga.steps.get(step.name) in (None, StepState.UNDONE):
                continue
            await self._note(saga, step, StepState.UNDOING)
            try:
                await self._timed(step.undo, saga)
            except (*_UNKNOWN_OUTCOME, StepRefused) as error:
                await self._wait_or_park(saga, step, error)
                return
            await self._note(saga, step, StepState.UNDONE)
            saga = replace(_with(saga, step, StepState.UNDONE), attempts=0)
        await self._end(saga, SagaState.UNDONE)

    async def _refused(self, saga: Saga, step: Step, plan: SagaPlan, refused: StepRefused) -> None:
        if _is_past(saga, plan):  # money has moved: nothing may be taken back because of this
            await self._wait_or_park(saga, step, refused)
            return
        await self._log.note(saga, step.name, StepState.REFUSED, self._limits.lease_seconds, refused.code)
        await self._backward(_with(replace(saga, attempts=0), step, StepState.REFUSED), plan)

    async def _failed(self, saga: Saga, step: Step, plan: SagaPlan, error: Exception) -> None:
        hopeless = _attempts_after(saga, error) >= self._limits.patience
        if hopeless and step.undo is not None:
            await self._log.turn_back(saga, _told(step, error))
            await self._backward(replace(saga, phase=Phase.BACKWARD, attempts=0), plan)
        else:
            await self._wait_or_park(saga, step, error)

    async def _wait_or_park(self, saga: Saga, step: Step, error: Exception) -> None:
        trouble, attempts = _told(step, error), _attempts_after(saga, error)
        if attempts >= self._limits.patience:
            await self._end(saga, SagaState.STUCK, trouble)
        else:
            logger.warning("%s waits: %s", saga.saga_id, trouble)
            await self._log.postpone(saga, self._limits.pause(saga.attempts, error), attempts, trouble)

    async def _timed(self, effect: Effect, saga: Saga) -> None:
        async with asyncio.timeout(self._limits.step_seconds):
            await effect(saga)

    async def _note(self, saga: Saga, step: Step, state: StepState) -> None:
        await self._log.note(saga, step.name, state, self._limits.lease_seconds)

    async def _end(self, saga: Saga, state: SagaState, trouble: str | None = None) -> None:
        await self._log.end(saga, state, trouble)
        self._telemetry.count(SAGAS_ENDED, saga=saga.kind, outcome=state.value.lower())
        if state is SagaState.STUCK:
            logger.error("%s is stuck: %s", saga.saga_id, trouble)

    async def _report(self) -> None:
        tally = await self._log.tally()
        now = self._clock.now()
        for kind in self._plans:
            mine = [entry for entry in tally if entry.kind == kind]
            ages = [(now - entry.oldest).total_seconds() for entry in mine]
            counts = {entry.state: entry.count for entry in mine}
            self._telemetry.set(SAGAS_OPEN, float(counts.get(SagaState.OPEN, 0)), saga=kind)
            self._telemetry.set(SAGAS_STUCK, float(counts.get(SagaState.STUCK, 0)), saga=kind)
            self._telemetry.set(SAGA_OLDEST, max(0.0, *ages) if ages else 0.0, saga=kind)


def _with(saga: Saga, step: Step, state: StepState) -> Saga:
    return replace(saga, steps={**saga.steps, step.name: state})


def _is_past(saga: Saga, plan: SagaPlan) -> bool:
    return saga.steps.get(plan.pivot) is StepState.DONE


def _attempts_after(saga: Saga, error: Exception) -> int:
    return saga.attempts if isinstance(error, CircuitOpen) else saga.attempts + 1


def _told(step: Step, error: Exception) -> str:
    return f"{step.name}: {str(error) or type(error).__name__}"
