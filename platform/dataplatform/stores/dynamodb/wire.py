"""A hot item as DynamoDB holds it, and back. Numbers are exact integers in both directions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from credit.ports.projections import HotItem, ItemValue, family_of
from dataplatform.schemas.hot_table import EXPIRY_ATTRIBUTE, INDEX_SHARDS
from foundation.instants import from_micros, maybe_instant, to_micros

Wire = dict[str, Any]

DAMAGED = "damaged"  # the digest of an item whose content cannot be read
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROS = 1_000_000
_DIGITS = 38  # of a number, at most


def to_wire(item: HotItem) -> Wire:
    """Raises ArithmeticError for an integer of more than 38 digits, which the service does not keep."""
    shard = shard_of(item.customer_id, item.data_type)
    plain: dict[str, Any] = {
        "customerId": item.customer_id,
        "dataType": item.data_type,
        "version": item.version,
        "lastUpdated": to_micros(item.last_updated),
        "digest": item.digest,
        "attributes": dict(item.attributes),
        "typeShard": sharded(family_of(item.data_type), shard),
    }
    if item.status is not None:
        plain["status"] = item.status
    if item.created_at is not None:
        plain["createdAt"] = to_micros(item.created_at)
    if item.status is not None and item.created_at is not None:
        plain["statusShard"] = sharded(item.status, shard)
    if item.expires_at is not None:
        plain["expiresAt"] = to_micros(item.expires_at)
        # Rounded up: the service must never delete what is still alive.
        plain[EXPIRY_ATTRIBUTE] = -(-to_micros(item.expires_at) // _MICROS)
    return {name: _typed(value) for name, value in plain.items()}


def from_wire(wire: Mapping[str, Any]) -> HotItem:
    """An item that somebody altered into something unreadable keeps its key, and its version if that can be
    read; a comparison then finds its digest wrong, and a reader its attributes missing."""
    plain = {name: _plain(value) for name, value in wire.items()}
    try:
        return HotItem(
            customer_id=plain["customerId"],
            data_type=plain["dataType"],
            version=_integer(plain["version"]),
            last_updated=from_micros(_integer(plain["lastUpdated"])),
            digest=_text(plain["digest"]),
            attributes=_attributes(plain["attributes"]),
            status=plain.get("status"),
            created_at=maybe_instant(plain.get("createdAt")),
            expires_at=maybe_instant(plain.get("expiresAt")),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        version = plain.get("version")
        known = version if isinstance(version, int) else 0
        return HotItem(plain["customerId"], plain["dataType"], known, _EPOCH, DAMAGED, {})


def key_of(customer_id: str, data_type: str) -> Wire:
    return {"customerId": {"S": customer_id}, "dataType": {"S": data_type}}


def shard_of(customer_id: str, data_type: str) -> int:
    """By the key alone, so that an item never changes its shard."""
    hashed = hashlib.blake2b(f"{customer_id}\0{data_type}".encode(), digest_size=4).digest()
    return int.from_bytes(hashed) % INDEX_SHARDS


def sharded(value: str, shard: int) -> str:
    return f"{value}#{shard:02d}"


def _typed(value: Any) -> Wire:
    """What we keep: texts, whole numbers, truths, bytes, nothing, and maps of these."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int() if abs(value) < 10**_DIGITS:
            return {"N": str(value)}
        case int():
            raise ArithmeticError(f"a number has more than {_DIGITS} digits")
        case bytes():
            return {"B": value}
        case _:
            return {"M": {name: _typed(inner) for name, inner in value.items()}}


def _plain(wire: Wire) -> Any:
    """A number that is not whole, a list or a set stays as it is: nothing of ours is one."""
    ((kind, value),) = wire.items()
    match kind:
        case "NULL":
            return None
        case "N":
            number = Decimal(value)
            return int(number) if number == number.to_integral_value() else number
        case "M":
            return {name: _plain(inner) for name, inner in value.items()}
        case _:
            return value


def _attributes(value: Any) -> dict[str, ItemValue]:
    if not isinstance(value, dict):
        raise TypeError("attributes are not a map")
    for inner in value.values():
        if not isinstance(inner, str | int | bytes | None):
            raise TypeError("an attribute has an unknown type")
    return value


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("not a whole number")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
