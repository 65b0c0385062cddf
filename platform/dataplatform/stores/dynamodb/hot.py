"""Hot data in DynamoDB (§4.1.3): one item per (customer, data type), conditional writes, two sharded indexes.

Reads by key are strongly consistent: they follow a write of ours by moments. The two indexes are not, and
cannot be; what a board asks may be a second old.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from credit.ports.projections import HotItem
from dataplatform.schemas.hot_table import INDEX_SHARDS, STATUS_INDEX, TYPE_INDEX
from dataplatform.stores.dynamodb.calls import CONDITION_FAILED, DynamoCalls, HotStoreError
from dataplatform.stores.dynamodb.expressions import LIVE, guarded_put, names_in, number
from dataplatform.stores.dynamodb.limits import checked_wire
from dataplatform.stores.dynamodb.wire import Wire, from_wire, key_of, sharded
from foundation.clock import Clock
from foundation.instants import to_micros


class DynamoHotStore:
    def __init__(self, calls: DynamoCalls, clock: Clock) -> None:
        self._calls, self._clock = calls, clock

    @property
    def table(self) -> str:
        return self._calls.table

    @property
    def saturation(self) -> float:
        """Calls under way or waiting over their limit, 0 to 1."""
        return self._calls.saturation

    async def get(self, customer_id: str, data_type: str) -> HotItem | None:
        answer = await self._calls.call(
            "get_item",
            TableName=self._calls.table,
            Key=key_of(customer_id, data_type),
            ConsistentRead=True,
        )
        item = from_wire(answer["Item"]) if answer.get("Item") else None
        return item if item is not None and self._live(item) else None

    async def put_if_newer(self, item: HotItem) -> bool:
        """A call whose answer was lost may have been carried out; sent again it then finds itself there."""
        wire = checked_wire(item)
        try:
            await self._calls.call("put_item", **guarded_put(self._calls.table, wire, item, self._now()))
        except HotStoreError as error:
            if error.code == CONDITION_FAILED:
                return False
            raise
        return True

    async def delete(self, customer_id: str, data_type: str) -> None:
        await self._calls.call("delete_item", TableName=self._calls.table, Key=key_of(customer_id, data_type))

    async def query_customer(self, customer_id: str, prefix: str = "", limit: int = 100) -> Sequence[HotItem]:
        condition, values = "#customerId = :customer", {":customer": {"S": customer_id}}
        if prefix:  # an empty value cannot be a key
            condition += " AND begins_with(#dataType, :prefix)"
            values[":prefix"] = {"S": prefix}
        return await self._query(limit, condition, values, ConsistentRead=True)

    async def query_status(self, status: str, since: datetime, limit: int = 100) -> Sequence[HotItem]:
        found = await self._newest(STATUS_INDEX, "#statusShard", "#createdAt", status, since, limit)
        return sorted(found, key=lambda item: _newest_first(item.created_at, item))[:limit]

    async def query_type(self, data_type: str, since: datetime, limit: int = 100) -> Sequence[HotItem]:
        found = await self._newest(TYPE_INDEX, "#typeShard", "#lastUpdated", data_type, since, limit)
        return sorted(found, key=lambda item: _newest_first(item.last_updated, item))[:limit]

    async def scan(self, limit: int, after: tuple[str, str] | None = None) -> Sequence[HotItem]:
        """In the order of the partitions' hashes, which is the service's own."""
        start = {} if after is None else {"ExclusiveStartKey": key_of(*after)}
        return await self._pages("scan", limit, LIVE, {}, ConsistentRead=True, **start)

    async def close(self) -> None:
        """Wait for the calls under way; the client is the caller's and stays open."""
        await asyncio.to_thread(self._calls.close)

    async def _newest(
        self, index: str, shard: str, at: str, value: str, since: datetime, limit: int
    ) -> list[HotItem]:
        """Up to ``limit`` items of every shard: whatever the newest ``limit`` of all are, they are among
        these."""
        condition = f"{shard} = :shard AND {at} >= :since"
        answers = await asyncio.gather(
            *(
                self._query(
                    limit,
                    condition,
                    {":shard": {"S": sharded(value, number_)}, ":since": number(to_micros(since))},
                    IndexName=index,
                    ScanIndexForward=False,
                )
                for number_ in range(INDEX_SHARDS)
            )
        )
        return [item for answer in answers for item in answer]

    async def _query(self, limit: int, condition: str, values: Wire, **arguments: Any) -> list[HotItem]:
        return await self._pages(
            "query", limit, f"{condition} {LIVE}", values, KeyConditionExpression=condition, **arguments
        )

    async def _pages(
        self, operation: str, limit: int, used: str, values: Wire, **arguments: Any
    ) -> list[HotItem]:
        """Live items, page after page until there are enough: a page may be short, or empty, and not the
        last."""
        found: list[HotItem] = []
        while len(found) < limit:
            answer = await self._calls.call(
                operation,
                TableName=self._calls.table,
                Limit=limit,
                FilterExpression=LIVE,
                ExpressionAttributeNames=names_in(used),
                ExpressionAttributeValues={**values, ":now": number(self._now())},
                **arguments,
            )
            found += [from_wire(wire) for wire in answer["Items"]]
            if not answer.get("LastEvaluatedKey"):
                break
            arguments["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        return found[:limit]

    def _now(self) -> int:
        return to_micros(self._clock.now())

    def _live(self, item: HotItem) -> bool:
        return item.expires_at is None or item.expires_at > self._clock.now()


def _newest_first(at: datetime | None, item: HotItem) -> tuple[int, str, str]:
    return (0 if at is None else -to_micros(at), item.customer_id, item.data_type)
