"""The hot store on a server: throttling, limits, drift, replicas, and a server that is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from credit.domain.errors import StoreUnavailable
from credit.ports.projections import HotItem
from dataplatform.errors import TableDrift
from dataplatform.resilience.retry import RetryPolicy
from dataplatform.schemas.hot_table import HotTable, differences
from dataplatform.stores.dynamodb.calls import HotStoreError
from dataplatform.stores.dynamodb.hot import DynamoHotStore
from dataplatform.stores.dynamodb.open import open_dynamodb_hot
from dataplatform.stores.dynamodb.table import ensure_table
from foundation.clock import ManualClock
from tests.support.aws_emulator import needs_emulator, running_emulator, shared_emulator
from tests.support.credit_samples import NOON, a_hot_item
from tests.support.dynamodb import (
    a_hot_store,
    dynamodb_client,
    table_name,
    throttled,
)
from tests.support.patience import patience
from tests.support.server_stores import new_client

pytestmark = needs_emulator

EXCEEDED = "ProvisionedThroughputExceededException"


@pytest.fixture(scope="module")
def client() -> Any:
    """Not the one of the contract suite: refusals are put into it."""
    return new_client(shared_emulator())


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def table() -> Iterator[str]:
    name = table_name()
    yield name
    server = dynamodb_client()
    if name in server.list_tables()["TableNames"]:
        server.delete_table(TableName=name)


def items(count: int) -> list[HotItem]:
    return [a_hot_item(number) for number in range(1, count + 1)]


async def put(hot: DynamoHotStore, found: list[HotItem]) -> None:
    await asyncio.gather(*(hot.put_if_newer(item) for item in found))


@pytest.mark.parametrize("code", [EXCEEDED, "ThrottlingException"])
async def test_what_is_throttled_now_and_then_is_done_all_the_same(
    client: Any, clock: ManualClock, code: str
) -> None:
    async with a_hot_store(clock, client) as hot:
        with throttled(client, 0.3, Random(7).random, code) as refused:
            written = await asyncio.gather(*(hot.put_if_newer(item) for item in items(40)))
            read = await asyncio.gather(*(hot.get(item.customer_id, "PROFILE") for item in items(40)))
        assert all(written)
        assert read == items(40)
        assert {"PutItem", "GetItem"} <= set(refused)


async def test_what_is_throttled_to_the_end_is_an_unavailable_store(client: Any, clock: ManualClock) -> None:
    async with a_hot_store(clock, client) as hot:
        with throttled(client, 1.0, lambda: 0.0, EXCEEDED) as refused:
            with pytest.raises(StoreUnavailable) as raised:
                await hot.put_if_newer(a_hot_item())
            assert len(refused) == 6, "each attempt of the policy, and no more"
        assert raised.value.store == "hot"
        assert clock.now() > NOON, "it waited between attempts"
        assert await hot.get("C-00001", "PROFILE") is None


@pytest.mark.parametrize(
    ("item", "code"),
    [
        (replace(a_hot_item(), attributes={"big": b"x" * 400 * 1024}), "ItemTooLarge"),
        (replace(a_hot_item(), data_type=""), "KeyTooLarge"),
        (replace(a_hot_item(), data_type="T" * 1025), "KeyTooLarge"),
        (replace(a_hot_item(), customer_id="C" * 2049), "KeyTooLarge"),
        (replace(a_hot_item(), attributes={"n": 10**38 + 1}), "NumberTooLong"),
    ],
)
async def test_what_the_service_would_not_keep_is_refused_before_it_is_sent(
    client: Any, clock: ManualClock, item: HotItem, code: str
) -> None:
    async with a_hot_store(clock, client) as hot:
        with pytest.raises(HotStoreError) as raised:
            await hot.put_if_newer(item)
        assert raised.value.code == code


@pytest.mark.parametrize("number", [0, -1, 10**37, -(10**37) - 1, 9_007_199_254_740_993])
async def test_numbers_come_back_exact(client: Any, clock: ManualClock, number: int) -> None:
    async with a_hot_store(clock, client) as hot:
        item = replace(a_hot_item(), attributes={"number": number, "flag": True, "empty": "", "raw": b""})
        await hot.put_if_newer(item)
        found = await hot.get("C-00001", "PROFILE")
        assert found == item
        assert found is not None
        assert isinstance(found.attributes["flag"], bool)


async def test_an_index_spreads_over_its_shards_and_answers_in_one_order(
    client: Any, clock: ManualClock
) -> None:
    async with a_hot_store(clock, client) as hot:
        await put(hot, items(80))
        stored = client.scan(TableName=hot.table)["Items"]
        assert len({wire["typeShard"]["S"] for wire in stored}) > 10
        newest = await hot.query_status("ACTIVE", NOON, limit=7)
        assert [item.customer_id for item in newest] == [f"C-{number:05d}" for number in range(80, 73, -1)]


async def test_pages_with_nothing_alive_in_them_do_not_end_an_answer(client: Any, clock: ManualClock) -> None:
    async with a_hot_store(clock, client) as hot:
        soon = NOON + timedelta(minutes=1)
        gone = [a_hot_item(1, f"TXN#{number:03d}", expires_at=soon) for number in range(30)]
        await put(hot, [*gone, a_hot_item(1, "TXN#999")])
        clock.advance(timedelta(minutes=1))
        assert [item.data_type for item in await hot.query_customer("C-00001", "TXN#", limit=2)] == [
            "TXN#999"
        ]
        assert [item.data_type for item in await hot.scan(2)] == ["TXN#999"]


async def test_the_service_is_told_to_delete_in_the_second_after_expiry(
    client: Any, clock: ManualClock
) -> None:
    async with a_hot_store(clock, client) as hot:
        at = NOON + timedelta(minutes=1, microseconds=1)
        await hot.put_if_newer(a_hot_item(expires_at=at))
        stored = client.scan(TableName=hot.table)["Items"][0]
        assert int(stored["ttl"]["N"]) == int((NOON + timedelta(seconds=61)).timestamp())
        found = await hot.get("C-00001", "PROFILE")
        assert found is not None
        assert found.expires_at == at


async def test_a_damaged_item_is_read_as_damaged_and_gives_way(client: Any, clock: ManualClock) -> None:
    async with a_hot_store(clock, client) as hot:
        wire = {"customerId": {"S": "C-00001"}, "dataType": {"S": "PROFILE"}, "version": {"S": "seven"}}
        client.put_item(TableName=hot.table, Item=wire)
        found = await hot.get("C-00001", "PROFILE")
        assert found is not None
        assert (found.version, found.digest, dict(found.attributes)) == (0, "damaged", {})
        assert await hot.put_if_newer(a_hot_item())
        assert await hot.get("C-00001", "PROFILE") == a_hot_item()


def test_making_the_table_twice_changes_nothing(client: Any, table: str) -> None:
    ensure_table(client, HotTable(table))
    before = client.describe_table(TableName=table)["Table"]
    ensure_table(client, HotTable(table))
    assert client.describe_table(TableName=table)["Table"] == before
    assert differences(before) == []
    expiry = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert (expiry["TimeToLiveStatus"], expiry["AttributeName"]) == ("ENABLED", "ttl")


def test_a_table_with_other_keys_is_refused_and_left_alone(client: Any, table: str) -> None:
    other = HotTable(table).creation()
    other["GlobalSecondaryIndexes"] = other["GlobalSecondaryIndexes"][:1]
    other["GlobalSecondaryIndexes"][0]["KeySchema"][0]["AttributeName"] = "statusShard"
    other["AttributeDefinitions"] = [
        entry
        for entry in other["AttributeDefinitions"]
        if entry["AttributeName"] not in ("typeShard", "createdAt")
    ]
    client.create_table(**other)
    with pytest.raises(TableDrift) as raised:
        ensure_table(client, HotTable(table))
    assert "index GSI1 has the key statusShard, lastUpdated, not typeShard, lastUpdated" in str(raised.value)
    assert "index GSI2 is missing" in str(raised.value)
    assert len(client.describe_table(TableName=table)["Table"]["GlobalSecondaryIndexes"]) == 1


async def test_a_declared_replica_holds_what_is_written(client: Any, clock: ManualClock, table: str) -> None:
    wanted = HotTable(table, replicas=("us-east-1",))
    ensure_table(client, wanted)
    hot = open_dynamodb_hot(client, clock, Random(1).random, table=wanted)
    assert await hot.put_if_newer(a_hot_item())
    await hot.close()
    other = open_dynamodb_hot(
        new_client(shared_emulator(), region="us-east-1"), clock, Random(1).random, table=HotTable(table)
    )
    assert await other.get("C-00001", "PROFILE") == a_hot_item()
    await other.close()
    described = client.describe_table(TableName=table)["Table"]
    assert [replica["RegionName"] for replica in described["Replicas"]] == ["us-east-1"]


async def test_a_server_that_is_gone_is_an_unavailable_store_soon(clock: ManualClock, tmp_path: Path) -> None:
    with running_emulator(tmp_path) as endpoint:
        client = new_client(endpoint)
        hot = open_dynamodb_hot(
            client, clock, Random(1).random, table=HotTable(table_name()), retry=RetryPolicy(attempts=2)
        )
        assert await hot.put_if_newer(a_hot_item())
    async with asyncio.timeout(patience(30)):
        with pytest.raises(StoreUnavailable):
            await hot.get("C-00001", "PROFILE")
    await hot.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await hot.get("C-00001", "PROFILE")


async def test_calls_beyond_its_room_are_refused_at_once(client: Any, clock: ManualClock) -> None:
    async with a_hot_store(clock, client) as hot:
        calls = [hot.get("C-00001", "PROFILE") for _ in range(1_100)]
        answers = await asyncio.gather(*calls, return_exceptions=True)
        refused = [answer for answer in answers if isinstance(answer, StoreUnavailable)]
        assert len(refused) == 1_100 - 1_024
        assert hot.saturation == 0.0
