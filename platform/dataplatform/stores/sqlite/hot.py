"""Hot data in SQLite (§4.1.3): one item per (customer, data type), conditional writes, two indexes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from credit.ports.projections import HotItem
from dataplatform.stores.packing import pack, unpack
from dataplatform.stores.sqlite.database import Database
from foundation.clock import Clock
from foundation.instants import from_micros, maybe_instant, maybe_micros, to_micros

_COLUMNS = "customer_id, data_type, version, last_updated, digest, attributes, status, created_at, expires_at"
_LIVE = "(expires_at IS NULL OR expires_at > :now)"
_SELECT = f"SELECT {_COLUMNS} FROM hot_items WHERE {_LIVE} AND "  # noqa: S608 - constants
_GET = f"{_SELECT} customer_id = :customer AND data_type = :type"
_OF_CUSTOMER = (
    f"{_SELECT} customer_id = :customer AND data_type >= :first AND data_type < :last "
    "ORDER BY data_type LIMIT :limit"
)
_OF_STATUS = (
    f"{_SELECT} status = :status AND created_at >= :since ORDER BY created_at DESC, customer_id LIMIT :limit"
)
_OF_TYPE = (
    f"{_SELECT} family = :family AND last_updated >= :since "
    "ORDER BY last_updated DESC, customer_id LIMIT :limit"
)
_PAGE = (
    f"{_SELECT} (customer_id, data_type) > (:customer, :type) ORDER BY customer_id, data_type LIMIT :limit"
)
_PUT = f"""
INSERT INTO hot_items ({_COLUMNS}, family)
VALUES (:customer_id, :data_type, :version, :last_updated, :digest, :attributes, :status, :created_at,
        :expires_at, :family)
ON CONFLICT (customer_id, data_type) DO UPDATE SET
  version = excluded.version, last_updated = excluded.last_updated, digest = excluded.digest,
  attributes = excluded.attributes, status = excluded.status, created_at = excluded.created_at,
  expires_at = excluded.expires_at
WHERE excluded.version > hot_items.version OR hot_items.expires_at <= :now
"""  # noqa: S608 - constants
_DELETE = "DELETE FROM hot_items WHERE customer_id = ? AND data_type = ?"
_HIGHEST = "\U0010ffff"  # sorts after every data type


def family_of(data_type: str) -> str:
    """``DECISION#0192...`` is of the family DECISION: what the type index is keyed by."""
    return data_type.partition("#")[0]


def _item(row: Sequence[Any]) -> HotItem:
    return HotItem(
        customer_id=row[0],
        data_type=row[1],
        version=row[2],
        last_updated=from_micros(row[3]),
        digest=row[4],
        attributes=unpack(row[5]),
        status=row[6],
        created_at=maybe_instant(row[7]),
        expires_at=maybe_instant(row[8]),
    )


class SqliteHotStore:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def get(self, customer_id: str, data_type: str) -> HotItem | None:
        found = await self._query(_GET, customer=customer_id, type=data_type)
        return found[0] if found else None

    async def put_if_newer(self, item: HotItem) -> bool:
        values = {
            "customer_id": item.customer_id,
            "data_type": item.data_type,
            "family": family_of(item.data_type),
            "version": item.version,
            "last_updated": to_micros(item.last_updated),
            "digest": item.digest,
            "attributes": pack(item.attributes),
            "status": item.status,
            "created_at": maybe_micros(item.created_at),
            "expires_at": maybe_micros(item.expires_at),
            "now": to_micros(self._clock.now()),
        }
        return await self._database.write(lambda c: c.execute(_PUT, values).rowcount > 0)

    async def delete(self, customer_id: str, data_type: str) -> None:
        await self._database.write(lambda c: c.execute(_DELETE, (customer_id, data_type)).rowcount)

    async def query_customer(self, customer_id: str, prefix: str = "", limit: int = 100) -> Sequence[HotItem]:
        return await self._query(
            _OF_CUSTOMER, customer=customer_id, first=prefix, last=prefix + _HIGHEST, limit=limit
        )

    async def query_status(self, status: str, since: datetime, limit: int = 100) -> Sequence[HotItem]:
        return await self._query(_OF_STATUS, status=status, since=to_micros(since), limit=limit)

    async def query_type(self, data_type: str, since: datetime, limit: int = 100) -> Sequence[HotItem]:
        return await self._query(_OF_TYPE, family=data_type, since=to_micros(since), limit=limit)

    async def scan(self, limit: int, after: tuple[str, str] | None = None) -> Sequence[HotItem]:
        customer, data_type = after or ("", "")
        return await self._query(_PAGE, customer=customer, type=data_type, limit=limit)

    async def _query(self, statement: str, **values: str | int) -> list[HotItem]:
        values["now"] = to_micros(self._clock.now())
        rows = await self._database.read(lambda c: c.execute(statement, values).fetchall())
        return [_item(row) for row in rows]
