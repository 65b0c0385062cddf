"""The circuit breaker: opens on failures or slowness, rests, probes, closes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import pytest

from credit.domain.errors import InvalidValue, StoreUnavailable
from dataplatform.resilience.breaker import Breaker, BreakerPolicy, Circuit
from dataplatform.wrapped import WrappedHotStore
from foundation.clock import ManualClock
from tests.support.credit_samples import NOON, a_hot_item
from tests.support.in_memory import InMemory

POLICY = BreakerPolicy(
    window_calls=20,
    window_seconds=30.0,
    minimum_calls=10,
    failure_ratio=0.5,
    slow_seconds=0.5,
    slow_ratio=0.8,
    open_seconds=5.0,
    probes=2,
)


@dataclass
class Bench:
    clock: ManualClock
    breaker: Breaker
    reached: int = 0

    async def call(self, *, fail: bool = False, seconds: float = 0.0) -> bool:
        """True when it succeeded."""

        async def work() -> None:
            self.reached += 1
            self.clock.advance(timedelta(seconds=seconds))
            if fail:
                raise StoreUnavailable("hot", "down")

        try:
            await self.breaker.call(work)
        except StoreUnavailable:
            return False
        return True

    def state(self) -> Circuit:
        return self.breaker.state

    def rest(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))


@pytest.fixture
def bench() -> Bench:
    clock = ManualClock(NOON)
    return Bench(clock, Breaker("hot", POLICY, clock))


async def test_it_opens_at_the_failure_ratio_and_not_before_enough_calls(bench: Bench) -> None:
    for number in range(9):
        await bench.call(fail=number % 2 == 0)
    assert bench.state() is Circuit.CLOSED
    await bench.call(fail=True)
    assert bench.state() is Circuit.OPEN
    reached = bench.reached
    assert not await bench.call()
    assert bench.reached == reached


async def test_it_opens_on_slow_answers_that_are_no_failures(bench: Bench) -> None:
    for _ in range(10):
        assert await bench.call(seconds=0.5)
    assert bench.state() is Circuit.OPEN


async def test_quick_successes_keep_it_closed(bench: Bench) -> None:
    for _ in range(500):
        assert await bench.call(seconds=0.01)
    assert bench.state() is Circuit.CLOSED


async def test_failures_older_than_the_window_are_forgotten(bench: Bench) -> None:
    for _ in range(9):
        await bench.call(fail=True)
    bench.rest(31.0)
    for number in range(10):
        await bench.call(fail=number == 0)
    assert bench.state() is Circuit.CLOSED


async def open_it(bench: Bench) -> None:
    for _ in range(10):
        await bench.call(fail=True)
    assert bench.state() is Circuit.OPEN


async def test_after_resting_good_probes_close_it(bench: Bench) -> None:
    await open_it(bench)
    bench.rest(4.9)
    assert not await bench.call()
    bench.rest(0.2)
    assert bench.state() is Circuit.HALF_OPEN
    assert await bench.call()
    assert bench.state() is Circuit.HALF_OPEN
    assert await bench.call()
    assert bench.state() is Circuit.CLOSED


@pytest.mark.parametrize("bad", [{"fail": True}, {"seconds": 0.6}])
async def test_one_bad_probe_opens_it_again(bench: Bench, bad: dict[str, float]) -> None:
    await open_it(bench)
    bench.rest(5.0)
    await bench.call(**bad)  # type: ignore[arg-type]
    assert bench.state() is Circuit.OPEN


async def test_only_so_many_probes_go_through_at_once(bench: Bench) -> None:
    await open_it(bench)
    bench.rest(5.0)
    gate = asyncio.Event()
    reached = bench.reached

    async def slow() -> None:
        bench.reached += 1
        await gate.wait()

    calls = [asyncio.create_task(bench.breaker.call(slow)) for _ in range(5)]
    await asyncio.sleep(0)
    gate.set()
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert bench.reached - reached == POLICY.probes
    assert sum(isinstance(answer, StoreUnavailable) for answer in answers) == 3


async def test_a_cancelled_probe_gives_its_place_back(bench: Bench) -> None:
    await open_it(bench)
    bench.rest(5.0)
    for _ in range(5):
        probe = asyncio.create_task(bench.breaker.call(asyncio.Event().wait))
        await asyncio.sleep(0)
        probe.cancel()
        await asyncio.gather(probe, return_exceptions=True)
    assert await bench.call()
    assert await bench.call()
    assert bench.state() is Circuit.CLOSED


async def test_a_refusal_of_the_caller_is_no_failure_of_the_store(bench: Bench) -> None:
    async def refuse() -> None:
        raise InvalidValue("field", "problem", "fix")

    for _ in range(50):
        with pytest.raises(InvalidValue):
            await bench.breaker.call(refuse)
    assert bench.state() is Circuit.CLOSED


async def test_a_port_behind_a_closed_breaker_is_the_port() -> None:
    clock = ManualClock(NOON)
    hot = WrappedHotStore(InMemory(clock).hot, Breaker("hot", POLICY, clock).around)
    assert await hot.put_if_newer(a_hot_item())
    assert await hot.get("C-00001", "PROFILE") == a_hot_item()
