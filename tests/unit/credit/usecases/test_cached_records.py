from __future__ import annotations

from datetime import timedelta

import pytest

from credit.domain.canonical import profile_bytes
from credit.domain.customer import CustomerStatus
from credit.domain.errors import StoreUnavailable
from credit.metrics import PROFILE_READS
from credit.ports.projections import PROFILE, HotItem
from credit.usecases.cached_reads import PROFILES, CachedReads, packed, write_through
from credit.usecases.cached_records import ProfileReader, remember_profile
from dataplatform.wrapped import WrappedCache, WrappedCustomerRecords, WrappedHotStore
from tests.support.credit_samples import a_profile
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
