"""Versioned items of one table, keyed by (customer, data type): written if newer, absent once expired."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from dataplatform.stores.sqlite.database import Database
from foundation.clock import Clock
from foundation.instants import to_micros

Item = TypeVar("Item")

HIGHEST = "\U0010ffff"  # sorts after every data type
_LIVE = "(expires_at IS NULL OR expires_at > :now)"


class SqliteItems(ABC, Generic[Item]):
    """``columns`` are those that ``_item`` reads and ``_put`` is given, in this order."""

    table: str
    columns: Sequence[str]

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    @abstractmethod
    def _item(self, row: Sequence[Any]) -> Item: ...

    async def get(self, customer_id: str, data_type: str) -> Item | None:
        where = "customer_id = :customer AND data_type = :type"
        found = await self._select(where, customer=customer_id, type=data_type)
        return found[0] if found else None

    async def delete(self, customer_id: str, data_type: str) -> None:
        statement = f"DELETE FROM {self.table} WHERE customer_id = ? AND data_type = ?"  # noqa: S608 - constants
        await self._database.write(lambda c: c.execute(statement, (customer_id, data_type)).rowcount)

    async def range(self, customer_id: str, start: str, end: str, limit: int = 100) -> Sequence[Item]:
        where = (
            "customer_id = :customer AND data_type >= :first AND data_type < :last "
            "ORDER BY data_type LIMIT :limit"
        )
        return await self._select(where, customer=customer_id, first=start, last=end, limit=limit)

    async def scan(self, limit: int, after: tuple[str, str] | None = None) -> Sequence[Item]:
        where = "(customer_id, data_type) > (:customer, :type) ORDER BY customer_id, data_type LIMIT :limit"
        customer, data_type = after or ("", "")
        return await self._select(where, customer=customer, type=data_type, limit=limit)

    async def _select(self, where: str, **values: str | int) -> list[Item]:
        values["now"] = to_micros(self._clock.now())
        statement = f"SELECT {', '.join(self.columns)} FROM {self.table} WHERE {_LIVE} AND {where}"  # noqa: S608 - constants
        rows = await self._database.read(lambda c: c.execute(statement, values).fetchall())
        return [self._item(row) for row in rows]

    async def _put(self, values: Mapping[str, object]) -> bool:
        """Over nothing, something older or something expired."""
        now = to_micros(self._clock.now())
        changed = ", ".join(f"{name} = excluded.{name}" for name in self.columns[2:])
        statement = (
            f"INSERT INTO {self.table} ({', '.join(values)}) "  # noqa: S608 - constants
            f"VALUES ({', '.join(f':{name}' for name in values)}) "
            f"ON CONFLICT (customer_id, data_type) DO UPDATE SET {changed} "
            f"WHERE excluded.version > {self.table}.version OR {self.table}.expires_at <= :now"
        )
        return await self._database.write(lambda c: c.execute(statement, {**values, "now": now}).rowcount > 0)
