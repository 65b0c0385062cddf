"""What every log of sagas keeps to; each broken one breaks the promise it names."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from credit.domain.errors import IdempotencyConflict, LeaseLost
from credit.ports.sagas import Phase, Saga, SagaLog, SagaState, StepState
from dataplatform.schemas.relational import RUNGS
from dataplatform.stores.memory.sagas import MemorySagaLog
from dataplatform.stores.mysql.relational import open_mysql_relational
from dataplatform.stores.sqlite.database import Database
from dataplatform.stores.sqlite.sagas import SqliteSagaLog
from foundation.clock import ManualClock
from tests.support.credit_samples import NOON
from tests.support.local_servers import fresh_mysql, needs_mariadb

LEASE = 60.0


@dataclass
class Bench:
    clock: ManualClock
    log: SagaLog


class SagaLogContract:
    async def what_was_begun_is_found_open_and_held_by_nobody(self, bench: Bench) -> None:
        begun = await bench.log.begin("s-1", "kind", b"content")
        assert begun == await bench.log.find("s-1")
        assert (begun.state, begun.phase, begun.fence, begun.attempts) == (
            SagaState.OPEN,
            Phase.FORWARD,
            0,
            0,
        )
        assert (begun.content, begun.steps, begun.started_at) == (b"content", {}, NOON)
        assert await bench.log.find("nobody") is None

    async def beginning_again_changes_nothing(self, bench: Bench) -> None:
        await bench.log.begin("s-1", "kind", b"content")
        (held,) = await bench.log.claim("a", 10, LEASE)
        await bench.log.note(held, "one", StepState.DONE, LEASE)
        again = await bench.log.begin("s-1", "kind", b"content")
        assert (again.fence, again.steps) == (1, {"one": StepState.DONE})

    async def beginning_again_with_another_content_is_refused(self, bench: Bench) -> None:
        await bench.log.begin("s-1", "kind", b"content")
        with pytest.raises(IdempotencyConflict):
            await bench.log.begin("s-1", "kind", b"other")

    async def a_held_saga_is_nobody_elses(self, bench: Bench) -> None:
        await bench.log.begin("s-1", "kind", b"")
        assert len(await bench.log.claim("a", 10, LEASE)) == 1
        assert list(await bench.log.claim("b", 10, LEASE)) == []
        assert await bench.log.claim_one("s-1", "b", LEASE) is None

    async def concurrent_claims_share_no_saga(self, bench: Bench) -> None:
        for number in range(12):
            await bench.log.begin(f"s-{number}", "kind", b"")
        claims = await asyncio.gather(*(bench.log.claim(f"w{n}", 3, LEASE) for n in range(6)))
        ids = [saga.saga_id for claim in claims for saga in claim]
        assert sorted(ids) == sorted(f"s-{number}" for number in range(12))

    async def a_lease_that_ran_out_is_taken_with_a_new_fence(self, bench: Bench) -> None:
        await bench.log.begin("s-1", "kind", b"")
        (first,) = await bench.log.claim("a", 10, LEASE)
        bench.clock.advance(timedelta(seconds=LEASE))
        (second,) = await bench.log.claim("b", 10, LEASE)
        assert (first.fence, second.fence) == (1, 2)

    async def whoever_lost_the_lease_changes_nothing(self, bench: Bench) -> None:
        await bench.log.begin("s-1", "kind", b"")
        (first,) = await bench.log.claim("a", 10, LEASE)
        bench.clock.advance(timedelta(seconds=LEASE))
        await bench.log.claim("b", 10, LEASE)
        late: Callable[[], Awaitable[None]]
        for late in (
            lambda: bench.log.note(first, "one", StepState.DONE, LEASE),
            lambda: bench.log.turn_back(first, "late"),
            lambda: bench.log.postpone(first, 1.0, 1, "late"),
            lambda: bench.log.end(first, SagaState.DONE),
        ):
            with pytest.raises(LeaseLost):
                await late()
        found = await bench.log.find("s-1")
        assert found is not None
        assert (found.state, found.phase, found.steps, found.attempts) == (
            SagaState.OPEN,
            Phase.FORWARD,
            {},
            0,
        )

    async def a_note_lengthens_the_lease(self, bench: Bench) -> None:
        await bench.log.begin("s-1", "kind", b"")
        (held,) = await bench.log.claim("a", 10, LEASE)
        bench.clock.advance(timedelta(seconds=LEASE - 1))
        await bench.log.note(held, "one", StepState.INTENDED, LEASE)
        bench.clock.advance(timedelta(seconds=LEASE - 1))
        assert list(await bench.log.claim("b", 10, LEASE)) == []

    async def a_refused_step_turns_the_saga_back_with_its_reason(self, bench: Bench) -> None:
        await bench.log.begin("s-1", "kind", b"")
        (held,) = await bench.log.claim("a", 10, LEASE)
        await bench.log.note(held, "one", StepState.REFUSED, LEASE, "LIMIT")
        found = await bench.log.find("s-1")
        assert found is not None
        assert (found.phase, found.reason, found.steps) == (
            Phase.BACKWARD,
            "LIMIT",
            {"one": StepState.REFUSED},
        )

    async def a_postponed_saga_rests_and_counts_its_failures(self, bench: Bench) -> None:
        await bench.log.begin("s-1", "kind", b"")
        (held,) = await bench.log.claim("a", 10, LEASE)
        await bench.log.postpone(held, 5.0, 1, "the store is down")
        assert list(await bench.log.claim("b", 10, LEASE)) == []
        bench.clock.advance(timedelta(seconds=5))
        (again,) = await bench.log.claim("b", 10, LEASE)
        assert (again.attempts, again.trouble, again.reason) == (1, "the store is down", None)

    async def a_step_that_went_well_ends_the_count_of_failures(self, bench: Bench) -> None:
        await bench.log.begin("s-1", "kind", b"")
        (held,) = await bench.log.claim("a", 10, LEASE)
        await bench.log.postpone(held, 0.0, 1, "x")
        (held,) = await bench.log.claim("a", 10, LEASE)
        await bench.log.note(held, "one", StepState.INTENDED, LEASE)
        assert (await self._found(bench)).attempts == 1
        await bench.log.note(held, "one", StepState.DONE, LEASE)
        assert (await self._found(bench)).attempts == 0

    async def an_ended_saga_is_never_claimed(self, bench: Bench) -> None:
        for number, state in enumerate((SagaState.DONE, SagaState.UNDONE, SagaState.STUCK)):
            await bench.log.begin(f"s-{number}", "kind", b"")
            held = await bench.log.claim_one(f"s-{number}", "a", LEASE)
            assert held is not None
            await bench.log.end(held, state, "why")
        bench.clock.advance(timedelta(days=1))
        assert list(await bench.log.claim("b", 10, LEASE)) == []

    async def a_stuck_saga_goes_on_in_its_phase_when_it_is_retried(self, bench: Bench) -> None:
        await bench.log.begin("s-1", "kind", b"")
        (held,) = await bench.log.claim("a", 10, LEASE)
        await bench.log.turn_back(held, "why")
        await bench.log.end(held, SagaState.STUCK, "the undo fails")
        assert [saga.saga_id for saga in await bench.log.list(SagaState.STUCK, 10)] == ["s-1"]
        assert await bench.log.retry("s-1")
        assert not await bench.log.retry("s-1")
        (again,) = await bench.log.claim("b", 10, LEASE)
        assert (again.phase, again.reason, again.attempts) == (Phase.BACKWARD, "why", 0)

    async def the_tally_tells_open_and_stuck_ones_and_the_oldest(self, bench: Bench) -> None:
        for number in range(3):
            await bench.log.begin(f"s-{number}", "kind", b"")
            bench.clock.advance(timedelta(seconds=1))
        held = await bench.log.claim_one("s-1", "a", LEASE)
        assert held is not None
        await bench.log.end(held, SagaState.STUCK, "x")
        tally = {entry.state: (entry.count, entry.oldest) for entry in await bench.log.tally()}
        assert tally == {SagaState.OPEN: (2, NOON), SagaState.STUCK: (1, NOON + timedelta(seconds=1))}

    async def _found(self, bench: Bench) -> Saga:
        found = await bench.log.find("s-1")
        assert found is not None
        return found


PROMISES = sorted(
    name for name, _ in inspect.getmembers(SagaLogContract, inspect.isfunction) if name[0] != "_"
)
ADAPTERS = ("memory", "sqlite", pytest.param("mariadb", marks=needs_mariadb))


@asynccontextmanager
async def sqlite_bench(folder: Path, make: type[SqliteSagaLog] = SqliteSagaLog) -> AsyncIterator[Bench]:
    clock = ManualClock(NOON)
    database = Database(folder / "relational.sqlite", "relational", RUNGS)
    yield Bench(clock, make(database, clock))
    await database.close()


@asynccontextmanager
async def open_bench(adapter: str, folder: Path) -> AsyncIterator[Bench]:
    if adapter == "memory":
        clock = ManualClock(NOON)
        yield Bench(clock, MemorySagaLog(clock))
    elif adapter == "mariadb":
        clock = ManualClock(NOON)
        opened = open_mysql_relational(fresh_mysql(), None, clock)
        yield Bench(clock, opened.sagas)
        await opened.close()
    else:
        async with sqlite_bench(folder) as bench:
            yield bench


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("promise", PROMISES)
async def test_a_saga_log_keeps_its_promises(promise: str, adapter: str, tmp_path: Path) -> None:
    async with open_bench(adapter, tmp_path) as bench:
        await getattr(SagaLogContract(), promise)(bench)


class ForgetsFences(SqliteSagaLog):
    breaks = "whoever_lost_the_lease_changes_nothing"

    async def _set(self, saga: Saga, changes: Mapping[str, object]) -> None:
        newest = await self.find(saga.saga_id)
        assert newest is not None
        await super()._set(newest, changes)


class ClaimsWhatIsHeld(SqliteSagaLog):
    breaks = "a_held_saga_is_nobody_elses"

    async def claim(self, holder: str, limit: int, lease_seconds: float) -> Sequence[Saga]:
        return await super().claim(holder, limit, 0.0)


class LeasesForGood(SqliteSagaLog):
    breaks = "a_lease_that_ran_out_is_taken_with_a_new_fence"

    async def claim(self, holder: str, limit: int, lease_seconds: float) -> Sequence[Saga]:
        return await super().claim(holder, limit, 1e6)


class TakesAnyContent(SqliteSagaLog):
    breaks = "beginning_again_with_another_content_is_refused"

    async def begin(self, saga_id: str, kind: str, content: bytes) -> Saga:
        return await self.find(saga_id) or await super().begin(saga_id, kind, content)


class KeepsCounting(SqliteSagaLog):
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
async def test_the_contract_catches_a_broken_saga_log(broken: type[SqliteSagaLog], tmp_path: Path) -> None:
    async with sqlite_bench(tmp_path, broken) as bench:
        with pytest.raises((AssertionError, ValueError, pytest.fail.Exception)):
            await getattr(SagaLogContract(), broken.breaks)(bench)  # type: ignore[attr-defined]
