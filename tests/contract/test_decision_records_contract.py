"""What every DecisionRecords keeps to; each broken one breaks the promise it names."""

from __future__ import annotations

import asyncio
import inspect
from dataclasses import replace
from pathlib import Path

import pytest

from credit.domain.canonical import decision_bytes, decision_from_bytes
from credit.domain.errors import IdempotencyConflict, VersionConflict
from tests.support import broken_stores
from tests.support.credit_samples import a_decision, a_key
from tests.support.store_bench import RELATIONAL_ADAPTERS, Bench, memory_bench, open_bench


class DecisionContract:
    async def what_was_recorded_is_found_unchanged(self, bench: Bench) -> None:
        recorded = await bench.decisions.record(a_decision(1), a_key(1))
        assert (recorded.decision, recorded.replayed) == (a_decision(1), False)
        assert await bench.decisions.find(a_decision(1).decision_id) == a_decision(1)
        assert await bench.decisions.count() == 1

    async def what_was_never_recorded_is_not_found(self, bench: Bench) -> None:
        assert await bench.decisions.find("nobody") is None
        assert await bench.decisions.find_by_key(a_key(1)) is None
        assert await bench.decisions.count() == 0

    async def the_same_key_and_body_replay_the_first_decision(self, bench: Bench) -> None:
        await bench.decisions.record(a_decision(1), a_key(1))
        again = await bench.decisions.record(a_decision(2), a_key(1))
        assert (again.decision, again.replayed) == (a_decision(1), True)
        assert await bench.decisions.count() == 1
        assert await bench.decisions.find_by_key(a_key(1)) == a_decision(1)

    async def the_same_key_with_another_body_is_refused_and_writes_nothing(self, bench: Bench) -> None:
        await bench.decisions.record(a_decision(1), a_key(1, "a"))
        with pytest.raises(IdempotencyConflict):
            await bench.decisions.record(a_decision(2), a_key(1, "b"))
        with pytest.raises(IdempotencyConflict):
            await bench.decisions.find_by_key(a_key(1, "b"))
        assert await bench.decisions.count() == 1
        assert await bench.outbox.depth() == 1
        assert len(await bench.audit.entries(10)) == 1

    async def keys_of_different_clients_do_not_meet(self, bench: Bench) -> None:
        await bench.decisions.record(a_decision(1), a_key(1, client="portal"))
        other = await bench.decisions.record(a_decision(2), a_key(1, client="branch"))
        assert not other.replayed
        assert await bench.decisions.count() == 2

    async def concurrent_calls_with_one_key_record_exactly_once(self, bench: Bench) -> None:
        calls = [bench.decisions.record(a_decision(number), a_key(1)) for number in range(1, 33)]
        answers = await asyncio.gather(*calls)
        assert sum(not answer.replayed for answer in answers) == 1
        assert len({answer.decision.decision_id for answer in answers}) == 1
        assert await bench.decisions.count() == 1

    async def without_a_key_every_decision_is_recorded(self, bench: Bench) -> None:
        for number in (1, 2, 3):
            assert not (await bench.decisions.record(a_decision(number), None)).replayed
        assert await bench.decisions.count() == 3

    async def a_decision_comes_with_its_audit_entry_and_outbox_row(self, bench: Bench) -> None:
        await bench.decisions.record(a_decision(1), a_key(1))
        (entry,) = await bench.audit.entries(10)
        assert (entry.action, entry.subject, entry.actor) == (
            "decision.recorded",
            a_decision(1).decision_id,
            "portal",
        )
        (row,) = await bench.outbox.claim("worker", 10, 60.0)
        assert (row.kind, row.key, row.version) == ("decision", a_decision(1).decision_id, 1)
        assert decision_from_bytes(row.payload) == a_decision(1)

    async def a_replay_adds_neither_audit_entry_nor_outbox_row(self, bench: Bench) -> None:
        for _ in range(3):
            await bench.decisions.record(a_decision(1), a_key(1))
        assert len(await bench.audit.entries(10)) == 1
        assert await bench.outbox.depth() == 1

    async def the_same_decision_twice_is_one_and_another_under_its_id_is_refused(self, bench: Bench) -> None:
        await bench.decisions.record(a_decision(1), None)
        assert (await bench.decisions.record(a_decision(1), None)).replayed
        with pytest.raises(VersionConflict):
            await bench.decisions.record(replace(a_decision(1), degraded=True), None)
        assert await bench.decisions.count() == 1

    async def the_trace_and_facts_survive_byte_for_byte(self, bench: Bench) -> None:
        await bench.decisions.record(a_decision(7), None)
        found = await bench.decisions.find(a_decision(7).decision_id)
        assert found is not None
        assert decision_bytes(found) == decision_bytes(a_decision(7))

    async def a_customers_decisions_come_newest_first_in_pages(self, bench: Bench) -> None:
        for number in (3, 1, 5, 2, 4):
            await bench.decisions.record(a_decision(number, customer=1), None)
        await bench.decisions.record(a_decision(9, customer=2), None)
        first = await bench.decisions.of_customer("C-00001", 2)
        rest = await bench.decisions.of_customer("C-00001", 10, before=first[-1].decision_id)
        expected = [a_decision(number).decision_id for number in (5, 4, 3, 2, 1)]
        assert [decision.decision_id for decision in [*first, *rest]] == expected


PROMISES = sorted(name for name, _ in inspect.getmembers(DecisionContract, inspect.isfunction))


@pytest.mark.parametrize("adapter", RELATIONAL_ADAPTERS)
@pytest.mark.parametrize("promise", PROMISES)
async def test_decision_records_keep_their_promises(promise: str, adapter: str, tmp_path: Path) -> None:
    async with open_bench(adapter, tmp_path) as bench:
        await getattr(DecisionContract(), promise)(bench)


@pytest.mark.parametrize("broken", broken_stores.DECISIONS, ids=lambda broken: broken.__name__)
async def test_the_contract_catches_broken_decision_records(broken: type) -> None:
    bench = memory_bench()
    assert bench.memory is not None
    bench.decisions = broken(bench.memory.tables, bench.clock)
    with pytest.raises((AssertionError, ValueError, pytest.fail.Exception)):
        await getattr(DecisionContract(), broken.breaks)(bench)  # type: ignore[attr-defined]
