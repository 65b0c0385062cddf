"""What every Cache keeps to; each broken one breaks the promise it names."""

from __future__ import annotations

import inspect
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support import broken_stores
from tests.support.store_bench import CACHE_ADAPTERS, CACHE_ENTRIES, Bench, memory_bench, open_bench


class CacheContract:
    async def a_value_is_read_back_and_others_are_misses(self, bench: Bench) -> None:
        await bench.cache.set("a", b"\x00value\xff", 300.0)
        assert await bench.cache.get("a") == b"\x00value\xff"
        assert await bench.cache.get("b") is None

    async def a_value_lives_for_its_time_and_no_longer(self, bench: Bench) -> None:
        await bench.cache.set("a", b"1", 300.0)
        bench.clock.advance(timedelta(seconds=299))
        assert await bench.cache.get("a") == b"1"
        bench.clock.advance(timedelta(seconds=1))
        assert await bench.cache.get("a") is None

    async def setting_again_replaces_value_and_time(self, bench: Bench) -> None:
        await bench.cache.set("a", b"1", 10.0)
        await bench.cache.set("a", b"2", 300.0)
        bench.clock.advance(timedelta(seconds=60))
        assert await bench.cache.get("a") == b"2"

    async def a_deleted_value_is_a_miss(self, bench: Bench) -> None:
        await bench.cache.set("a", b"1", 300.0)
        await bench.cache.set("b", b"2", 300.0)
        await bench.cache.delete("a")
        await bench.cache.delete("never set")
        assert await bench.cache.get("a") is None
        assert await bench.cache.get("b") == b"2"

    async def a_prefix_takes_all_its_keys_and_no_other(self, bench: Bench) -> None:
        for key in ("pro:1", "profile:1", "profile:2", "pro*:1", "profile"):
            await bench.cache.set(key, key.encode(), 300.0)
        await bench.cache.delete_prefix("profile:")
        await bench.cache.delete_prefix("pro*:")
        await bench.cache.delete_prefix("none:")
        for gone in ("profile:1", "profile:2", "pro*:1"):
            assert await bench.cache.get(gone) is None
        assert await bench.cache.get("pro:1") == b"pro:1"
        assert await bench.cache.get("profile") == b"profile"

    async def a_prefix_takes_more_keys_than_a_page_holds(self, bench: Bench) -> None:
        for number in range(1_200):
            await bench.cache.set(f"many:{number}", b"", 300.0)
        await bench.cache.set("other:1", b"1", 300.0)
        await bench.cache.delete_prefix("many:")
        found = [n for n in range(1_200) if await bench.cache.get(f"many:{n}") is not None]
        assert found == []
        assert await bench.cache.get("other:1") == b"1"


class BoundedCacheContract:
    async def it_never_holds_more_than_its_bound_and_keeps_the_newest(self, bench: Bench) -> None:
        for number in range(3 * CACHE_ENTRIES):
            await bench.cache.set(f"k{number}", b"v", 300.0)
        held = [n for n in range(3 * CACHE_ENTRIES) if await bench.cache.get(f"k{n}") is not None]
        assert held == list(range(2 * CACHE_ENTRIES, 3 * CACHE_ENTRIES))


PROMISES = sorted(name for name, _ in inspect.getmembers(CacheContract, inspect.isfunction))
BOUNDED = sorted(name for name, _ in inspect.getmembers(BoundedCacheContract, inspect.isfunction))


@pytest.mark.parametrize("adapter", CACHE_ADAPTERS)
@pytest.mark.parametrize("promise", PROMISES)
async def test_a_cache_keeps_its_promises(promise: str, adapter: str, tmp_path: Path) -> None:
    async with open_bench(adapter, tmp_path) as bench:
        await getattr(CacheContract(), promise)(bench)


@pytest.mark.parametrize("adapter", ["memory"])
@pytest.mark.parametrize("promise", BOUNDED)
async def test_a_cache_of_a_known_size_stays_within_it(promise: str, adapter: str, tmp_path: Path) -> None:
    async with open_bench(adapter, tmp_path) as bench:
        await getattr(BoundedCacheContract(), promise)(bench)


@pytest.mark.parametrize("broken", broken_stores.CACHES, ids=lambda broken: broken.__name__)
async def test_the_contract_catches_a_broken_cache(broken: type) -> None:
    bench = memory_bench()
    bench.cache = broken(bench.clock, max_entries=CACHE_ENTRIES)
    suite = CacheContract if hasattr(CacheContract, broken.breaks) else BoundedCacheContract  # type: ignore[attr-defined]
    with pytest.raises((AssertionError, ValueError, pytest.fail.Exception)):
        await getattr(suite(), broken.breaks)(bench)  # type: ignore[attr-defined]
