"""The runner and its pivot: before it everything is taken back, past it nothing ever is."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from credit.domain.errors import StoreUnavailable
from credit.metrics import SAGAS_STUCK
from credit.ports.sagas import Phase, Saga, SagaState, StepState
from dataplatform.resilience.breaker import CircuitOpen
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
    on_file: list[Saga] = field(default_factory=list)  # when something was taken back
    telemetry: RecordingTelemetry = field(default_factory=RecordingTelemetry)

    def effect(self, name: str, told: list[str]) -> Effect:
        async def run(_: Saga) -> None:
            told.append(name)
            if told is self.taken_back:
                self.on_file.append(await self.saga())
            elif name in self.troubles:
                raise self.troubles[name]()

        return run

    def step(self, name: str, *, compensable: bool) -> Step:
        undo = self.effect(name, self.taken_back) if compensable else None
        return Step(name, self.effect(name, self.done), undo)

    async def saga(self) -> Saga:
        found = await self.stores.relational.sagas.find("saga-1")
        assert found is not None
        return found

    async def run(self, *others: SagaPlan) -> Saga:
        """Until nothing changes any more, however long it takes."""
        holds = [self.step("limit", compensable=True), self.step("money", compensable=True)]
        rest = [self.step("pay", compensable=False), self.step("letter", compensable=False)]
        plan = SagaPlan("loan", [*holds, *rest])
        log, clock = self.stores.relational.sagas, self.stores.clock
        runner = SagaRunner(log, [plan, *others], self.telemetry, clock, "test", LIMITS)
        await runner.start("saga-1", "loan", b"")
        for _ in range(2 * LIMITS.patience):
            clock.advance(timedelta(minutes=2))
            await runner.run_once()
        return await self.saga()


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


async def test_what_is_taken_back_is_on_file_as_turned_back_before_and_as_undone_after() -> None:
    world = World(troubles={"money": TROUBLES["not answered"]})
    saga = await world.run()
    before = [(one.phase, one.steps[name]) for one, name in zip(world.on_file, world.taken_back, strict=True)]
    assert before == [(Phase.BACKWARD, StepState.UNDOING), (Phase.BACKWARD, StepState.UNDOING)]
    assert dict(saga.steps) == {"limit": StepState.UNDONE, "money": StepState.UNDONE}


@pytest.mark.parametrize(
    ("trouble", "told"),
    [("not answered", "letter: the wide store is unavailable: down"), ("timed out", "letter: TimeoutError")],
)
async def test_what_is_parked_says_where_and_why_on_file_and_as_the_logs_only_error(
    trouble: str, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "dataplatform.saga.runner")
    saga = await World(troubles={"letter": TROUBLES[trouble]}).run()
    assert saga.trouble == told
    waits = [(logging.WARNING, f"saga-1 waits: {told}")] * (LIMITS.patience - 1)
    said = [(one.levelno, one.getMessage()) for one in caplog.records]
    assert said == [*waits, (logging.ERROR, f"saga-1 is stuck: {told}")]


async def test_what_ends_well_is_no_trouble_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "dataplatform.saga.runner")
    assert (await World().run()).state is SagaState.DONE
    assert caplog.records == []


async def test_each_kind_of_saga_is_counted_by_itself() -> None:
    async def nothing(_: Saga) -> None: ...

    world = World(troubles={"letter": TROUBLES["refused"]})
    await world.run(SagaPlan("other", [Step("pay", nothing)]))
    stuck = {kind: world.telemetry.gauges[SAGAS_STUCK.name, (("saga", kind),)] for kind in ("loan", "other")}
    assert stuck == {"loan": 1.0, "other": 0.0}


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 0.5), (1, 1.0), (3, 4.0), (40, 60.0)])
def test_a_step_that_fails_again_rests_twice_as_long_and_never_longer_than_the_limit(
    attempts: int, seconds: float
) -> None:
    assert SagaLimits().pause(attempts, StoreUnavailable("wide", "down")) == seconds


def test_a_store_that_was_not_asked_is_waited_for_as_long_as_an_outage_lasts() -> None:
    assert SagaLimits(outage_seconds=5.0).pause(3, CircuitOpen("wide", "open")) == 5.0


async def test_a_runner_has_limits_of_its_own_unless_it_is_given_some() -> None:
    async def nothing(_: Saga) -> None: ...

    stores = InMemory(ManualClock(NOON))
    plan = SagaPlan("loan", [Step("pay", nothing)])
    runner = SagaRunner(stores.relational.sagas, [plan], RecordingTelemetry(), stores.clock, "test")
    assert (await runner.start("saga-1", "loan", b"")).state is SagaState.DONE
