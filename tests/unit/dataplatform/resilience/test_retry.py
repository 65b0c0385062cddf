"""Retry and bulkhead: bounded, jittered, on the clock they are given."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.domain.errors import InvalidValue, StoreUnavailable
from dataplatform.resilience.bulkhead import Bulkhead
from dataplatform.resilience.retry import RetryPolicy, retrying
from foundation.clock import ManualClock
from tests.support.credit_samples import NOON


class Flaky:
    def __init__(self, failures: int, error: Exception | None = None) -> None:
        self.failures, self.calls = failures, 0
        self.error = error or StoreUnavailable("stream", "throttled")

    async def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error
        return "answer"


async def test_it_retries_until_the_answer_and_waits_longer_each_time() -> None:
    clock, policy = ManualClock(NOON), RetryPolicy(attempts=5, base_seconds=1.0, cap_seconds=60.0)
    call = Flaky(3)
    assert await retrying(call, policy, clock, lambda: 0.999_999_999) == "answer"
    assert call.calls == 4
    assert clock.now() - NOON == pytest.approx(timedelta(seconds=1 + 2 + 4), abs=timedelta(seconds=0.001))


async def test_the_last_error_comes_out_after_the_last_attempt() -> None:
    call = Flaky(99)
    with pytest.raises(StoreUnavailable, match="throttled"):
        await retrying(call, RetryPolicy(attempts=4), ManualClock(NOON), Random(1).random)
    assert call.calls == 4


async def test_what_retrying_cannot_fix_is_not_retried() -> None:
    call = Flaky(1, InvalidValue("field", "problem", "fix"))
    with pytest.raises(InvalidValue):
        await retrying(call, RetryPolicy(), ManualClock(NOON), Random(1).random)
    assert call.calls == 1


@given(failures=st.integers(1, 10_000), seed=st.integers())
def test_a_pause_lies_between_nothing_and_its_ceiling_and_the_ceiling_is_capped(
    failures: int, seed: int
) -> None:
    policy = RetryPolicy(base_seconds=0.05, cap_seconds=5.0)
    assert 0.0 <= policy.pause(failures, Random(seed).random) <= policy.ceiling(failures) <= 5.0
    assert policy.ceiling(failures) <= policy.ceiling(failures + 1)


def test_pauses_are_spread_over_the_whole_range() -> None:
    policy, dice = RetryPolicy(base_seconds=1.0), Random(3)
    pauses = [policy.pause(1, dice.random) for _ in range(1_000)]
    assert min(pauses) < 0.1
    assert max(pauses) > 0.9


def test_a_full_bulkhead_refuses_at_once_and_opens_when_somebody_leaves() -> None:
    bulkhead = Bulkhead("hot", "reads", 2)
    with bulkhead, bulkhead:
        assert (bulkhead.inside, bulkhead.saturation) == (2, 1.0)
        with pytest.raises(StoreUnavailable, match="2 reads are already in progress"), bulkhead:
            pass
    with bulkhead:
        assert bulkhead.inside == 1
    assert bulkhead.inside == 0


def test_a_bulkhead_without_room_makes_no_sense() -> None:
    with pytest.raises(ValueError, match="at least one call"):
        Bulkhead("hot", "reads", 0)
