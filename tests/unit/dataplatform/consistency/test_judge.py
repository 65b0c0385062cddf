"""The second look: a verdict only about a record that stood still around it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from dataplatform.consistency.judge import Judge, Suspect
from dataplatform.consistency.sides import Divergence, Entry, HotSide, SourceKey
from dataplatform.ingestion.projections import project_customer, project_transaction
from foundation.clock import ManualClock
from tests.support.credit_samples import NOON, a_profile, a_transaction
from tests.support.in_memory import InMemory

PROFILE = Suspect(SourceKey("customer", "C-00001"), ("C-00001", "PROFILE"))
Change = Callable[[], Awaitable[object]]


class World:
    """One customer, projected nowhere, nothing waiting."""

    def __init__(self) -> None:
        self.stores = InMemory(ManualClock(NOON))
        self.relational = self.stores.relational

    async def write(self, version: int, *, settle: bool) -> None:
        await self.relational.customers.upsert(a_profile(1, version))
        if settle:
            await self.settle()

    async def settle(self) -> None:
        """Everything that waited is done, though nothing was projected."""
        rows = await self.relational.outbox.claim("test", 100, 60.0)
        await self.relational.outbox.done("test", [row.row_id for row in rows])

    async def verdict(self, meanwhile: Change | None = None, suspect: Suspect = PROFILE) -> Divergence | None:
        side = Meddling(self.stores.hot, meanwhile) if meanwhile else HotSide(self.stores.hot)
        return await Judge(self.relational.comparison, side, self.stores.clock).verdict(suspect)


class Meddling(HotSide):
    """Something happens while it is looked at."""

    def __init__(self, store: object, meanwhile: Change) -> None:
        super().__init__(store)  # type: ignore[arg-type]
        self._meanwhile = meanwhile

    async def get(self, customer_id: str, data_type: str) -> Entry | None:
        found = await super().get(customer_id, data_type)
        await self._meanwhile()
        return found


@pytest.fixture
def world() -> World:
    return World()


async def test_a_settled_record_that_is_not_there_is_missing(world: World) -> None:
    await world.write(1, settle=True)
    assert await world.verdict() is Divergence.MISSING


async def test_a_record_that_the_source_changed_while_compared_gets_no_verdict(world: World) -> None:
    await world.write(1, settle=True)
    assert await world.verdict(lambda: world.write(2, settle=True)) is Divergence.IN_FLIGHT
    assert await world.verdict() is Divergence.MISSING, "it stands still again"


async def test_a_record_that_came_to_the_source_while_compared_is_no_orphan(world: World) -> None:
    await world.stores.hot.put_if_newer(project_customer(a_profile(1)).hot)
    assert await world.verdict(lambda: world.write(1, settle=True)) is Divergence.IN_FLIGHT
    assert await world.verdict() is None


async def test_a_change_that_waits_all_the_time_gets_no_verdict(world: World) -> None:
    await world.write(1, settle=False)
    assert await world.verdict() is Divergence.IN_FLIGHT


async def test_a_change_that_was_projected_while_compared_gets_no_verdict(world: World) -> None:
    await world.write(1, settle=False)
    assert await world.verdict(world.settle) is Divergence.IN_FLIGHT


async def test_what_agrees_agrees_whatever_else_is_on_its_way(world: World) -> None:
    await world.write(1, settle=False)
    await world.stores.hot.put_if_newer(project_customer(a_profile(1)).hot)
    assert await world.verdict() is None


async def test_a_record_whose_time_is_over_is_expected_nowhere(world: World) -> None:
    await world.write(1, settle=True)
    pending = a_transaction(1, status="PENDING")
    await world.relational.transactions.add_many([pending])
    await world.settle()
    hot = project_transaction(pending).hot
    suspect = Suspect(SourceKey("transaction", pending.transaction_id), (hot.customer_id, hot.data_type))
    assert await world.verdict(suspect=suspect) is Divergence.MISSING
    assert hot.expires_at is not None
    world.stores.clock.advance(hot.expires_at - world.stores.clock.now() - timedelta(seconds=1))
    assert await world.verdict(suspect=suspect) is Divergence.MISSING, "its last second"
    world.stores.clock.advance(timedelta(seconds=1))
    assert await world.verdict(suspect=suspect) is None
