"""The table made and kept as declared; asking twice changes nothing. Everything here blocks."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from dataplatform.errors import TableDrift
from dataplatform.schemas.hot_table import EXPIRY_ATTRIBUTE, REPLICATED, HotTable, differences
from dataplatform.stores.dynamodb.calls import HotStoreError
from foundation.aws.errors import AwsError

_ALREADY = "ResourceInUseException"
_ENABLED = ("ENABLED", "ENABLING")
_NOT_YET = "ResourceNotFoundException"
_LOOKS, _PAUSE = 300, 1.0  # real seconds between two looks


def ensure_table(client: Any, table: HotTable | None = None) -> None:
    """Make the table if it is not there, with its expiry and its replicas; wait until it can be used.

    Raises:
        TableDrift: a table of this name is there with other keys, indexes or billing. It is left alone.
        HotStoreError: refused, not answered, or not active in time.
    """
    wanted = table or HotTable()
    try:
        _create(client, wanted)
        _refuse_drift(client, wanted)
        _ensure_expiry(client, wanted)
        for region in wanted.replicas:
            _ensure_replica(client, wanted, region)
    except AwsError as error:
        raise HotStoreError(error.code, f"table {wanted.name}: {error.problem}") from error


def _create(client: Any, table: HotTable) -> None:
    try:
        client.create_table(**table.creation())
    except AwsError as error:
        if error.code != _ALREADY:
            raise
    _wait(client, table)


def _refuse_drift(client: Any, table: HotTable) -> None:
    found = differences(_describe(client, table))
    if found:
        raise TableDrift(table.name, "; ".join(found))


def _ensure_expiry(client: Any, table: HotTable) -> None:
    told = client.describe_time_to_live(TableName=table.name)["TimeToLiveDescription"]
    if told.get("TimeToLiveStatus") in _ENABLED:
        if told.get("AttributeName") != EXPIRY_ATTRIBUTE:
            raise TableDrift(table.name, f"items expire by {told.get('AttributeName')}")
        return
    client.update_time_to_live(
        TableName=table.name,
        TimeToLiveSpecification={"Enabled": True, "AttributeName": EXPIRY_ATTRIBUTE},
    )


def _ensure_replica(client: Any, table: HotTable, region: str) -> None:
    described = _describe(client, table)
    if region in {replica["RegionName"] for replica in described.get("Replicas", ())}:
        return
    if not described.get("StreamSpecification", {}).get("StreamEnabled"):
        client.update_table(TableName=table.name, StreamSpecification=REPLICATED)
        _wait(client, table)
    client.update_table(TableName=table.name, ReplicaUpdates=[{"Create": {"RegionName": region}}])
    _wait(client, table)


def _describe(client: Any, table: HotTable) -> Mapping[str, Any]:
    described: Mapping[str, Any] = client.describe_table(TableName=table.name)["Table"]
    return described


def _wait(client: Any, table: HotTable) -> None:
    for look in range(_LOOKS):
        time.sleep(_PAUSE if look else 0)
        if _active(client, table):
            return
    raise HotStoreError("", f"table {table.name} was not active within {_LOOKS * _PAUSE:.0f} s")


def _active(client: Any, table: HotTable) -> bool:
    try:
        return bool(_describe(client, table)["TableStatus"] == "ACTIVE")
    except AwsError as error:
        if error.code != _NOT_YET:
            raise
        return False
