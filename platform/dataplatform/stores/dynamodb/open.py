"""Opening the hot store over DynamoDB.

client = AwsClients().client("dynamodb", HOT_STORE)
hot = open_dynamodb_hot(client, clock, random)
...
await hot.close()
"""

from __future__ import annotations

from typing import Any

from dataplatform.resilience.retry import Random, RetryPolicy
from dataplatform.schemas.hot_table import HotTable
from dataplatform.stores.dynamodb.calls import DynamoCalls
from dataplatform.stores.dynamodb.hot import DynamoHotStore
from dataplatform.stores.dynamodb.table import ensure_table
from foundation.clock import Clock

THROTTLE_RETRY = RetryPolicy(attempts=4, base_seconds=0.02, cap_seconds=0.1)


def open_dynamodb_hot(
    client: Any,
    clock: Clock,
    random: Random,
    *,
    table: HotTable | None = None,
    retry: RetryPolicy = THROTTLE_RETRY,
) -> DynamoHotStore:
    """Make sure that the table is there and be ready to use it; blocks.

    ``client`` is made for the purpose ``HOT_STORE``: there are as many threads as it has connections.
    ``random`` spreads retries. Any number of processes may open the same table.

    Raises:
        TableDrift: the table is there and is another one.
        HotStoreError: a ``StoreUnavailable``: the service refused or did not answer.
    """
    wanted = table or HotTable()
    ensure_table(client, wanted)
    return DynamoHotStore(DynamoCalls(client, wanted.name, clock, random, retry), clock)
