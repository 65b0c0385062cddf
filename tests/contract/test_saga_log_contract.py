"""What every log of sagas keeps to; each broken one breaks the promise it names."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from credit.domain.errors import IdempotencyConflict, LeaseLost
from credit.ports.sagas import Phase, Saga, SagaState, StepState
from dataplatform.stores.relational.sagas import SqlSagaLog
from tests.support.credit_samples import NOON
from tests.support.store_bench import RELATIONAL_ADAPTERS, Bench, memory_bench, open_bench

LEASE = 60.0


class SagaLogContract:
    async def what_was_begun_is_found_open_and_held_by_nobody(self, bench: Bench) -> None:
        begun = await bench.sagas.begin("s-1", "kind", b"content")
        assert begun == await bench.sagas.find("s-1")
        assert (begun.state, begun.phase, begun.fence, begun.attempts) == (
            SagaState.OPEN,
            Phase.FORWARD,
            0,
            0,
        )
        assert (begun.content, begun.steps, begun.started_at) == (b"content", {}, NOON)
        assert await bench.sagas.find("nobody") is None

    async def beginning_again_changes_nothing(self, bench: Bench) -> None:
        await bench.sagas.begin("s-1", "kind", b"content")
        (held,) = await bench.sagas.claim("a", 10, LEASE)
        await bench.sagas.note(held, "one", StepState.DONE, LEASE)
        again = await bench.sagas.begin("s-1", "kind", b"content")
        assert (again.fence, again.steps) == (1, {"one": StepState.DONE})

    async def beginning_again_with_another_content_is_refused(self, bench: Bench) -> None:
        await bench.sagas.begin("s-1", "kind", b"content")
        with pytest.raises(IdempotencyConflict):
            await bench.sagas.begin("s-1", "kind", b"other")

    async def a_held_saga_is_nobody_elses(self, bench: Bench) -> None:
        await bench.sagas.begin("s-1", "kind", b"")
        assert len(await bench.sagas.claim("a", 10, LEASE)) == 1
        assert list(await bench.sagas.claim("b", 10, LEASE)) == []
        assert await bench.sagas.claim_one("s-1", "b", LEASE) is None

    async def concurrent_claims_share_no_saga(self, bench: Bench) -> None:
        for number in range(12):
            await bench.sagas.begin(f"s-{number}", "kind", b"")
        claims = await asyncio.gather(*(bench.sagas.claim(f"w{n}", 3, LEASE) for n in range(6)))
        ids = [saga.saga_id for claim in claims for saga in claim]
        assert sorted(ids) == sorted(f"s-{number}" for number in range(12))

    async def a_lease_that_ran_out_is_taken_with_a_new_fence(self, bench: Bench) -> None:
        await bench.sagas.begin("s-1", "kind", b"")
        (first,) = await bench.sagas.claim("a", 10, LEASE)
        bench.clock.advance(timedelta(seconds=LEASE))
        (second,) = await bench.sagas.claim("b", 10, LEASE)
        assert (first.fence, second.fence) == (1, 2)

    async def whoever_lost_the_lease_changes_nothing(self, bench: Bench) -> None:
        await bench.sagas.begin("s-1", "kind", b"")
        (first,) = await bench.sagas.claim("a", 10, LEASE)
        bench.clock.advance(timedelta(seconds=LEASE))
        await bench.sagas.claim("b", 10, LEASE)
        late: Callable[[], Awaitable[None]]
        for late in (
            lambda: bench.sagas.note(first, "one", StepState.DONE, LEASE),
            lambda: bench.sagas.turn_back(first, "late"),
            lambda: bench.sagas.postpone(first, 1.0, 1, "late"),
            lambda: bench.sagas.end(first, SagaState.DONE),
        ):
            with pytest.raises(LeaseLost):
                await late()
        found = await bench.sagas.find("s-1")
        assert found is not None
        assert (found.state, found.phase, found.steps, found.attempts) == (
            SagaState.OPEN,
            Phase.FORWARD,
            {},
            0,
        )

    async def a_note_lengthens_the_lease(self, bench: Bench) -> None:
        await bench.sagas.begin("s-1", "kind", b"")
        (held,) = await bench.sagas.claim("a", 10, LEASE)
        bench.clock.advance(timedelta(seconds=LEASE - 1))
        await bench.sagas.note(held, "one", StepState.INTENDED, LEASE)
        bench.clock.advance(timedelta(seconds=LEASE - 1))
        assert list(await bench.sagas.claim("b", 10, LEASE)) == []

    async def a_refused_step_turns_the_saga_back_with_its_reason(self, bench: Bench) -> None:
        await bench.sagas.begin("s-1", "kind", b"")
        (held,) = await bench.sagas.claim("a", 10, LEASE)
        await bench.sagas.note(held, "one", StepState.REFUSED, LEASE, "LIMIT")
        found = await bench.sagas.find("s-1")
        assert found is not None
        assert (found.phase, found.reason, found.steps) == (
            Phase.BACKWARD,
            "LIMIT",
            {"one": StepState.REFUSED},
        )

    async def a_postponed_saga_rests_and_counts_its_failures(self, bench: Bench) -> None:
        await bench.sagas.begin("s-1", "kind", b"")
        (held,) = await bench.sagas.claim("a", 10, LEASE)
        await bench.sagas.postpone(held, 5.0, 1, "the store is down")
        assert list(await bench.sagas.claim("b", 10, LEASE)) == []
        bench.clock.advance(timedelta(seconds=5))
        (again,) = await bench.sagas.claim("b", 10, LEASE)
        assert (again.attempts, again.trouble, again.reason) == (1, "the store is down", None)

    async def a_step_that_went_well_ends_the_count_of_failures(self, bench: Bench) -> None:
        await bench.sagas.begin("s-1", "kind", b"")
        (held,) = await bench.sagas.claim("a", 10, LEASE)
        await bench.sagas.postpone(held, 0.0, 1, "x")
        (held,) = await bench.sagas.claim("a", 10, LEASE)
        await bench.sagas.note(held, "one", StepState.INTENDED, LEASE)
        assert (await self._found(bench)).attempts == 1
        await bench.sagas.note(held, "one", StepState.DONE, LEASE)
        assert (await self._found(bench)).attempts == 0

    async def an_ended_saga_is_never_claimed(self, bench: Bench) -> None:
        for number, state in enumerate((SagaState.DONE, SagaState.UNDONE, SagaState.STUCK)):
            await bench.sagas.begin(f"s-{number}", "kind", b"")
            held = await bench.sagas.claim_one(f"s-{number}", "a", LEASE)
            assert held is not None
            await bench.sagas.end(held, state, "why")
        bench.clock.advance(timedelta(days=1))
        assert list(await bench.sagas.claim("b", 10, LEASE)) == []

    async def a_stuck_saga_goes_on_in_its_phase_when_it_is_retried(self, bench: Bench) -> None:
        await bench.sagas.begin("s-1", "kind", b"")
        (held,) = await bench.sagas.claim("a", 10, LEASE)
        await bench.sagas.turn_back(held, "why")
        await bench.sagas.end(held, SagaState.STUCK, "the undo fails")
        assert [saga.saga_id for saga in await bench.sagas.list(SagaState.STUCK, 10)] == ["s-1"]
        assert await bench.sagas.retry("s-1")
        assert not await bench.sagas.retry("s-1")
        (again,) = await bench.sagas.claim("b", 10, LEASE)
        assert (again.phase, again.reason, again.attempts) == (Phase.BACKWARD, "why", 0)

    async def the_tally_tells_open_and_stuck_ones_and_the_oldest(self, bench: Bench) -> None:
        for number in range(3):
            await bench.sagas.begin(f"s-{number}", "kind", b"")
            bench.clock.advance(timedelta(seconds=1))
        held = await bench.sagas.claim_one("s-1", "a", LEASE)
        assert held is not None
        await bench.sagas.end(held, SagaState.STUCK, "x")
        tally = {entry.state: (entry.count, entry.oldest) for entry in await bench.sagas.tally()}
        assert tally == {SagaState.OPEN: (2, NOON), SagaState.STUCK: (1, NOON + timedelta(seconds=1))}

    async def _found(self, bench: Bench) -> Saga:
        found = await bench.sagas.find("s-1")
        assert found is not None
        return found


PROMISES = sorted(
    name for name, _ in inspect.getmembers(SagaLogContract, inspect.isfunction) if name[0] != "_"
)


@pytest.mark.parametrize("adapter", RELATIONAL_ADAPTERS)
@pytest.mark.parametrize("promise", PROMISES)
async def test_a_saga_log_keeps_its_promises(promise: str, adapter: str, tmp_path: Path) -> None:
    async with open_bench(adapter, tmp_path) as bench:
        await getattr(SagaLogContract(), promise)(bench)


class ForgetsFences(SqlSagaLog):
    breaks = "whoever_lost_the_lease_changes_nothing"

    async def _set(self, saga: Saga, changes: Mapping[str, object]) -> None:
        newest = await self.find(saga.saga_id)
        assert newest is not None
        await super()._set(newest, changes)


class ClaimsWhatIsHeld(SqlSagaLog):
    breaks = "a_held_saga_is_nobody_elses"

    async def claim(self, holder: str, limit: int, lease_seconds: float) -> Sequence[Saga]:
        return await super().claim(holder, limit, 0.0)


class LeasesForGood(SqlSagaLog):
    breaks = "a_lease_that_ran_out_is_taken_with_a_new_fence"

    async def claim(self, holder: str, limit: int, lease_seconds: float) -> Sequence[Saga]:
        return await super().claim(holder, limit, 1e6)


class TakesAnyContent(SqlSagaLog):
    breaks = "beginning_again_with_another_content_is_refused"

    async def begin(self, saga_id: str, kind: str, content: bytes) -> Saga:
        return await self.find(saga_id) or await super().begin(saga_id, kind, content)


class KeepsCounting(SqlSagaLog):
    breaks = "a_step_that_went_well_ends_the_count_of_failures"

    async def note(
        self, saga: Saga, step: str, state: StepState, lease_seconds: float, reason: str | None = None
    ) -> None:
        await super().note(saga, step, StepState.INTENDED, lease_seconds, reason)


@pytest.mark.parametrize(
    "broken",
    [ForgetsFences, ClaimsWhatIsHeld, LeasesForGood, TakesAnyContent, KeepsCounting],
    ids=lambda broken: broken.__name__,
)
async def test_the_contract_catches_a_broken_saga_log(broken: type[SqlSagaLog]) -> None:
    bench = memory_bench()
    assert bench.memory is not None
    bench.sagas = broken(bench.memory.tables, bench.clock)
    with pytest.raises((AssertionError, ValueError, pytest.fail.Exception)):
        await getattr(SagaLogContract(), broken.breaks)(bench)  # type: ignore[attr-defined]
