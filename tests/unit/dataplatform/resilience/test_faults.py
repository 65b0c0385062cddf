"""Faults: real errors and real delays inside the adapters, in a pattern that repeats."""

from __future__ import annotations

import time

import pytest

from credit.domain.errors import InvalidValue, StoreUnavailable
from credit.ports.faults import Fault
from dataplatform.resilience.faults import FaultBoard
from dataplatform.resilience.miss_on_failure import MOST_DOUBTFUL, MissOnFailure
from dataplatform.stores.memory_cache import MemoryCache
from dataplatform.wrapped import WrappedCache, WrappedHotStore
from foundation.clock import ManualClock
from tests.support.credit_samples import NOON, a_hot_item
from tests.support.in_memory import InMemory


async def pattern(board: FaultBoard, store: str, calls: int) -> list[bool]:
    """True where a call failed."""
    failed = []
    for _ in range(calls):
        try:
            await board.meet(store)
            failed.append(False)
        except StoreUnavailable:
            failed.append(True)
    return failed


async def test_the_same_seed_fails_the_same_calls_and_the_right_share_of_them() -> None:
    boards = [FaultBoard(seed) for seed in (1, 1, 2)]
    for board in boards:
        board.set("hot", Fault(error_ratio=0.3))
    first, same, other = [await pattern(board, "hot", 2_000) for board in boards]
    assert first == same != other
    assert 500 < sum(first) < 700


@pytest.mark.parametrize(("ratio", "expected"), [(0.0, 0), (1.0, 50)])
async def test_none_and_all_are_exact(ratio: float, expected: int) -> None:
    board = FaultBoard()
    board.set("wide", Fault(error_ratio=ratio))
    assert sum(await pattern(board, "wide", 50)) == expected


async def test_a_fault_hits_its_own_store_and_goes_when_cleared() -> None:
    board = FaultBoard()
    board.set("hot", Fault(error_ratio=1.0))
    assert dict(board.active()) == {"hot": Fault(error_ratio=1.0)}
    assert await pattern(board, "wide", 3) == [False] * 3
    board.clear("hot")
    board.clear("hot")
    assert await pattern(board, "hot", 3) == [False] * 3
    assert dict(board.active()) == {}


async def test_slowness_is_real_time() -> None:
    board = FaultBoard()
    board.set("hot", Fault(delay_seconds=0.02))
    started = time.monotonic()
    await board.meet("hot")
    assert time.monotonic() - started >= 0.02


@pytest.mark.parametrize(
    ("store", "fault", "field"),
    [
        ("disk", Fault(), "store"),
        ("hot", Fault(error_ratio=1.1), "error_ratio"),
        ("hot", Fault(error_ratio=float("nan")), "error_ratio"),
        ("hot", Fault(delay_seconds=-1.0), "delay_seconds"),
        ("hot", Fault(delay_seconds=1e9), "delay_seconds"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(store: str, fault: Fault, field: str) -> None:
    board = FaultBoard()
    with pytest.raises(InvalidValue) as caught:
        board.set(store, fault)
    assert caught.value.field == field
    assert dict(board.active()) == {}


async def test_a_failed_call_never_reaches_the_store() -> None:
    board, hot = FaultBoard(), InMemory(ManualClock(NOON)).hot
    faulty = WrappedHotStore(hot, board.around("hot"))
    board.set("hot", Fault(error_ratio=1.0))
    with pytest.raises(StoreUnavailable, match="injected on purpose"):
        await faulty.put_if_newer(a_hot_item())
    board.clear("hot")
    assert await faulty.get("C-00001", "PROFILE") is None


async def test_a_failing_cache_is_a_miss_and_an_old_value_never_comes_back() -> None:
    board = FaultBoard()
    cache = MissOnFailure(WrappedCache(MemoryCache(ManualClock(NOON)), board.around("cache")))
    await cache.set("a", b"old", 300.0)
    board.set("cache", Fault(error_ratio=1.0))
    assert await cache.get("a") is None
    await cache.set("a", b"new", 300.0)
    await cache.delete("a")
    assert cache.failures == 3
    board.clear("cache")
    assert await cache.get("a") is None
    await cache.set("a", b"newer", 300.0)
    assert await cache.get("a") == b"newer"


async def test_a_prefix_that_could_not_be_deleted_stays_a_miss_until_it_is() -> None:
    board = FaultBoard()
    cache = MissOnFailure(WrappedCache(MemoryCache(ManualClock(NOON)), board.around("cache")))
    await cache.set("profile:1", b"old", 300.0)
    await cache.set("history:1", b"kept", 300.0)
    board.set("cache", Fault(error_ratio=1.0))
    await cache.delete_prefix("profile:")
    board.clear("cache")
    assert await cache.get("history:1") == b"kept"
    assert await cache.get("profile:1") is None
    await cache.set("profile:1", b"new", 300.0)
    assert await cache.get("profile:1") == b"new"


async def test_too_many_doubts_are_one_doubt_about_everything() -> None:
    board = FaultBoard()
    cache = MissOnFailure(WrappedCache(MemoryCache(ManualClock(NOON)), board.around("cache")))
    await cache.set("other", b"old", 300.0)
    board.set("cache", Fault(error_ratio=1.0))
    for number in range(MOST_DOUBTFUL + 1):
        await cache.delete(f"profile:{number}")
    board.clear("cache")
    assert await cache.get("other") is None
    await cache.set("other", b"new", 300.0)
    assert await cache.get("other") == b"new"
