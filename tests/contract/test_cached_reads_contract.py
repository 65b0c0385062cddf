"""Reading through a cache, over every Cache: no stampede, spread ends, nothing stale after a change."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from credit.domain.errors import StoreUnavailable
from credit.metrics import CACHE_READS
from credit.usecases.cached_reads import (
    DECISIONS,
    HISTORIES,
    JITTER,
    PROFILES,
    REFERENCES,
    CachedKind,
    CachedReads,
    CacheRule,
    Filling,
    Loaded,
    write_through,
)
from tests.support.recording_telemetry import RecordingTelemetry
from tests.support.store_bench import CACHE_ADAPTERS, Bench, open_bench

RULE = CacheRule("text", 300.0, Filling.LAZY)
KIND = CachedKind(RULE, str.encode, lambda _, content: content.decode())

pytestmark = pytest.mark.parametrize("adapter", CACHE_ADAPTERS)


class Source:
    """Answers with how often it was asked; ``seconds`` pass on the bench's clock meanwhile."""

    def __init__(self, bench: Bench, seconds: float = 0.0) -> None:
        self._bench, self._seconds = bench, seconds
        self.asked = 0
        self.broken = False
        self.began = asyncio.Event()

    async def load(self) -> Loaded[str]:
        self.asked += 1
        self.began.set()
        answer = f"v{self.asked}"
        await asyncio.sleep(0.01)
        if self.broken:
            raise StoreUnavailable("relational", "it is gone")
        self._bench.clock.advance(timedelta(seconds=self._seconds))
        return Loaded(answer, "relational")


class Overtaken:
    """Answers what it held when asked; the first answer is overtaken by a change that tells the cache."""

    def __init__(self, tell: Callable[[], Awaitable[None]]) -> None:
        self._tell = tell
        self.held = "old"

    async def load(self) -> Loaded[str]:
        answer = self.held
        if answer == "old":
            self.held = "new"
            await self._tell()
        return Loaded(answer, "relational")


class Process:
    """One process's reads; several share a bench's cache."""

    def __init__(self, bench: Bench, random: Callable[[], float] = lambda: 0.0) -> None:
        self.telemetry = RecordingTelemetry()
        self.reads = CachedReads(bench.cache, bench.clock, self.telemetry, random)

    async def read(self, source: Source) -> Loaded[str]:
        return await self.reads.read(KIND, "a", source.load)

    def counted(self, result: str) -> int:
        return self.telemetry.counted(CACHE_READS, data="text", result=result)


async def test_a_crowd_that_misses_loads_once_in_each_process(adapter: str, tmp_path: Path) -> None:
    async with open_bench(adapter, tmp_path) as bench:
        source, processes = Source(bench), [Process(bench), Process(bench)]
        crowd = [process.read(source) for process in processes for _ in range(50)]
        answers = await asyncio.gather(*crowd)
        assert source.asked <= len(processes)
        assert {answer.source for answer in answers} <= {"relational", "cache"}
        again = await asyncio.gather(*(process.read(source) for process in processes for _ in range(50)))
        assert {answer.source for answer in again} == {"cache"}
        assert source.asked <= len(processes)
        assert sum(process.counted("hit") for process in processes) >= 100


async def test_a_value_that_takes_long_to_make_is_made_anew_before_its_end(
    adapter: str, tmp_path: Path
) -> None:
    async with open_bench(adapter, tmp_path) as bench:
        source = Source(bench, seconds=10.0)
        calm, eager = Process(bench, lambda: 0.0), Process(bench, lambda: 0.99)
        await calm.read(source)
        assert (await eager.read(source)).source == "cache", "its end is far away"
        bench.clock.advance(timedelta(seconds=RULE.lifetime("a") - 30))
        assert (await calm.read(source)).value == "v1"
        assert (await eager.read(source)).value == "v2"
        assert (eager.counted("early"), calm.counted("early")) == (1, 0)
        assert await calm.read(source) == Loaded("v2", "cache")


async def test_of_many_processes_few_make_it_anew_at_the_same_time(adapter: str, tmp_path: Path) -> None:
    """Each reads once a second until the end; without the early draw all of them would find it gone."""
    async with open_bench(adapter, tmp_path) as bench:
        source = Source(bench, seconds=1.0)
        draws = iter(number / 211 % 1 for number in range(0, 2_000_000, 97))
        processes = [Process(bench, lambda: next(draws)) for _ in range(20)]
        await processes[0].read(source)
        bench.clock.advance(timedelta(seconds=RULE.lifetime("a") - 12))
        for _ in range(15):
            await asyncio.gather(*(process.read(source) for process in processes))
            bench.clock.advance(timedelta(seconds=1))
        assert sum(process.counted("miss") for process in processes[1:]) == 0
        assert 2 <= source.asked < 10


async def test_a_load_that_fails_leaves_what_is_still_there(adapter: str, tmp_path: Path) -> None:
    async with open_bench(adapter, tmp_path) as bench:
        source, eager = Source(bench, seconds=10.0), Process(bench, lambda: 0.99)
        await eager.read(source)
        source.broken = True
        bench.clock.advance(timedelta(seconds=RULE.lifetime("a") - 30))
        assert await eager.read(source) == Loaded("v1", "cache")
        bench.clock.advance(timedelta(seconds=40))
        with pytest.raises(StoreUnavailable):
            await eager.read(source)


async def test_a_reader_that_goes_away_does_not_take_the_load_with_it(adapter: str, tmp_path: Path) -> None:
    async with open_bench(adapter, tmp_path) as bench:
        source, process = Source(bench), Process(bench)
        first = asyncio.ensure_future(process.read(source))
        await source.began.wait()
        second = asyncio.ensure_future(process.read(source))
        first.cancel()
        assert (await second).value == "v1"
        assert source.asked == 1


async def test_what_is_forgotten_or_written_is_not_read_stale(adapter: str, tmp_path: Path) -> None:
    async with open_bench(adapter, tmp_path) as bench:
        source, process = Source(bench), Process(bench)
        await process.read(source)
        await process.reads.forget(RULE, "a")
        assert (await process.read(source)).value == "v2"
        await write_through(bench.cache, RULE, "a", b"written")
        assert await process.read(source) == Loaded("written", "cache")
        await bench.cache.delete_prefix(RULE.prefix)
        assert (await process.read(source)).value == "v3"


@pytest.mark.parametrize("told", ["written", "forgotten"])
@pytest.mark.parametrize("changes", [True, False])
async def test_a_change_that_passes_a_reader_is_not_hidden_by_what_it_had_read(
    changes: bool, told: str, adapter: str, tmp_path: Path
) -> None:
    """A kind that is said never to change shows what would be read otherwise."""
    async with open_bench(adapter, tmp_path) as bench:

        async def tell() -> None:
            if told == "written":
                await write_through(bench.cache, RULE, "a", b"new")
            else:
                await bench.cache.delete(RULE.key("a"))

        source, process = Overtaken(tell), Process(bench)
        kind = replace(KIND, changes=changes)
        values = [(await process.reads.read(kind, "a", source.load)).value for _ in range(3)]
        assert values == ["new" if changes else "old"] * 3


async def test_a_value_that_cannot_be_looked_at_again_is_not_kept(adapter: str, tmp_path: Path) -> None:
    async with open_bench(adapter, tmp_path) as bench:
        answers = iter(["first"])

        async def load() -> Loaded[str]:
            for answer in answers:
                return Loaded(answer, "relational")
            raise StoreUnavailable("relational", "it is gone")

        read = await Process(bench).reads.read(replace(KIND, changes=True), "a", load)
        assert read == Loaded("first", "relational")
        assert await bench.cache.get(RULE.key("a")) is None


async def test_lifetimes_are_spread_within_their_bounds_and_kept(adapter: str, tmp_path: Path) -> None:
    async with open_bench(adapter, tmp_path) as bench:
        for rule in (PROFILES, REFERENCES, DECISIONS, HISTORIES):
            spread = [rule.lifetime(str(number)) for number in range(500)]
            assert rule.ttl_seconds * (1 - JITTER) < min(spread) < rule.ttl_seconds * (1 - 0.9 * JITTER)
            assert rule.ttl_seconds * (1 - 0.1 * JITTER) < max(spread) <= rule.ttl_seconds
        await write_through(bench.cache, RULE, "a", b"written")
        bench.clock.advance(timedelta(seconds=RULE.lifetime("a") - 0.001))
        assert await bench.cache.get(RULE.key("a")) is not None
        bench.clock.advance(timedelta(seconds=0.001))
        assert await bench.cache.get(RULE.key("a")) is None
