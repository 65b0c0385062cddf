"""A hot table of its own on the emulator, and a client that meets what the emulator never does."""

from __future__ import annotations

import itertools
import os
from collections import Counter
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


@contextmanager
def leaving_over(client: Any, random: Random | None) -> Iterator[Counter[str]]:
    """Of each batch a part is left over, as a busy table does (``None``: all of it); yields how much, by
    operation. What is left over never reaches the server."""
    left: Counter[str] = Counter()

    def before_build(params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        if model.name in _LEFT_OVER:
            (table, wanted), *_rest = params["RequestItems"].items()
            entries = wanted["Keys"] if model.name == "BatchGetItem" else wanted
            sent = entries if random is None else random.sample(entries, random.randint(1, len(entries)))
            over = entries if random is None else [entry for entry in entries if entry not in sent]
            left[model.name] += len(over)
            context["left over"] = _like(wanted, over), table
            params["RequestItems"] = {table: _like(wanted, sent)}

    def before_call(model: Any, context: dict[str, Any], **_: Any) -> Any:
        if random is None and model.name in _LEFT_OVER:
            return _Answer(200), {"Responses": {}}
        return None

    def after_call(parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        over, table = context["left over"]
        if over and over != {"Keys": []}:
            parsed[_LEFT_OVER[model.name]] = {table: over}

    hooks: list[tuple[str, Callable[..., Any]]] = [
        ("before-parameter-build.dynamodb", before_build),
        ("before-call.dynamodb", before_call),
        *((f"after-call.dynamodb.{name}", after_call) for name in _LEFT_OVER),
    ]
    for event, hook in hooks:
        client.meta.events.register(event, hook)
    try:
        yield left
    finally:
        for event, hook in hooks:
            client.meta.events.unregister(event, hook)


def _like(wanted: Any, entries: list[Any]) -> Any:
    return {**wanted, "Keys": entries} if isinstance(wanted, dict) else entries


@dataclass(frozen=True, slots=True)
class _Answer:
    status_code: int


_LEFT_OVER = {"BatchGetItem": "UnprocessedKeys", "BatchWriteItem": "UnprocessedItems"}


_DATA = frozenset(
    (
        "GetItem",
        "PutItem",
        "DeleteItem",
        "Query",
        "Scan",
        "BatchGetItem",
        "BatchWriteItem",
        "TransactWriteItems",
    )
)
