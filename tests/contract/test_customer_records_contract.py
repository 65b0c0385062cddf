"""What every CustomerRecords keeps to; each broken one breaks the promise it names."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from credit.domain.canonical import profile_from_bytes
from credit.domain.customer import CustomerStatus
from credit.domain.errors import InvalidValue
from tests.support import broken_stores
from tests.support.credit_samples import a_profile
from tests.support.store_bench import RELATIONAL_ADAPTERS, Bench, memory_bench, open_bench


class CustomerContract:
    async def a_profile_is_read_back_unchanged(self, bench: Bench) -> None:
        profile = a_profile(1, status=CustomerStatus.BLOCKED, monthly_income_cents=None, tax_liens=0)
        assert await bench.customers.upsert(profile)
        assert await bench.customers.get("C-00001") == profile
        assert await bench.customers.find_by_cpf(profile.cpf_index) == profile

    async def an_unknown_customer_is_none(self, bench: Bench) -> None:
        assert await bench.customers.get("C-1") is None
        assert await bench.customers.find_by_cpf("f" * 64) is None

    async def a_newer_version_replaces_an_older_one(self, bench: Bench) -> None:
        await bench.customers.upsert(a_profile(1, version=1))
        assert await bench.customers.upsert(a_profile(1, version=3))
        assert await bench.customers.get("C-00001") == a_profile(1, version=3)

    async def the_same_or_an_older_version_writes_nothing(self, bench: Bench) -> None:
        await bench.customers.upsert(a_profile(1, version=3))
        for version in (3, 2):
            assert not await bench.customers.upsert(a_profile(1, version=version, credit_score=1))
        assert await bench.customers.get("C-00001") == a_profile(1, version=3)
        assert await bench.outbox.depth() == 1
        assert len(await bench.audit.entries(10)) == 1

    async def each_accepted_version_is_audited_and_projected(self, bench: Bench) -> None:
        await bench.customers.upsert(a_profile(1, version=1))
        await bench.customers.upsert(a_profile(1, version=2))
        assert [(e.action, e.subject) for e in await bench.audit.entries(10)] == [
            ("customer.upserted", "C-00001")
        ] * 2
        rows = await bench.outbox.claim("worker", 10, 60.0)
        assert [(row.kind, row.key, row.version) for row in rows] == [
            ("customer", "C-00001", 1),
            ("customer", "C-00001", 2),
        ]
        assert profile_from_bytes(rows[1].payload) == a_profile(1, version=2)

    async def a_batch_answers_in_order(self, bench: Bench) -> None:
        await bench.customers.upsert(a_profile(2, version=5))
        batch = [a_profile(1), a_profile(2, version=4), a_profile(1, version=2), a_profile(3)]
        assert list(await bench.customers.upsert_many(batch)) == [True, False, True, True]
        assert await bench.customers.get("C-00001") == a_profile(1, version=2)

    async def a_batch_with_a_refused_profile_writes_nothing(self, bench: Bench) -> None:
        await bench.customers.upsert(a_profile(1))
        stolen = a_profile(9, cpf_index=a_profile(1).cpf_index)
        with pytest.raises(InvalidValue, match=r"another customer.*C-00009"):
            await bench.customers.upsert_many([a_profile(2), stolen, a_profile(3)])
        assert [p.customer_id for p in await bench.customers.scan(10)] == ["C-00001"]
        assert await bench.outbox.depth() == 1
        assert len(await bench.audit.entries(10)) == 1

    async def a_cpf_belongs_to_one_customer(self, bench: Bench) -> None:
        await bench.customers.upsert(a_profile(1))
        with pytest.raises(InvalidValue):
            await bench.customers.upsert(a_profile(2, cpf_index=a_profile(1).cpf_index))
        assert await bench.customers.get("C-00002") is None

    async def a_scan_walks_everybody_once_in_order(self, bench: Bench) -> None:
        await bench.customers.upsert_many([a_profile(number) for number in (4, 2, 5, 1, 3)])
        seen: list[str] = []
        after: str | None = None
        while page := await bench.customers.scan(2, after):
            seen.extend(profile.customer_id for profile in page)
            after = page[-1].customer_id
        assert seen == [f"C-{number:05d}" for number in (1, 2, 3, 4, 5)]


PROMISES = sorted(name for name, _ in inspect.getmembers(CustomerContract, inspect.isfunction))


@pytest.mark.parametrize("adapter", RELATIONAL_ADAPTERS)
@pytest.mark.parametrize("promise", PROMISES)
async def test_customer_records_keep_their_promises(promise: str, adapter: str, tmp_path: Path) -> None:
    async with open_bench(adapter, tmp_path) as bench:
        await getattr(CustomerContract(), promise)(bench)


@pytest.mark.parametrize("broken", broken_stores.CUSTOMERS, ids=lambda broken: broken.__name__)
async def test_the_contract_catches_broken_customer_records(broken: type) -> None:
    bench = memory_bench()
    assert bench.memory is not None
    bench.customers = broken(bench.memory.tables, bench.clock)
    with pytest.raises((AssertionError, ValueError, pytest.fail.Exception)):
        await getattr(CustomerContract(), broken.breaks)(bench)  # type: ignore[attr-defined]
