"""Hot data in SQLite (§4.1.3): one item per (customer, data type), conditional writes, two indexes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from credit.ports.projections import HotItem, family_of
from dataplatform.stores.packing import pack, unpack
from dataplatform.stores.sqlite.items import HIGHEST, SqliteItems
from foundation.instants import from_micros, maybe_instant, maybe_micros, to_micros


class SqliteHotStore(SqliteItems[HotItem]):
    table = "hot_items"
    columns = (
        "customer_id",
        "data_type",
        "version",
        "last_updated",
        "digest",
        "attributes",
        "status",
        "created_at",
        "expires_at",
    )

    async def put_if_newer(self, item: HotItem) -> bool:
        return await self._put(
            {
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
            }
        )

    async def query_customer(self, customer_id: str, prefix: str = "", limit: int = 100) -> Sequence[HotItem]:
        return await self.range(customer_id, prefix, prefix + HIGHEST, limit)

    async def query_status(self, status: str, since: datetime, limit: int = 100) -> Sequence[HotItem]:
        where = "status = :status AND created_at >= :since ORDER BY created_at DESC, customer_id LIMIT :limit"
        return await self._select(where, status=status, since=to_micros(since), limit=limit)

    async def query_type(self, data_type: str, since: datetime, limit: int = 100) -> Sequence[HotItem]:
        where = (
            "family = :family AND last_updated >= :since ORDER BY last_updated DESC, customer_id LIMIT :limit"
        )
        return await self._select(where, family=data_type, since=to_micros(since), limit=limit)

    def _item(self, row: Sequence[Any]) -> HotItem:
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
