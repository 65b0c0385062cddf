"""The cache on a real Redis: full for real, evicting, killed and back, not answering, and what it holds."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import redis as blocking

from credit.metrics import CACHE_FAILURES
from dataplatform.local.redis import Redis
from dataplatform.local.server import LOOPBACK, Running, running, start, stop
from dataplatform.resilience.breaker import BreakerPolicy
from dataplatform.stores.redis.open import open_redis_cache
from foundation.clock import ManualClock, SystemClock
from tests.support.credit_samples import NOON
from tests.support.local_servers import needs_redis, redis
from tests.support.patience import patience
from tests.support.recording_telemetry import RecordingTelemetry
from tests.support.redis_cache import a_redis_cache, asking

pytestmark = needs_redis


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(Redis(maxmemory="4mb"), tmp_path_factory.mktemp("redis")) as server:
        yield server


def fill_for_ever(port: int) -> None:
    """Until nothing that never ends fits any more; what ends was evicted on the way."""
    with asking(port) as server:
        for number in range(1_000_000):
            try:
                server.set(f"for-ever:{number}", b"x" * 4_096)
            except blocking.OutOfMemoryError:
                return
    raise AssertionError("its memory never filled")


@pytest.mark.parametrize("policy", ["volatile-lru", "noeviction"])
async def test_a_memory_full_of_keys_that_never_end_is_a_miss_and_no_error(
    small: Running, policy: str
) -> None:
    """Where nothing is evicted the old value is still there when the new one finds no room."""
    telemetry = RecordingTelemetry()
    async with a_redis_cache(ManualClock(NOON), telemetry, port=small.port) as cache:
        with asking(small.port) as server:
            server.config_set("maxmemory-policy", policy)
            await cache.set("profile:1", b"old", 300.0)
            fill_for_ever(small.port)
            assert server.exists("profile:1") == (policy == "noeviction")
            await cache.set("profile:1", b"n" * 100_000, 300.0)
            assert await cache.get("profile:1") is None, "neither the new value nor the old one"
            assert telemetry.counted(CACHE_FAILURES, operation="set", reason="full") == 1
            server.flushall()
            server.config_set("maxmemory-policy", "volatile-lru")
        await cache.set("profile:1", b"new", 300.0)
        assert await cache.get("profile:1") == b"new"


async def test_values_that_end_give_way_when_the_memory_is_full(small: Running) -> None:
    telemetry = RecordingTelemetry()
    async with a_redis_cache(ManualClock(NOON), telemetry, port=small.port) as cache:
        for number in range(3_000):
            await cache.set(f"profile:{number}", b"x" * 4_096, 300.0)
        assert await cache.get("profile:2999") is not None
        with asking(small.port) as server:
            assert server.info("stats")["evicted_keys"] > 1_000
            server.flushall()
        assert telemetry.counts.total() == 0


async def test_a_killed_server_is_a_miss_and_its_return_is_noticed(tmp_path: Path) -> None:
    clock, telemetry = ManualClock(NOON), RecordingTelemetry()
    server = start(Redis(), tmp_path)
    policy = BreakerPolicy(minimum_calls=5, open_seconds=5.0, slow_seconds=1e9)
    async with a_redis_cache(clock, telemetry, port=server.port, breaker=policy) as cache:
        await cache.set("a", b"1", 300.0)
        os.kill(server.pid, signal.SIGKILL)
        server.process.wait()
        for _ in range(20):
            assert await cache.get("a") is None
            await cache.set("a", b"2", 300.0)
            await cache.delete("a")
        lost = sum(count for (_, labels), count in telemetry.counts.items() if ("reason", "lost") in labels)
        assert 3 <= lost < 20, "then its circuit breaker is open and it is left in peace"
        back = start(Redis(), tmp_path, port=server.port)
        try:
            for _ in range(10):
                clock.advance(timedelta(seconds=5))
                await cache.set("a", b"3", 300.0)
            assert await cache.get("a") == b"3"
        finally:
            stop(back)


async def test_a_restart_costs_no_call(tmp_path: Path) -> None:
    telemetry = RecordingTelemetry()
    server = start(Redis(), tmp_path)
    async with a_redis_cache(ManualClock(NOON), telemetry, port=server.port) as cache:
        await cache.set("a", b"1", 300.0)
        stop(server)
        back = start(Redis(), tmp_path, port=server.port)
        try:
            await cache.set("a", b"2", 300.0)
            assert await cache.get("a") == b"2"
        finally:
            stop(back)
    assert telemetry.counts.total() == 0


async def test_a_deletion_that_failed_keeps_the_key_a_miss_until_it_is_deleted(tmp_path: Path) -> None:
    clock = ManualClock(NOON)
    server = start(Redis(), tmp_path)
    cache = open_redis_cache(
        f"redis://{LOOPBACK}:{server.port}/0", clock, RecordingTelemetry(), answer_seconds=0.5
    )
    try:
        await cache.set("a", b"old", 300.0)
        os.kill(server.pid, signal.SIGSTOP)  # it keeps its keys and does not answer
        await cache.delete("a")
        os.kill(server.pid, signal.SIGCONT)
        assert await cache.get("a") is None
        with asking(server.port) as looking:
            assert looking.exists("a") == 0
    finally:
        os.kill(server.pid, signal.SIGCONT)
        await cache.close()
        stop(server)


async def test_a_server_that_does_not_answer_costs_little_time_and_then_none() -> None:
    telemetry = RecordingTelemetry()
    with socket.create_server((LOOPBACK, 0)) as silent:
        port = silent.getsockname()[1]
        cache = open_redis_cache(f"redis://{LOOPBACK}:{port}/0", SystemClock(), telemetry)
        started = time.monotonic()
        for _ in range(200):
            assert await cache.get("a") is None
        assert time.monotonic() - started < patience(20), "ten time-outs of 50 ms, and an open circuit"
        assert telemetry.counted(CACHE_FAILURES, operation="get", reason="timeout") < 40
        await cache.close()


async def test_more_calls_than_there_is_room_for_are_misses() -> None:
    telemetry = RecordingTelemetry()
    async with a_redis_cache(ManualClock(NOON), telemetry) as cache:
        await cache.set("a", b"1", 300.0)
        answers = await asyncio.gather(*(cache.get("a") for _ in range(1_100)))
        assert answers.count(None) == telemetry.counted(CACHE_FAILURES, operation="get", reason="busy") == 76
        assert cache.saturation == 0.0


async def test_the_server_itself_forgets_at_the_end() -> None:
    async with a_redis_cache(ManualClock(NOON)) as cache:
        await cache.set("a", b"1", 300.0)
        await cache.set("b", b"1", 0.0001)
        with asking(redis().port) as server:
            assert 0 < server.pttl("a") <= 300_000
            assert server.config_get("maxmemory-policy")["maxmemory-policy"] == "volatile-lru"


async def test_bytes_that_are_not_ours_are_a_miss() -> None:
    async with a_redis_cache(ManualClock(NOON)) as cache:
        with asking(redis().port) as server:
            server.set("short", b"x")
            server.lpush("list", b"x")
        assert await cache.get("short") is None
        assert await cache.get("list") is None
