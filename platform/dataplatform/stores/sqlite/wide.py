"""Wide-column data in SQLite: ``creditdata`` keyed by (customer_id, data_type) as in §4.1.2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from credit.ports.projections import WideRow
from dataplatform.stores.packing import pack, unpack
from dataplatform.stores.sqlite.items import SqliteItems
from foundation.instants import maybe_instant, maybe_micros


class SqliteWideStore(SqliteItems[WideRow]):
    table = "creditdata"
    columns = ("customer_id", "data_type", "version", "digest", "columns", "expires_at")

    async def put_if_newer(self, row: WideRow) -> bool:
        return await self._put(
            {
                "customer_id": row.customer_id,
                "data_type": row.data_type,
                "version": row.version,
                "digest": row.digest,
                "columns": pack(row.columns),
                "expires_at": maybe_micros(row.expires_at),
            }
        )

    def _item(self, row: Sequence[Any]) -> WideRow:
        return WideRow(row[0], row[1], row[2], row[3], unpack(row[4]), maybe_instant(row[5]))
