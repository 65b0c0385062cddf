"""What every HotStore keeps to; each broken one breaks the promise it names."""

from __future__ import annotations

import asyncio
import inspect
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support import broken_stores
from tests.support.credit_samples import NOON, a_hot_item
from tests.support.store_bench import HOT_ADAPTERS, Bench, memory_bench, open_bench

MINUTE = timedelta(minutes=1)


class HotContract:
    async def an_item_is_read_back_unchanged(self, bench: Bench) -> None:
        assert await bench.hot.put_if_newer(a_hot_item())
        assert await bench.hot.get("C-00001", "PROFILE") == a_hot_item()
        assert await bench.hot.get("C-00001", "OTHER") is None

    async def only_a_newer_version_is_written(self, bench: Bench) -> None:
        await bench.hot.put_if_newer(a_hot_item(version=2))
        for version in (1, 2):
            assert not await bench.hot.put_if_newer(a_hot_item(version=version, digest="other"))
        assert await bench.hot.get("C-00001", "PROFILE") == a_hot_item(version=2)
        assert await bench.hot.put_if_newer(a_hot_item(version=3))
        assert await bench.hot.get("C-00001", "PROFILE") == a_hot_item(version=3)

    async def of_concurrent_writes_the_newest_stays(self, bench: Bench) -> None:
        versions = [5, 2, 9, 1, 7, 9, 3]
        await asyncio.gather(*(bench.hot.put_if_newer(a_hot_item(version=v)) for v in versions))
        assert await bench.hot.get("C-00001", "PROFILE") == a_hot_item(version=9)

    async def an_expired_item_is_absent_everywhere(self, bench: Bench) -> None:
        await bench.hot.put_if_newer(a_hot_item(expires_at=NOON + MINUTE))
        assert await bench.hot.get("C-00001", "PROFILE") is not None
        bench.clock.advance(MINUTE)
        assert await bench.hot.get("C-00001", "PROFILE") is None
        assert list(await bench.hot.query_customer("C-00001")) == []
        assert list(await bench.hot.query_status("ACTIVE", NOON - MINUTE)) == []
        assert list(await bench.hot.query_type("PROFILE", NOON - MINUTE)) == []
        assert list(await bench.hot.scan(10)) == []

    async def an_expired_item_gives_way_to_any_version(self, bench: Bench) -> None:
        await bench.hot.put_if_newer(a_hot_item(version=5, expires_at=NOON + MINUTE))
        bench.clock.advance(MINUTE)
        assert await bench.hot.put_if_newer(a_hot_item(version=1))
        assert await bench.hot.get("C-00001", "PROFILE") == a_hot_item(version=1)

    async def a_deleted_item_is_gone_and_may_come_back(self, bench: Bench) -> None:
        await bench.hot.put_if_newer(a_hot_item(version=5))
        await bench.hot.delete("C-00001", "PROFILE")
        await bench.hot.delete("C-00001", "PROFILE")
        assert await bench.hot.get("C-00001", "PROFILE") is None
        assert await bench.hot.put_if_newer(a_hot_item(version=1))

    async def a_customers_items_come_in_order_of_type(self, bench: Bench) -> None:
        types = ["TXN#2#b", "PROFILE", "TXN#1#a", "DECISION#9"]
        for data_type in types:
            await bench.hot.put_if_newer(a_hot_item(data_type=data_type))
        await bench.hot.put_if_newer(a_hot_item(customer=2, data_type="TXN#0#z"))
        found = await bench.hot.query_customer("C-00001")
        assert [item.data_type for item in found] == sorted(types)
        prefixed = await bench.hot.query_customer("C-00001", prefix="TXN#", limit=1)
        assert [item.data_type for item in prefixed] == ["TXN#1#a"]

    async def the_status_index_answers_newest_first_since_an_instant(self, bench: Bench) -> None:
        for customer in (1, 2, 3):
            await bench.hot.put_if_newer(a_hot_item(customer=customer))
        await bench.hot.put_if_newer(a_hot_item(customer=4, status="BLOCKED"))
        await bench.hot.put_if_newer(a_hot_item(customer=5, status=None, created_at=None))
        found = await bench.hot.query_status("ACTIVE", NOON + 2 * MINUTE)
        assert [item.customer_id for item in found] == ["C-00003", "C-00002"]
        assert len(await bench.hot.query_status("ACTIVE", NOON, limit=1)) == 1

    async def the_type_index_answers_by_family_newest_first(self, bench: Bench) -> None:
        for version, data_type in ((1, "TXN#1#a"), (3, "TXN#1#b"), (2, "TXN#1#c"), (4, "PROFILE")):
            await bench.hot.put_if_newer(a_hot_item(data_type=data_type, version=version))
        found = await bench.hot.query_type("TXN", NOON + 2 * MINUTE)
        assert [item.data_type for item in found] == ["TXN#1#b", "TXN#1#c"]

    async def a_scan_walks_every_item_once(self, bench: Bench) -> None:
        keys = [("C-00002", "A"), ("C-00001", "B"), ("C-00001", "A"), ("C-00003", "A"), ("C-00002", "B")]
        for customer, data_type in keys:
            await bench.hot.put_if_newer(a_hot_item(int(customer[2:]), data_type))
        seen: list[tuple[str, str]] = []
        after: tuple[str, str] | None = None
        while page := await bench.hot.scan(3, after):
            seen.extend((item.customer_id, item.data_type) for item in page)
            after = seen[-1]
        assert sorted(seen) == sorted(keys)


PROMISES = sorted(name for name, _ in inspect.getmembers(HotContract, inspect.isfunction))


@pytest.mark.parametrize("adapter", HOT_ADAPTERS)
@pytest.mark.parametrize("promise", PROMISES)
async def test_a_hot_store_keeps_its_promises(promise: str, adapter: str, tmp_path: Path) -> None:
    async with open_bench(adapter, tmp_path) as bench:
        await getattr(HotContract(), promise)(bench)


@pytest.mark.parametrize("broken", broken_stores.HOT_STORES, ids=lambda broken: broken.__name__)
async def test_the_contract_catches_a_broken_hot_store(broken: type) -> None:
    bench = memory_bench()
    assert bench.memory is not None
    bench.hot = broken(bench.memory.database, bench.clock)
    with pytest.raises((AssertionError, ValueError, pytest.fail.Exception)):
        await getattr(HotContract(), broken.breaks)(bench)  # type: ignore[attr-defined]
