"""The table made and kept as declared; asking twice changes nothing. Everything here blocks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from dataplatform.errors import TableDrift
from dataplatform.schemas.hot_table import EXPIRY_ATTRIBUTE, REPLICATED, HotTable, differences
from dataplatform.stores.dynamodb.calls import HotStoreError

_ALREADY = "ResourceInUseException"
_ENABLED = ("ENABLED", "ENABLING")
_WAIT = {"Delay": 1, "MaxAttempts": 300}  # real seconds between two looks, and looks


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
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        raise HotStoreError(code, f"{error.operation_name}: {code}") from error
    except (BotoCoreError, WaiterError) as error:
        raise HotStoreError("", f"table {wanted.name}: {type(error).__name__}") from error


def _create(client: Any, table: HotTable) -> None:
    try:
        client.create_table(**table.creation())
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != _ALREADY:
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
    client.get_waiter("table_exists").wait(TableName=table.name, WaiterConfig=_WAIT)
