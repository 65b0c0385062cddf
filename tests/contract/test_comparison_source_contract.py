"""What every ComparisonSource keeps to: fair samples, and each record together with what waits for it."""

from __future__ import annotations

import inspect
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from credit.domain.errors import InvalidValue
from dataplatform.consistency.sides import SourceKey
from dataplatform.ingestion.projections import project_customer, project_decision, project_transaction
from tests.support.credit_samples import a_decision, a_profile, a_transaction
from tests.support.store_bench import RELATIONAL_ADAPTERS, Bench, open_bench


async def ten_records(bench: Bench) -> None:
    """Four customers, three transactions, three decisions; everything waits in the outbox."""
    await bench.customers.upsert_many([a_profile(number) for number in (1, 2, 3, 4)])
    await bench.transactions.add_many([a_transaction(number) for number in (1, 2, 3)])
    for number in (1, 2, 3):
        await bench.decisions.record(a_decision(number), None)


async def project_everything(bench: Bench) -> None:
    while rows := await bench.outbox.claim("worker", 10, 60.0):
        await bench.outbox.done("worker", [row.row_id for row in rows])


class SourceContract:
    async def an_empty_store_has_no_population(self, bench: Bench) -> None:
        assert await bench.comparison.population() == 0
        assert list(await bench.comparison.sample(5, Random(1))) == []

    async def every_kind_of_record_counts(self, bench: Bench) -> None:
        await ten_records(bench)
        assert await bench.comparison.population() == 10

    async def a_sample_holds_different_records(self, bench: Bench) -> None:
        await ten_records(bench)
        for seed in range(5):
            keys = [state.key for state in await bench.comparison.sample(4, Random(seed))]
            assert len(set(keys)) == len(keys) == 4

    async def a_sample_of_more_than_there_is_holds_everything(self, bench: Bench) -> None:
        await ten_records(bench)
        states = await bench.comparison.sample(50, Random(1))
        assert Counter(state.key.kind for state in states) == {"customer": 4, "transaction": 3, "decision": 3}

    async def no_record_is_left_out_of_the_draw(self, bench: Bench) -> None:
        await ten_records(bench)
        dice = Random(3)
        drawn = Counter([s.key for _ in range(60) for s in await bench.comparison.sample(3, dice)])
        assert len(drawn) == 10
        assert min(drawn.values()) >= 4, "each is expected 18 times"

    async def a_record_comes_as_it_is_projected(self, bench: Bench) -> None:
        await ten_records(bench)
        keys = [
            SourceKey("customer", "C-00001"),
            SourceKey("transaction", "T-00001"),
            SourceKey("decision", a_decision(1).decision_id),
        ]
        assert [state.projection for state in await bench.comparison.states(keys)] == [
            project_customer(a_profile(1)),
            project_transaction(a_transaction(1)),
            project_decision(a_decision(1)),
        ]

    async def states_come_in_the_order_asked_for_and_a_missing_record_has_none(self, bench: Bench) -> None:
        await ten_records(bench)
        keys = [
            SourceKey("transaction", "T-00003"),
            SourceKey("customer", "nobody"),
            SourceKey("customer", "C-00002"),
            SourceKey("transaction", "T-00003"),
        ]
        states = await bench.comparison.states(keys)
        assert [state.key for state in states] == keys
        assert [state.projection is None for state in states] == [False, True, False, False]

    async def a_change_that_waits_makes_its_record_pending(self, bench: Bench) -> None:
        await ten_records(bench)
        assert all(state.pending for state in await bench.comparison.sample(50, Random(1)))
        await project_everything(bench)
        await bench.customers.upsert(a_profile(2, version=2))
        states = await bench.comparison.sample(50, Random(1))
        assert [state.key.key for state in states if state.pending] == ["C-00002"]

    async def refused_writes_leave_nothing_to_sample(self, bench: Bench) -> None:
        await ten_records(bench)
        for _ in range(8):
            with pytest.raises(InvalidValue):
                await bench.customers.upsert(a_profile(50, cpf_index=a_profile(1).cpf_index))
        await bench.customers.upsert(a_profile(5))
        keys = {state.key for state in await bench.comparison.sample(11, Random(2))}
        assert len(keys) == await bench.comparison.population() == 11


PROMISES = sorted(name for name, _ in inspect.getmembers(SourceContract, inspect.isfunction))


@pytest.mark.parametrize("adapter", RELATIONAL_ADAPTERS)
@pytest.mark.parametrize("promise", PROMISES)
async def test_a_comparison_source_keeps_its_promises(promise: str, adapter: str, tmp_path: Path) -> None:
    async with open_bench(adapter, tmp_path) as bench:
        await getattr(SourceContract(), promise)(bench)
