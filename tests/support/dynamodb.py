"""A hot table of its own on the emulator, and a client that meets what the emulator never does."""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from dataplatform.resilience.retry import RetryPolicy
from dataplatform.schemas.hot_table import EXPIRY_ATTRIBUTE, HotTable
from dataplatform.stores.dynamodb.hot import DynamoHotStore
from dataplatform.stores.dynamodb.open import open_dynamodb_hot
from foundation.clock import Clock
from tests.support.aws_emulator import shared_emulator
from tests.support.server_stores import new_client

QUICK = RetryPolicy(attempts=6, base_seconds=0.001, cap_seconds=0.01)
_NUMBERS = itertools.count(1)


@cache
def dynamodb_client() -> Any:
    return new_client(shared_emulator())


def table_name() -> str:
    return f"hot-{os.getpid()}-{next(_NUMBERS)}"


@asynccontextmanager
async def a_hot_store(
    clock: Clock, client: Any = None, table: HotTable | None = None
) -> AsyncIterator[DynamoHotStore]:
    wanted = table or HotTable(table_name())
    server = dynamodb_client()
    store = open_dynamodb_hot(client or server, clock, Random(1).random, table=wanted, retry=QUICK)
    # The emulator deletes by the machine's time, and the clocks of tests stand in its past.
    server.update_time_to_live(
        TableName=wanted.name,
        TimeToLiveSpecification={"Enabled": False, "AttributeName": EXPIRY_ATTRIBUTE},
    )
    try:
        yield store
    finally:
        await store.close()
        server.delete_table(TableName=wanted.name)


@contextmanager
def throttled(client: Any, ratio: float, draw: Callable[[], float], code: str) -> Iterator[list[str]]:
    """Data requests of this client are refused now and then, before they are sent, as a hot partition does;
    yields the operations that were."""
    refused: list[str] = []

    def before_call(model: Any, **_: Any) -> Any:
        if model.name in _DATA and draw() < ratio:
            refused.append(model.name)
            return _Answer(400), {"Error": {"Code": code, "Message": "Rate exceeded"}, "ResponseMetadata": {}}
        return None

    client.meta.events.register("before-call.dynamodb", before_call)
    try:
        yield refused
    finally:
        client.meta.events.unregister("before-call.dynamodb", before_call)


@dataclass(frozen=True, slots=True)
class _Answer:
    status_code: int


_DATA = frozenset(("GetItem", "PutItem", "DeleteItem", "Query", "Scan"))
