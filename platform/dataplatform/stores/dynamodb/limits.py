"""DynamoDB's own limits, checked before anything is sent: an emulator may be laxer than the service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from credit.ports.projections import HotItem
from dataplatform.stores.dynamodb.calls import HotStoreError
from dataplatform.stores.dynamodb.wire import Wire, to_wire

ITEM_BYTES = 400 * 1024  # names and values
PARTITION_KEY_BYTES, SORT_KEY_BYTES = 2048, 1024


def checked_wire(item: HotItem) -> Wire:
    """The item as it is sent.

    Raises:
        HotStoreError: the service would not keep it: too large, its key empty or too long, a number too long.
    """
    try:
        wire = to_wire(item)
    except ArithmeticError as error:
        raise HotStoreError("NumberTooLong", "a number has more than 38 digits") from error
    _check(wire)
    return wire


def _check(wire: Wire) -> None:
    _check_key("customerId", wire, PARTITION_KEY_BYTES)
    _check_key("dataType", wire, SORT_KEY_BYTES)
    _check_key("typeShard", wire, PARTITION_KEY_BYTES)
    if "statusShard" in wire:
        _check_key("statusShard", wire, PARTITION_KEY_BYTES)
    size = _item_bytes(wire)
    if size > ITEM_BYTES:
        raise HotStoreError("ItemTooLarge", f"an item has {size:,} bytes; the limit is {ITEM_BYTES:,}")


def _item_bytes(wire: Mapping[str, Any]) -> int:
    """As the service counts, and never less: each name, each value, three bytes a map and one an entry."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in wire.items())


def _check_key(name: str, wire: Mapping[str, Any], limit: int) -> None:
    size = len(wire[name]["S"].encode())
    if not 1 <= size <= limit:
        raise HotStoreError("KeyTooLarge", f"a {name} has {size:,} bytes; the service takes 1 to {limit:,}")


def _value_bytes(value: Mapping[str, Any]) -> int:
    (kind, content), *_ = value.items()
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _value_bytes(inner) for name, inner in content.items())
    if kind in ("BOOL", "NULL"):
        return 1
    if kind == "N":
        return len(content) // 2 + 2  # at most 21: two digits a byte, a sign and an exponent
    return len(content.encode()) if isinstance(content, str) else len(bytes(content))
