"""Many items at once: batches whose leftovers are sent again, and writes made together or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from credit.ports.projections import HotItem
from dataplatform.stores.dynamodb.calls import (
    DynamoCalls,
    HotStoreError,
    HotStoreThrottled,
    TransactionCancelled,
)
from dataplatform.stores.dynamodb.expressions import guarded_put
from dataplatform.stores.dynamodb.limits import (
    BATCH_GET,
    BATCH_WRITE,
    TRANSACTION,
    TRANSACTION_BYTES,
    batches,
    checked_wire,
    item_bytes,
)
from dataplatform.stores.dynamodb.wire import Wire, from_wire, key_of
from foundation.clock import Clock
from foundation.instants import to_micros

Place = tuple[str, str]  # customer id, data type

_LEFT_OVER = "what is left of a batch was refused until the end"


class DynamoHotBulk:
    """``load`` and ``erase`` know no versions: they are for filling or emptying a table that nobody writes
    otherwise, such as when the projection is made anew."""

    def __init__(self, calls: DynamoCalls, clock: Clock) -> None:
        self._calls, self._clock = calls, clock

    async def read(self, places: Sequence[Place]) -> Mapping[Place, HotItem]:
        """Those that are there and alive. Raises HotStoreError: not all of them could be asked for."""
        asked = [key_of(*place) for place in dict.fromkeys(places)]
        answers = await asyncio.gather(*(self._read(keys) for keys in batches(asked, BATCH_GET)))
        now = self._clock.now()
        found = [from_wire(wire) for answer in answers for wire in answer]
        alive = [item for item in found if item.expires_at is None or item.expires_at > now]
        return {(item.customer_id, item.data_type): item for item in alive}

    async def load(self, items: Sequence[HotItem]) -> None:
        """Write them over whatever is there; of two with the same key the newer.

        Raises:
            HotStoreError: some were refused until the end; those written before stay. Load again.
        """
        newest: dict[Place, HotItem] = {}
        for item in items:
            known = newest.get((item.customer_id, item.data_type))
            if known is None or known.version < item.version:
                newest[item.customer_id, item.data_type] = item
        await self._write([{"PutRequest": {"Item": checked_wire(item)}} for item in newest.values()])

    async def erase(self, places: Sequence[Place]) -> None:
        """Raises HotStoreError, as ``load`` does."""
        await self._write([{"DeleteRequest": {"Key": key_of(*place)}} for place in dict.fromkeys(places)])

    async def put_together(self, items: Sequence[HotItem]) -> bool:
        """All of up to 100 items, if each is newer than what is there; else False, and none of them.

        Raises:
            HotStoreError: more, or larger, than one transaction holds; throttled until the end; not answered.
        """
        wires = [checked_wire(item) for item in items]
        size = sum(item_bytes(wire) for wire in wires)
        if not 1 <= len(items) <= TRANSACTION or size > TRANSACTION_BYTES:
            raise HotStoreError("TransactionTooLarge", f"{len(items)} items of {size:,} bytes at once")
        now = to_micros(self._clock.now())
        puts = [
            {"Put": guarded_put(self._calls.table, wire, item, now)}
            for wire, item in zip(wires, items, strict=True)
        ]
        failures = 0
        while True:
            try:
                await self._calls.call("transact_write_items", TransactItems=puts)
                return True
            except TransactionCancelled as error:
                if error.unmet:
                    return False
                failures += 1
                if not error.throttled or failures == self._calls.attempts:
                    raise
            await self._calls.pause(failures)

    async def _read(self, keys: Sequence[Wire]) -> list[Wire]:
        found: list[Wire] = []
        waiting, failures = list(keys), 0
        while waiting:
            request = {self._calls.table: {"Keys": waiting, "ConsistentRead": True}}
            answer = await self._calls.call("batch_get_item", RequestItems=request)
            found += answer["Responses"].get(self._calls.table, ())
            left: Mapping[str, Any] = answer.get("UnprocessedKeys") or {}
            still = left.get(self._calls.table, {}).get("Keys", [])
            failures = await self._again(len(waiting), len(still), failures)
            waiting = still
        return found

    async def _write(self, requests: Sequence[Wire]) -> None:
        await asyncio.gather(*(self._write_batch(batch) for batch in batches(requests, BATCH_WRITE)))

    async def _write_batch(self, batch: Sequence[Wire]) -> None:
        waiting, failures = list(batch), 0
        while waiting:
            answer = await self._calls.call("batch_write_item", RequestItems={self._calls.table: waiting})
            still = (answer.get("UnprocessedItems") or {}).get(self._calls.table, [])
            failures = await self._again(len(waiting), len(still), failures)
            waiting = still

    async def _again(self, sent: int, left: int, failures: int) -> int:
        """Rounds in a row in which nothing got in; waits before the next one if anything is left."""
        failures = 0 if left < sent else failures + 1
        if failures >= self._calls.attempts:
            raise HotStoreThrottled("UnprocessedItems", _LEFT_OVER)
        if left:
            await self._calls.pause(max(1, failures))
        return failures
