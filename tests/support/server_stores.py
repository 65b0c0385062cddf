"""The stores on real servers that stand somewhere, for processes that have only their addresses.

Scripts load this module by itself, so it needs nothing else of the tests.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from credit.ports.projections import WideStore
from dataplatform.local.server import LOOPBACK
from dataplatform.schemas.hot_table import HotTable
from dataplatform.stores.cassandra.opening import open_cassandra_wide
from dataplatform.stores.dynamodb.calls import HOT_STORE
from dataplatform.stores.dynamodb.hot import DynamoHotStore
from dataplatform.stores.dynamodb.open import open_dynamodb_hot
from dataplatform.stores.mysql.relational import open_mysql_relational
from dataplatform.stores.relational.store import RelationalStore
from foundation.aws.clients import AwsClients
from foundation.clock import Clock

REGION = "sa-east-1"
FILE = "servers.json"  # in a folder whose processes share databases


@dataclass(frozen=True, slots=True)
class Addresses:
    """``dynamodb`` is its endpoint."""

    relational: str
    wide_port: int
    dynamodb: str
    table: str


@dataclass(frozen=True, slots=True)
class ServerStores:
    relational: RelationalStore
    hot: DynamoHotStore
    wide: WideStore


def kept_addresses(folder: Path) -> Addresses:
    return Addresses(**json.loads((folder / FILE).read_text(encoding="utf-8")))


@asynccontextmanager
async def opened_servers(there: Addresses, clock: Clock) -> AsyncIterator[ServerStores]:
    """MariaDB, a DynamoDB server and Cassandra, through connections of this process's own."""
    wide, close_wide = await asyncio.to_thread(open_cassandra_wide, [LOOPBACK], there.wide_port, clock)
    table = HotTable(there.table)
    hot = open_dynamodb_hot(new_client(there.dynamodb), clock, Random(1).random, table=table)
    relational = open_mysql_relational(there.relational, None, clock)
    try:
        yield ServerStores(relational, hot, wide)
    finally:
        await relational.close()
        await hot.close()
        await asyncio.to_thread(close_wide)


def new_client(endpoint: str, threads: int = 32, region: str = REGION) -> Any:
    # A loaded machine is slower than DynamoDB, and its slowness is not what a test judges.
    patient = replace(HOT_STORE, connect_seconds=5, answer_seconds=120, connections=threads)
    return AwsClients(endpoint).client("dynamodb", patient, region)
