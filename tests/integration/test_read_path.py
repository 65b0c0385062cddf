"""The read path on real servers (§8.2.2): Redis, then DynamoDB, then MySQL; who answered is counted."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

from credit.domain.canonical import profile_bytes
from credit.domain.customer import CustomerStatus
from credit.domain.errors import StoreUnavailable
from credit.metrics import PROFILE_READS
from credit.usecases.cached_reads import DECISIONS, HISTORIES, PROFILES, REFERENCES, CachedReads
from credit.usecases.cached_records import CachedDecisions, ProfileReader, remember_profile
from dataplatform.ingestion.projections import project_customer
from dataplatform.local.redis import Redis
from dataplatform.local.server import Running, start, stop
from dataplatform.stores.dynamodb.hot import DynamoHotStore
from dataplatform.stores.mysql.relational import open_mysql_relational
from dataplatform.stores.redis.open import OpenRedisCache
from dataplatform.stores.relational.store import RelationalStore
from foundation.clock import ManualClock
from tests.support.aws_emulator import needs_emulator, shared_emulator
from tests.support.credit_samples import NOON, a_decision, a_profile
from tests.support.dynamodb import a_hot_store, throttled
from tests.support.local_servers import fresh_mysql, needs_mariadb, needs_redis
from tests.support.recording_telemetry import RecordingTelemetry
from tests.support.redis_cache import a_redis_cache, asking
from tests.support.server_stores import new_client

pytestmark = [needs_emulator, needs_mariadb, needs_redis]


@dataclass
class Tiers:
    redis: Running
    client: Any
    cache: OpenRedisCache
    hot: DynamoHotStore
    relational: RelationalStore
    telemetry: RecordingTelemetry
    reader: ProfileReader
    reads: CachedReads

    async def source(self, customer_id: str = "C-00001") -> str:
        """Who answered; the answer is the customer, and it was counted."""
        before = dict(self.telemetry.counts)
        read = await self.reader.by_id(customer_id)
        assert read.profile == a_profile()
        key = (PROFILE_READS.name, (("source", read.source),))
        assert self.telemetry.counts[key] == before.get(key, 0) + 1
        return read.source


@pytest.fixture
async def tiers(tmp_path: Path) -> AsyncIterator[Tiers]:
    clock, telemetry = ManualClock(NOON), RecordingTelemetry()
    server = start(Redis(), tmp_path)
    client = new_client(shared_emulator())
    async with AsyncExitStack() as opened:
        opened.callback(stop, server)
        cache = await opened.enter_async_context(a_redis_cache(clock, telemetry, port=server.port))
        hot = await opened.enter_async_context(a_hot_store(clock, client))
        address = fresh_mysql()
        relational = open_mysql_relational(address, address, clock)
        opened.push_async_callback(relational.close)
        reads = CachedReads(cache, clock, telemetry, lambda: 0.0)
        reader = ProfileReader(relational.customers, hot, reads, telemetry)
        await relational.customers.upsert(a_profile())
        yield Tiers(server, client, cache, hot, relational, telemetry, reader, reads)


async def test_each_tier_answers_when_those_before_it_are_empty(tiers: Tiers) -> None:
    assert await tiers.source() == "relational"
    assert await tiers.source() == "cache"
    await tiers.hot.put_if_newer(project_customer(a_profile()).hot)
    assert await tiers.source() == "cache"
    await tiers.reads.forget(PROFILES, "C-00001")
    assert await tiers.source() == "hot"
    assert await tiers.source() == "cache"


async def test_each_tier_answers_when_those_before_it_are_down(tiers: Tiers) -> None:
    await tiers.hot.put_if_newer(project_customer(a_profile()).hot)
    assert await tiers.source() == "hot"
    assert await tiers.source() == "cache"
    os.kill(tiers.redis.pid, signal.SIGKILL)
    tiers.redis.process.wait()
    assert await tiers.source() == "hot"
    with throttled(tiers.client, 1.0, lambda: 0.0, "ThrottlingException"):
        assert await tiers.source() == "relational"
        await tiers.relational.close()
        with pytest.raises(StoreUnavailable):
            await tiers.reader.by_id("C-00001")
    assert tiers.telemetry.counted(PROFILE_READS, source="none") == 1
    assert await tiers.source() == "hot"


async def test_hot_data_throttled_now_and_then_still_answers(tiers: Tiers) -> None:
    await tiers.hot.put_if_newer(project_customer(a_profile()).hot)
    with throttled(tiers.client, 0.3, Random(5).random, "ProvisionedThroughputExceededException") as refused:
        for _ in range(30):
            await tiers.reads.forget(PROFILES, "C-00001")
            assert await tiers.source() == "hot"
    assert refused


async def test_decisions_and_the_newest_of_a_customer_are_read_once(tiers: Tiers) -> None:
    decisions = CachedDecisions(tiers.relational.decisions, tiers.reads)
    for number in (1, 2):
        await decisions.record(a_decision(number), None)
        newest = await decisions.of_customer("C-00001", 50)
        assert newest[0] == a_decision(number), "recording it made the list before it stale"
    assert await decisions.find(a_decision(1).decision_id) == a_decision(1)
    await tiers.relational.close()
    assert await decisions.find(a_decision(1).decision_id) == a_decision(1)
    assert await decisions.of_customer("C-00001", 1) == [a_decision(2)]
    with pytest.raises(StoreUnavailable):
        await decisions.of_customer("C-00001", 50, before=a_decision(2).decision_id)


async def test_a_customer_blocked_while_readers_fill_the_cache_is_never_read_as_active_after(
    tiers: Tiers,
) -> None:
    """Five processes read while the change is projected, each time at another moment of their reads."""
    dice = Random(7)

    async def some_time() -> None:
        await asyncio.sleep(dice.random() * 0.02)

    async def change(version: int, status: CustomerStatus) -> None:
        await some_time()
        profile = a_profile(1, version, status=status)
        await tiers.hot.put_if_newer(project_customer(profile).hot)
        await remember_profile(tiers.cache, profile)

    async def read() -> None:
        await some_time()
        reads = CachedReads(tiers.cache, ManualClock(NOON), tiers.telemetry, lambda: 0.0)
        await ProfileReader(tiers.relational.customers, tiers.hot, reads, tiers.telemetry).by_id("C-00001")

    for version in range(2, 62):
        status = CustomerStatus.ACTIVE if version % 2 else CustomerStatus.BLOCKED
        await tiers.reads.forget(PROFILES, "C-00001")
        await asyncio.gather(change(version, status), *(read() for _ in range(5)))
        found = (await tiers.reader.by_id("C-00001")).profile
        assert found is not None
        assert (found.version, found.status) == (version, status)


async def test_every_key_is_an_id_or_a_blind_index(tiers: Tiers) -> None:
    profile = a_profile()
    await tiers.reader.by_id(profile.customer_id)
    assert await tiers.reader.id_of_cpf(profile.cpf_index) == profile.customer_id
    decisions = CachedDecisions(tiers.relational.decisions, tiers.reads)
    await decisions.record(a_decision(), None)
    await decisions.find(a_decision().decision_id)
    await decisions.of_customer("C-00001", 50)
    with asking(tiers.redis.port) as server:
        kept = {key.decode(): server.get(key) for key in server.keys("*")}
    everything = (PROFILES, REFERENCES, DECISIONS, HISTORIES)
    assert {key.partition(":")[0] for key in kept} == {rule.data for rule in everything}
    assert kept[PROFILES.key("C-00001")].endswith(profile_bytes(profile))
    assert all(key.partition(":")[2] in NAMES for key in kept)


NAMES = (a_profile().customer_id, a_profile().cpf_index, a_decision().decision_id)
