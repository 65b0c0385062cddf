"""What every WideStore keeps to; each broken one breaks the promise it names."""

from __future__ import annotations

import asyncio
import inspect
from datetime import timedelta
from itertools import groupby
from pathlib import Path

import pytest

from tests.support import broken_stores
from tests.support.credit_samples import NOON, a_wide_row
from tests.support.store_bench import WIDE_ADAPTERS, Bench, memory_bench, open_bench

MINUTE = timedelta(minutes=1)


class WideContract:
    async def a_row_is_read_back_unchanged(self, bench: Bench) -> None:
        assert await bench.wide.put_if_newer(a_wide_row())
        assert await bench.wide.get("C-00001", "CUSTOMER_PROFILE") == a_wide_row()
        assert await bench.wide.get("C-00002", "CUSTOMER_PROFILE") is None

    async def only_a_newer_version_is_written(self, bench: Bench) -> None:
        await bench.wide.put_if_newer(a_wide_row(version=2))
        for version in (1, 2):
            assert not await bench.wide.put_if_newer(a_wide_row(version=version, digest="other"))
        assert await bench.wide.get("C-00001", "CUSTOMER_PROFILE") == a_wide_row(version=2)
        assert await bench.wide.put_if_newer(a_wide_row(version=3))

    async def of_concurrent_writes_the_newest_stays(self, bench: Bench) -> None:
        await asyncio.gather(*(bench.wide.put_if_newer(a_wide_row(version=v)) for v in (5, 2, 9, 1)))
        assert await bench.wide.get("C-00001", "CUSTOMER_PROFILE") == a_wide_row(version=9)

    async def a_range_includes_its_start_and_not_its_end(self, bench: Bench) -> None:
        types = ["TRANSACTION#1", "TRANSACTION#2", "TRANSACTION#3", "TRANSACTION$", "CUSTOMER_PROFILE"]
        for data_type in reversed(types):
            await bench.wide.put_if_newer(a_wide_row(data_type=data_type))
        await bench.wide.put_if_newer(a_wide_row(customer=2, data_type="TRANSACTION#0"))
        every = await bench.wide.range("C-00001", "TRANSACTION#", "TRANSACTION$")
        assert [row.data_type for row in every] == types[:3]
        some = await bench.wide.range("C-00001", "TRANSACTION#2", "TRANSACTION#3")
        assert [row.data_type for row in some] == ["TRANSACTION#2"]
        assert len(await bench.wide.range("C-00001", "TRANSACTION#", "TRANSACTION$", limit=2)) == 2

    async def an_expired_row_is_absent_everywhere(self, bench: Bench) -> None:
        await bench.wide.put_if_newer(a_wide_row(version=4, expires_at=NOON + MINUTE))
        assert len(await bench.wide.scan(10)) == 1
        bench.clock.advance(MINUTE)
        assert await bench.wide.get("C-00001", "CUSTOMER_PROFILE") is None
        assert list(await bench.wide.range("C-00001", "A", "Z")) == []
        assert list(await bench.wide.scan(10)) == []
        assert await bench.wide.put_if_newer(a_wide_row(version=1))

    async def a_deleted_row_is_gone_and_may_come_back(self, bench: Bench) -> None:
        await bench.wide.put_if_newer(a_wide_row(version=5))
        await bench.wide.delete("C-00001", "CUSTOMER_PROFILE")
        assert await bench.wide.get("C-00001", "CUSTOMER_PROFILE") is None
        assert await bench.wide.put_if_newer(a_wide_row(version=1))

    async def a_scan_walks_every_row_once_customer_by_customer(self, bench: Bench) -> None:
        keys = [(2, "A"), (1, "B"), (1, "A"), (3, "A"), (2, "B")]
        for customer, data_type in keys:
            await bench.wide.put_if_newer(a_wide_row(customer, data_type))
        seen: list[tuple[str, str]] = []
        after: tuple[str, str] | None = None
        while page := await bench.wide.scan(2, after):
            seen.extend((row.customer_id, row.data_type) for row in page)
            after = seen[-1]
        assert sorted(seen) == [(f"C-{customer:05d}", data_type) for customer, data_type in sorted(keys)]
        assert seen == [key for _, of_one in groupby(seen, lambda key: key[0]) for key in sorted(of_one)]
        assert len({customer for customer, _ in seen}) == len(list(groupby(seen, lambda key: key[0])))

    async def a_scan_goes_on_after_a_row_that_is_gone(self, bench: Bench) -> None:
        for customer in (1, 2, 3):
            await bench.wide.put_if_newer(a_wide_row(customer))
        (first,) = await bench.wide.scan(1)
        await bench.wide.delete(first.customer_id, first.data_type)
        rest = await bench.wide.scan(10, (first.customer_id, first.data_type))
        assert {row.customer_id for row in rest} == {"C-00001", "C-00002", "C-00003"} - {first.customer_id}


PROMISES = sorted(name for name, _ in inspect.getmembers(WideContract, inspect.isfunction))


@pytest.mark.parametrize("adapter", WIDE_ADAPTERS)
@pytest.mark.parametrize("promise", PROMISES)
async def test_a_wide_store_keeps_its_promises(promise: str, adapter: str, tmp_path: Path) -> None:
    async with open_bench(adapter, tmp_path) as bench:
        await getattr(WideContract(), promise)(bench)


@pytest.mark.parametrize("broken", broken_stores.WIDE_STORES, ids=lambda broken: broken.__name__)
async def test_the_contract_catches_a_broken_wide_store(broken: type) -> None:
    bench = memory_bench()
    assert bench.memory is not None
    bench.wide = broken(bench.memory.database, bench.clock)
    with pytest.raises((AssertionError, ValueError, pytest.fail.Exception)):
        await getattr(WideContract(), broken.breaks)(bench)  # type: ignore[attr-defined]
