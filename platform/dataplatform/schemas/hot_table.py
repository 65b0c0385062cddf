"""The table ``credit-hot-data`` (§3.2.3, §4.1.3) as data: keys, indexes, billing, expiry, replicas.

Both indexes are keyed by a *sharded* value (``TXN#07``): data types and statuses have a handful of values,
and an index partition takes 1,000 writes a second (ADR 15).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

TABLE = "credit-hot-data"
TYPE_INDEX = "GSI1"  # data type and lastUpdated
STATUS_INDEX = "GSI2"  # status and createdAt
INDEX_SHARDS = 16  # a change of this number needs a new index: old items keep their shard
EXPIRY_ATTRIBUTE = "ttl"  # whole seconds since 1970, as the service reads it; ``expiresAt`` is the exact one
ON_DEMAND = "PAY_PER_REQUEST"

_TEXT, _NUMBER = "S", "N"
TABLE_KEYS = (("customerId", "HASH"), ("dataType", "RANGE"))
INDEX_KEYS: Mapping[str, tuple[tuple[str, str], ...]] = {
    TYPE_INDEX: (("typeShard", "HASH"), ("lastUpdated", "RANGE")),
    STATUS_INDEX: (("statusShard", "HASH"), ("createdAt", "RANGE")),
}
_TYPES = {
    "customerId": _TEXT,
    "dataType": _TEXT,
    "typeShard": _TEXT,
    "lastUpdated": _NUMBER,  # microseconds since 1970
    "statusShard": _TEXT,
    "createdAt": _NUMBER,
}


@dataclass(frozen=True, slots=True)
class HotTable:
    """What is to be there. ``replicas`` are the other regions of the global table, for recovery: they are
    read after a failover and never written at the same time, for conditions hold within one region."""

    name: str = TABLE
    replicas: tuple[str, ...] = ()

    def creation(self) -> dict[str, Any]:
        """The arguments of ``create_table``."""
        arguments: dict[str, Any] = {
            "TableName": self.name,
            "KeySchema": key_schema(TABLE_KEYS),
            "AttributeDefinitions": [
                {"AttributeName": name, "AttributeType": kind} for name, kind in _TYPES.items()
            ],
            "GlobalSecondaryIndexes": [
                {"IndexName": name, "KeySchema": key_schema(keys), "Projection": {"ProjectionType": "ALL"}}
                for name, keys in INDEX_KEYS.items()
            ],
            "BillingMode": ON_DEMAND,
        }
        if self.replicas:
            arguments["StreamSpecification"] = REPLICATED
        return arguments


REPLICATED = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}  # what replication reads


def key_schema(keys: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in keys]


def differences(description: Mapping[str, Any]) -> list[str]:
    """How a table that exists (``describe_table``) is unlike the one we need; empty: it is the same."""
    found = _key_differences("the table", TABLE_KEYS, description)
    indexes = {index["IndexName"]: index for index in description.get("GlobalSecondaryIndexes", ())}
    for name, keys in INDEX_KEYS.items():
        if name not in indexes:
            found.append(f"index {name} is missing")
            continue
        found += _key_differences(f"index {name}", keys, indexes[name])
        if indexes[name].get("Projection", {}).get("ProjectionType") != "ALL":
            found.append(f"index {name} does not carry all attributes")
    types = {entry["AttributeName"]: entry["AttributeType"] for entry in description["AttributeDefinitions"]}
    found += [
        f"{name} is of type {types[name]}, not {kind}"
        for name, kind in _TYPES.items()
        if types.get(name, kind) != kind
    ]
    mode = description.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    if mode != ON_DEMAND:
        found.append(f"its billing mode is {mode}, not on-demand ({ON_DEMAND})")
    return found


def _key_differences(what: str, keys: Sequence[tuple[str, str]], description: Mapping[str, Any]) -> list[str]:
    there = [(entry["AttributeName"], entry["KeyType"]) for entry in description["KeySchema"]]
    if sorted(there) == sorted(keys):
        return []
    return [f"{what} has the key {_named(there)}, not {_named(keys)}"]


def _named(keys: Sequence[tuple[str, str]]) -> str:
    return ", ".join(name for name, _ in sorted(keys, key=lambda key: key[1]))
