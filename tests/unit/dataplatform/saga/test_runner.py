"""The runner and its pivot: before it everything is taken back, past it nothing ever is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from credit.domain.errors import StoreUnavailable
from credit.ports.sagas import Phase, Saga, SagaState
from dataplatform.saga.runner import SagaLimits, SagaRunner
from dataplatform.saga.step import Effect, SagaPlan, Step, StepRefused
from foundation.clock import ManualClock
from tests.support.credit_samples import NOON
from tests.support.in_memory import InMemory
from tests.support.recording_telemetry import RecordingTelemetry

LIMITS = SagaLimits(patience=3)
TROUBLES: dict[str, Callable[[], Exception]] = {
    "refused": lambda: StepRefused("NO"),
    "not answered": lambda: StoreUnavailable("wide", "down"),
    "timed out": TimeoutError,
}


@dataclass
class World:
    """A saga of two holds, a payment (the pivot) and a letter, whose steps only say that they ran."""

    stores: InMemory[ManualClock] = field(default_factory=lambda: InMemory(ManualClock(NOON)))
    done: list[str] = field(default_factory=list)
    taken_back: list[str] = field(default_factory=list)
    troubles: dict[str, Callable[[], Exception]] = field(default_factory=dict)

    def effect(self, name: str, told: list[str]) -> Effect:
        async def run(_: Saga) -> None:
            told.append(name)
            if told is self.done and name in self.troubles:
                raise self.troubles[name]()

        return run

    def step(self, name: str, *, compensable: bool) -> Step:
        undo = self.effect(name, self.taken_back) if compensable else None
        return Step(name, self.effect(name, self.done), undo)

    async def run(self) -> Saga:
        """Until nothing changes any more, however long it takes."""
        holds = [self.step("limit", compensable=True), self.step("money", compensable=True)]
        rest = [self.step("pay", compensable=False), self.step("letter", compensable=False)]
        plan = SagaPlan("loan", [*holds, *rest])
        log, clock = self.stores.relational.sagas, self.stores.clock
        runner = SagaRunner(log, [plan], RecordingTelemetry(), clock, "test", LIMITS)
        await runner.start("saga-1", "loan", b"")
        for _ in range(2 * LIMITS.patience):
            clock.advance(timedelta(minutes=2))
            await runner.run_once()
        found = await log.find("saga-1")
        assert found is not None
        return found


async def test_every_step_is_done_in_order_and_nothing_taken_back() -> None:
    world = World()
    assert (await world.run()).state is SagaState.DONE
    assert (world.done, world.taken_back) == (["limit", "money", "pay", "letter"], [])


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
async def test_past_the_pivot_nothing_is_taken_back_whatever_happens(
    trouble: Callable[[], Exception],
) -> None:
    world = World(troubles={"letter": trouble})
    saga = await world.run()
    assert world.taken_back == []
    assert (saga.state, saga.phase) == (SagaState.STUCK, Phase.FORWARD)
    assert world.done.count("pay") == 1
    assert world.done.count("letter") == LIMITS.patience


@pytest.mark.parametrize("name", ["not answered", "timed out"])
async def test_a_pivot_that_may_have_happened_is_not_taken_back(name: str) -> None:
    world = World(troubles={"pay": TROUBLES[name]})
    saga = await world.run()
    assert world.taken_back == []
    assert (saga.state, saga.phase) == (SagaState.STUCK, Phase.FORWARD)


async def test_a_pivot_that_says_no_takes_everything_before_it_back_in_reverse() -> None:
    world = World(troubles={"pay": TROUBLES["refused"]})
    saga = await world.run()
    assert (saga.state, saga.reason) == (SagaState.UNDONE, "NO")
    assert world.taken_back == ["money", "limit"]


@pytest.mark.parametrize(("name", "times"), [("refused", 1), ("not answered", LIMITS.patience)])
async def test_a_hold_that_fails_is_taken_back_as_if_it_had_been_done(name: str, times: int) -> None:
    world = World(troubles={"money": TROUBLES[name]})
    assert (await world.run()).state is SagaState.UNDONE
    assert world.taken_back == ["money", "limit"]
    assert (world.done.count("money"), world.done.count("pay")) == (times, 0)
