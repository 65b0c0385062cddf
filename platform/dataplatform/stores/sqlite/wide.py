"""Wide-column data in SQLite: ``creditdata`` keyed by (customer_id, data_type) as in §4.1.2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from credit.ports.projections import WideRow
from dataplatform.stores.packing import pack, unpack
from dataplatform.stores.sqlite.database import Database
from foundation.clock import Clock
from foundation.instants import maybe_instant, maybe_micros, to_micros

_COLUMNS = "customer_id, data_type, version, digest, columns, expires_at"
_LIVE = "(expires_at IS NULL OR expires_at > :now)"
_SELECT = f"SELECT {_COLUMNS} FROM creditdata WHERE {_LIVE} AND "  # noqa: S608 - constants
_GET = f"{_SELECT} customer_id = :customer AND data_type = :type"
_RANGE = (
    f"{_SELECT} customer_id = :customer AND data_type >= :first AND data_type < :last "
    "ORDER BY data_type LIMIT :limit"
)
_PAGE = (
    f"{_SELECT} (customer_id, data_type) > (:customer, :type) ORDER BY customer_id, data_type LIMIT :limit"
)
_PUT = f"""
INSERT INTO creditdata ({_COLUMNS})
VALUES (:customer_id, :data_type, :version, :digest, :columns, :expires_at)
ON CONFLICT (customer_id, data_type) DO UPDATE SET
  version = excluded.version, digest = excluded.digest, columns = excluded.columns,
  expires_at = excluded.expires_at
WHERE excluded.version > creditdata.version OR creditdata.expires_at <= :now
"""  # noqa: S608 - constants
_DELETE = "DELETE FROM creditdata WHERE customer_id = ? AND data_type = ?"


def _row(row: Sequence[Any]) -> WideRow:
    return WideRow(row[0], row[1], row[2], row[3], unpack(row[4]), maybe_instant(row[5]))


class SqliteWideStore:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def get(self, customer_id: str, data_type: str) -> WideRow | None:
        found = await self._query(_GET, customer=customer_id, type=data_type)
        return found[0] if found else None

    async def put_if_newer(self, row: WideRow) -> bool:
        values = {
            "customer_id": row.customer_id,
            "data_type": row.data_type,
            "version": row.version,
            "digest": row.digest,
            "columns": pack(row.columns),
            "expires_at": maybe_micros(row.expires_at),
            "now": to_micros(self._clock.now()),
        }
        return await self._database.write(lambda c: c.execute(_PUT, values).rowcount > 0)

    async def range(self, customer_id: str, start: str, end: str, limit: int = 100) -> Sequence[WideRow]:
        return await self._query(_RANGE, customer=customer_id, first=start, last=end, limit=limit)

    async def delete(self, customer_id: str, data_type: str) -> None:
        await self._database.write(lambda c: c.execute(_DELETE, (customer_id, data_type)).rowcount)

    async def scan(self, limit: int, after: tuple[str, str] | None = None) -> Sequence[WideRow]:
        customer, data_type = after or ("", "")
        return await self._query(_PAGE, customer=customer, type=data_type, limit=limit)

    async def _query(self, statement: str, **values: str | int) -> list[WideRow]:
        values["now"] = to_micros(self._clock.now())
        rows = await self._database.read(lambda c: c.execute(statement, values).fetchall())
        return [_row(row) for row in rows]
