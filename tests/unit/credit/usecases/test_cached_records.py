from __future__ import annotations

from datetime import timedelta

import pytest

from credit.domain.canonical import decision_bytes, profile_bytes
from credit.domain.customer import CustomerStatus
from credit.domain.errors import StoreUnavailable
from credit.metrics import PROFILE_READS
from credit.ports.projections import PROFILE, HotItem
from credit.usecases.cached_reads import DECISIONS, HISTORIES, PROFILES, CachedReads, packed, write_through
from credit.usecases.cached_records import NEWEST, CachedDecisions, ProfileReader, remember_profile
from dataplatform.wrapped import WrappedCache, WrappedCustomerRecords, WrappedDecisionRecords, WrappedHotStore
from tests.support.credit_samples import a_decision, a_key, a_profile
from tests.support.credit_world import CreditWorld


@pytest.fixture
def world() -> CreditWorld:
    return CreditWorld()


def reader(world: CreditWorld) -> ProfileReader:
    return ProfileReader(
        WrappedCustomerRecords(world.customers, world.board.around("relational")),
        WrappedHotStore(world.hot, world.board.around("hot")),
        CachedReads(WrappedCache(world.cache, world.board.around("cache")), world.clock, world.telemetry),
        world.telemetry,
    )


def reads(world: CreditWorld) -> dict[str, int]:
    sources = ("cache", "hot", "relational", "none")
    counted = {source: world.telemetry.counted(PROFILE_READS, source=source) for source in sources}
    return {source: count for source, count in counted.items() if count}


async def test_the_nearest_store_answers_and_fills_the_cache(world: CreditWorld) -> None:
    profile = await world.add(a_profile(), project=True)
    first = await reader(world).by_id(profile.customer_id)
    second = await reader(world).by_id(profile.customer_id)
    assert first.profile == second.profile == profile
    assert (first.source, second.source) == ("hot", "cache")
    assert reads(world) == {"hot": 1, "cache": 1}


async def test_a_customer_not_projected_yet_is_read_from_the_relational_store(world: CreditWorld) -> None:
    profile = await world.add(a_profile())
    assert (await reader(world).by_id(profile.customer_id)).source == "relational"
    assert (await reader(world).by_id(profile.customer_id)).source == "cache"


async def test_the_cache_forgets_after_five_minutes(world: CreditWorld) -> None:
    profile = await world.add(a_profile())
    await reader(world).by_id(profile.customer_id)
    world.clock.advance(timedelta(seconds=301))
    assert (await reader(world).by_id(profile.customer_id)).source == "relational"


async def test_a_cache_failure_is_a_miss(world: CreditWorld) -> None:
    profile = await world.add(a_profile(), project=True)
    world.break_store("cache")
    assert (await reader(world).by_id(profile.customer_id)).source == "hot"


async def test_a_hot_failure_falls_through_to_the_relational_store(world: CreditWorld) -> None:
    profile = await world.add(a_profile(), project=True)
    world.break_store("hot")
    assert (await reader(world).by_id(profile.customer_id)).source == "relational"


async def test_nobody_on_file_is_said_by_the_relational_store_alone(world: CreditWorld) -> None:
    read = await reader(world).by_id("C-00009")
    assert (read.profile, read.source) == (None, "none")
    world.break_store("relational")
    with pytest.raises(StoreUnavailable):
        await reader(world).by_id("C-00009")
    assert reads(world) == {"none": 2}


@pytest.mark.parametrize("garbage", [b"", b"\xff", packed(b"\xff"), packed(b"[]"), packed(b"{}"), b"{}"])
async def test_a_damaged_cache_entry_is_a_miss(world: CreditWorld, garbage: bytes) -> None:
    profile = await world.add(a_profile())
    await world.cache.set(PROFILES.key(profile.customer_id), garbage, 60)
    assert (await reader(world).by_id(profile.customer_id)).profile == profile


async def test_an_entry_that_belongs_to_somebody_else_is_a_miss(world: CreditWorld) -> None:
    profile = await world.add(a_profile(1))
    await write_through(world.cache, PROFILES, profile.customer_id, profile_bytes(a_profile(2)))
    read = await reader(world).by_id(profile.customer_id)
    assert (read.profile, read.source) == (profile, "relational")


async def test_a_damaged_hot_item_falls_through(world: CreditWorld) -> None:
    profile = await world.add(a_profile())
    item = HotItem(profile.customer_id, PROFILE, 1, world.clock.now(), "d", {"version": "one"})
    await world.hot.put_if_newer(item)
    assert (await reader(world).by_id(profile.customer_id)).source == "relational"


async def test_a_cpf_index_leads_to_its_customer_or_to_nobody(world: CreditWorld) -> None:
    profile = await world.add(a_profile())
    assert await reader(world).id_of_cpf(profile.cpf_index) == profile.customer_id
    assert await reader(world).id_of_cpf("0" * 64) is None
    world.break_store("relational")
    assert await reader(world).id_of_cpf(profile.cpf_index) == profile.customer_id
    with pytest.raises(StoreUnavailable):
        await reader(world).id_of_cpf("1" * 64)


@pytest.mark.parametrize("status", [CustomerStatus.BLOCKED, CustomerStatus.CLOSED])
async def test_only_active_customers_are_kept(world: CreditWorld, status: CustomerStatus) -> None:
    profile = await world.add(a_profile(status=status))
    for _ in range(2):
        assert (await reader(world).by_id(profile.customer_id)).source == "relational"
    await remember_profile(world.cache, a_profile())
    await remember_profile(world.cache, profile)
    assert await world.cache.get(PROFILES.key(profile.customer_id)) is None


async def test_who_writes_an_active_profile_puts_it_into_the_cache(world: CreditWorld) -> None:
    profile = await world.add(a_profile())
    await remember_profile(world.cache, profile)
    assert (await reader(world).by_id(profile.customer_id)).source == "cache"


def decisions(world: CreditWorld) -> CachedDecisions:
    """Their store fails when reading is broken."""
    return CachedDecisions(
        WrappedDecisionRecords(world.decisions, world.board.around("relational")),
        CachedReads(world.cache, world.clock, world.telemetry),
    )


async def test_a_decision_read_once_comes_from_the_cache(world: CreditWorld) -> None:
    await world.add(a_profile())
    kept = decisions(world)
    await kept.record(a_decision(), a_key())
    assert await kept.find(a_decision().decision_id) == a_decision()
    assert await kept.find("nobody-knows") is None
    assert (await kept.find_by_key(a_key()), await kept.count()) == (a_decision(), 1)
    world.break_store("relational")
    assert await kept.find(a_decision().decision_id) == a_decision()


async def test_a_new_decision_is_in_the_history_at_once(world: CreditWorld) -> None:
    await world.add(a_profile())
    kept, customer_id = decisions(world), a_profile().customer_id
    assert await kept.of_customer(customer_id, 10) == ()  # nothing is not remembered
    assert not (await kept.record(a_decision(1), a_key(1))).replayed
    assert await kept.of_customer(customer_id, 10) == [a_decision(1)]
    await kept.record(a_decision(2), a_key(2))
    assert await kept.of_customer(customer_id, 10) == [a_decision(2), a_decision(1)]
    assert await kept.of_customer(customer_id, 1) == [a_decision(2)]


async def test_a_replay_leaves_the_history_where_it_is(world: CreditWorld) -> None:
    await world.add(a_profile())
    kept, customer_id = decisions(world), a_profile().customer_id
    await kept.record(a_decision(1), a_key(1))
    await kept.of_customer(customer_id, 10)
    assert (await kept.record(a_decision(1), a_key(1))).replayed
    world.break_store("relational")
    assert await kept.of_customer(customer_id, 10) == [a_decision(1)]


async def test_only_the_first_page_of_a_history_is_remembered(world: CreditWorld) -> None:
    await world.add(a_profile())
    kept, customer_id = decisions(world), a_profile().customer_id
    for number in range(1, NEWEST + 3):
        await kept.record(a_decision(number), None)
    newest = a_decision(NEWEST + 2)
    assert len(await kept.of_customer(customer_id, NEWEST)) == NEWEST
    assert len(await kept.of_customer(customer_id, NEWEST + 1)) == NEWEST + 1
    before = await kept.of_customer(customer_id, 1, newest.decision_id)
    assert before == [a_decision(NEWEST + 1)]
    world.break_store("relational")
    assert (await kept.of_customer(customer_id, NEWEST))[0] == newest
    with pytest.raises(StoreUnavailable):
        await kept.of_customer(customer_id, 1, newest.decision_id)


async def test_an_entry_of_another_decision_or_customer_is_a_miss(world: CreditWorld) -> None:
    await world.add(a_profile())
    kept, mine, other = decisions(world), a_decision(1), a_decision(2, customer=2)
    await kept.record(mine, None)
    await write_through(world.cache, DECISIONS, mine.decision_id, decision_bytes(other))
    assert await kept.find(mine.decision_id) == mine
    customer_id = mine.application.customer_id
    await write_through(
        world.cache, HISTORIES, customer_id, decision_bytes(mine) + b"\n" + decision_bytes(other)
    )
    assert await kept.of_customer(customer_id, 10) == [mine]
