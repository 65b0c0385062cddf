"""What every AuditTrail keeps to; each broken one breaks the promise it names."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path

import pytest

from credit.domain.errors import IdempotencyConflict
from dataplatform.security.audit_chain import GENESIS
from tests.support import broken_stores
from tests.support.credit_samples import NOON, a_decision, a_key, a_profile
from tests.support.store_bench import RELATIONAL_ADAPTERS, Bench, memory_bench, open_bench
from tests.support.whole_chain import verify


class AuditContract:
    async def an_empty_trail_has_no_head(self, bench: Bench) -> None:
        assert await bench.audit.head() is None
        assert list(await bench.audit.entries(10)) == []

    async def an_entry_is_kept_whole(self, bench: Bench) -> None:
        entry = await bench.audit.append("ana", "cpf.read", "C-1", b'{"why":"review"}')
        assert (entry.sequence, entry.at, entry.actor, entry.action) == (1, NOON, "ana", "cpf.read")
        assert (entry.subject, entry.body, entry.previous) == ("C-1", b'{"why":"review"}', GENESIS)
        assert list(await bench.audit.entries(10)) == [entry]
        assert await bench.audit.head() == entry

    async def each_entry_links_to_the_one_before(self, bench: Bench) -> None:
        for number in range(5):
            await bench.audit.append("ana", "cpf.read", f"C-{number}", b"{}")
        entries = await bench.audit.entries(10)
        assert [entry.previous for entry in entries[1:]] == [entry.digest for entry in entries[:-1]]
        assert verify(entries, []).intact

    async def sequences_have_no_gap_even_after_refused_work(self, bench: Bench) -> None:
        await bench.decisions.record(a_decision(1), a_key(1, "a"))
        with pytest.raises(IdempotencyConflict):
            await bench.decisions.record(a_decision(2), a_key(1, "b"))
        await bench.customers.upsert(a_profile(1))
        await bench.audit.append("ana", "cpf.read", "C-1", b"{}")
        entries = await bench.audit.entries(10)
        assert [entry.sequence for entry in entries] == [1, 2, 3]
        assert verify(entries, []).intact

    async def concurrent_appends_make_one_chain(self, bench: Bench) -> None:
        await asyncio.gather(*(bench.audit.append("ana", "x", str(n), b"{}") for n in range(50)))
        report = verify(await bench.audit.entries(100), [])
        assert (report.intact, report.entries, report.head_sequence) == (True, 50, 50)

    async def entries_come_in_pages(self, bench: Bench) -> None:
        for number in range(5):
            await bench.audit.append("ana", "x", str(number), b"{}")
        assert [entry.sequence for entry in await bench.audit.entries(2)] == [1, 2]
        assert [entry.sequence for entry in await bench.audit.entries(2, 2)] == [3, 4]
        assert [entry.sequence for entry in await bench.audit.entries(2, 4)] == [5]

    async def the_head_is_the_newest_entry(self, bench: Bench) -> None:
        await bench.audit.append("ana", "x", "1", b"{}")
        last = await bench.audit.append("ana", "x", "2", b"{}")
        assert await bench.audit.head() == last


PROMISES = sorted(name for name, _ in inspect.getmembers(AuditContract, inspect.isfunction))


@pytest.mark.parametrize("adapter", RELATIONAL_ADAPTERS)
@pytest.mark.parametrize("promise", PROMISES)
async def test_an_audit_trail_keeps_its_promises(promise: str, adapter: str, tmp_path: Path) -> None:
    async with open_bench(adapter, tmp_path) as bench:
        await getattr(AuditContract(), promise)(bench)


@pytest.mark.parametrize("broken", broken_stores.AUDIT_TRAILS, ids=lambda broken: broken.__name__)
async def test_the_contract_catches_a_broken_audit_trail(broken: type) -> None:
    bench = memory_bench()
    assert bench.memory is not None
    bench.audit = broken(bench.memory.tables, bench.clock)
    with pytest.raises((AssertionError, ValueError, pytest.fail.Exception)):
        await getattr(AuditContract(), broken.breaks)(bench)  # type: ignore[attr-defined]
