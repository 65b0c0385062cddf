"""Projections of the pivot: hot data (DynamoDB), wide column (Keyspaces), cache (Redis). All rebuildable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

ItemValue = str | int | bool | bytes | None

PROFILE = "PROFILE"  # the hot item of a customer's profile; attributes as ``canonical.profile_attributes``
CUSTOMER_PROFILE = "CUSTOMER_PROFILE"  # its wide row, columns likewise
HOLDS = "HOLDS"  # the hot item of what disbursements under way hold of a customer's limit
CONTRACT = "CONTRACT"  # family of the wide rows of credit contracts: CONTRACT#decision id


def family_of(data_type: str) -> str:
    """``DECISION#0192...`` is of the family DECISION: what the type index is keyed by."""
    return data_type.partition("#")[0]


@dataclass(frozen=True, slots=True)
class HotItem:
    """One item of ``credit-hot-data`` (§4.1.3). ``data_type``: PROFILE, DECISION#id, TXN#time#id."""

    customer_id: str
    data_type: str
    version: int
    last_updated: datetime
    digest: str  # of the canonical content, so that a comparison need not read it all
    attributes: Mapping[str, ItemValue]
    status: str | None = None
    created_at: datetime | None = None
    expires_at: datetime | None = None


class HotStore(Protocol):
    async def get(self, customer_id: str, data_type: str) -> HotItem | None:
        """Expired items are absent."""
        ...

    async def put_if_newer(self, item: HotItem) -> bool:
        """Conditional write: False, and nothing written, if the stored version is as new or newer."""
        ...

    async def delete(self, customer_id: str, data_type: str) -> None: ...

    async def query_customer(self, customer_id: str, prefix: str = "", limit: int = 100) -> Sequence[HotItem]:
        """Items of one customer in ``data_type`` order."""
        ...

    async def query_status(self, status: str, since: datetime, limit: int = 100) -> Sequence[HotItem]:
        """GSI2: newest first."""
        ...

    async def query_type(self, data_type: str, since: datetime, limit: int = 100) -> Sequence[HotItem]:
        """GSI1: newest first. ``data_type`` without ids: PROFILE, DECISION, TXN."""
        ...

    async def scan(self, limit: int, after: tuple[str, str] | None = None) -> Sequence[HotItem]:
        """Every item once, in an order of the store's own, for comparison. ``after`` is the key of the last
        item of the page before; a page without items is the end."""
        ...


@dataclass(frozen=True, slots=True)
class WideRow:
    """One row of ``creditplatform.creditdata`` (§4.1.2), keyed by (customer_id, data_type)."""

    customer_id: str
    data_type: str  # CUSTOMER_PROFILE | TRANSACTION#time#id | DECISION#time#id
    version: int
    digest: str
    columns: Mapping[str, ItemValue] = field(default_factory=dict)
    expires_at: datetime | None = None


class WideStore(Protocol):
    async def get(self, customer_id: str, data_type: str) -> WideRow | None: ...

    async def put_if_newer(self, row: WideRow) -> bool: ...

    async def range(self, customer_id: str, start: str, end: str, limit: int = 100) -> Sequence[WideRow]:
        """Rows with ``start <= data_type < end`` in order: what §4.1.2's LIKE means in valid CQL."""
        ...

    async def delete(self, customer_id: str, data_type: str) -> None: ...

    async def scan(self, limit: int, after: tuple[str, str] | None = None) -> Sequence[WideRow]:
        """Every row once, page by page, for comparison: customers in the store's own order, the rows of each
        together, in ``data_type`` order. ``after`` is the key of the last row, which may be gone by now."""
        ...


class Cache(Protocol):
    """Bounded; every failure is a miss, never an error (the caller cannot tell, the metrics can)."""

    async def get(self, key: str) -> bytes | None: ...

    async def set(self, key: str, value: bytes, ttl_seconds: float) -> None: ...

    async def delete(self, key: str) -> None: ...

    async def delete_prefix(self, prefix: str) -> None:
        """Every key that begins like this. It may look at all keys: for changes that concern a whole kind."""
        ...
