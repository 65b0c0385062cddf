"""``creditplatform.creditdata`` (§4.1.2): the document's columns and key, and four that the platform needs.

``version``, ``digest`` and ``content`` (every attribute, as ``stores.packing``) make a row comparable;
``expires_at`` is ``ttl`` to the microsecond (microseconds since 1970).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dataplatform.schemas.cassandra.capacity import TableCapacity, UnitRange

KEYSPACE, TABLE = "creditplatform", "creditdata"
QUALIFIED = f"{KEYSPACE}.{TABLE}"

COLUMNS: Mapping[str, str] = {
    "customer_id": "text",
    "data_type": "text",
    "transaction_id": "text",
    "amount": "decimal",
    "status": "text",
    "credit_score": "int",
    "monthly_income": "decimal",
    "existing_debts": "decimal",
    "created_at": "timestamp",
    "updated_at": "timestamp",
    "ttl": "timestamp",
    "version": "bigint",
    "digest": "text",
    "content": "blob",
    "expires_at": "bigint",
}
KEY = ("customer_id", "data_type")


@dataclass(frozen=True, slots=True)
class Schema:
    """Statements that make the keyspace and the table; each may be run again."""

    keyspace: str
    table: str


def on_cassandra(copies: int = 1) -> Schema:
    """For an Apache Cassandra of one data centre. ``copies`` of each row are kept."""
    return Schema(
        f"CREATE KEYSPACE IF NOT EXISTS {KEYSPACE} "
        f"WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': {copies}}}",
        _table(),
    )


def on_keyspaces(capacity: TableCapacity) -> Schema:
    """For Amazon Keyspaces, with its capacity, its scaling, expiry by row and recovery to a point in time."""
    return Schema(
        f"CREATE KEYSPACE IF NOT EXISTS {KEYSPACE} WITH replication = {{'class': 'SingleRegionStrategy'}}",
        f"{_table()} WITH CUSTOM_PROPERTIES = {_custom_properties(capacity)} "
        f"AND AUTOSCALING_SETTINGS = {_scaling(capacity)}",
    )


def _table() -> str:
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    return f"CREATE TABLE IF NOT EXISTS {QUALIFIED} ({columns}, PRIMARY KEY ({', '.join(KEY)}))"


def _custom_properties(capacity: TableCapacity) -> str:
    return _literal(
        {
            "capacity_mode": {
                "throughput_mode": "PROVISIONED",
                "read_capacity_units": capacity.reads.base,
                "write_capacity_units": capacity.writes.base,
            },
            "ttl": {"status": "enabled"},
            "point_in_time_recovery": {"status": "enabled"},
        }
    )


def _scaling(capacity: TableCapacity) -> str:
    def updates(units: UnitRange) -> Mapping[str, object]:
        target = {"target_value": str(capacity.target_percent)}
        return {
            "minimum_units": str(units.least),
            "maximum_units": str(units.most),
            "scaling_policy": {"target_tracking_scaling_policy_configuration": target},
        }

    return _literal(
        {
            "provisioned_read_capacity_autoscaling_update": updates(capacity.reads),
            "provisioned_write_capacity_autoscaling_update": updates(capacity.writes),
        }
    )


def _literal(value: object) -> str:
    """A map, a text or a number as CQL writes it. Our own names only: nothing here needs escaping."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"'{name}': {_literal(item)}" for name, item in value.items()) + "}"
    return str(value) if isinstance(value, int) else f"'{value}'"
