"""``WideStore`` on Apache Cassandra or Amazon Keyspaces.

A row is written by compare-and-set on the version that was read (a lightweight transaction), because neither
a batch nor a time of the client's can say "if newer" on Keyspaces. Rows whose time is over are left out by
our clock; the TTL only takes their space back.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from itertools import groupby
from typing import TypeVar

from credit.domain.errors import StoreUnavailable
from credit.ports.projections import WideRow
from dataplatform.schemas.cassandra.creditdata import KEY, QUALIFIED
from dataplatform.stores.cassandra.guard import MOST_IN_BATCH, MOST_IN_LIST
from dataplatform.stores.cassandra.rows import ORDER, from_values, to_values
from dataplatform.stores.cassandra.session import PAGE_ROWS, GuardedSession, Row
from foundation.clock import Clock

T = TypeVar("T")

ATTEMPTS = 12  # at a row that others write at the same time
LONGEST_TTL = 20 * 365 * 24 * 3600  # seconds; Cassandra takes no more

_REST = tuple(column for column in ORDER if column not in KEY)
_PLACES = ", ".join("?" for _ in ORDER)
_PLACE = "customer_id = ? AND data_type = ?"
_SELECT = f"SELECT {', '.join(ORDER)} FROM {QUALIFIED}"  # noqa: S608 - constants
_GET = f"{_SELECT} WHERE {_PLACE}"
_GET_MANY = f"{_SELECT} WHERE customer_id IN ? AND data_type = ?"
_RANGE = f"{_SELECT} WHERE customer_id = ? AND data_type >= ? AND data_type < ?"
_LATER = f"{_SELECT} WHERE customer_id = ? AND data_type > ?"
_FURTHER = f"{_SELECT} WHERE token(customer_id) > token(?)"
_INSERT = f"INSERT INTO {QUALIFIED} ({', '.join(ORDER)}) VALUES ({_PLACES})"  # noqa: S608 - constants
_SET = f"SET {', '.join(f'{column} = ?' for column in _REST)} WHERE {_PLACE} IF version = ?"
_DELETE = f"DELETE FROM {QUALIFIED} WHERE {_PLACE} IF EXISTS"  # noqa: S608 - constants


class CassandraWideStore:
    def __init__(self, session: GuardedSession, clock: Clock) -> None:
        self._session, self._clock = session, clock

    async def get(self, customer_id: str, data_type: str) -> WideRow | None:
        found = self._live(await self._session.rows(_GET, customer_id, data_type))
        return found[0] if found else None

    async def get_many(self, customer_ids: Sequence[str], data_type: str) -> list[WideRow]:
        """One kind of row of several customers, as few requests as the server allows (B.2); in no order."""
        found: list[WideRow] = []
        for some in _runs(customer_ids, MOST_IN_LIST):
            found.extend(self._live(await self._session.rows(_GET_MANY, some, data_type)))
        return found

    async def put_if_newer(self, row: WideRow) -> bool:
        for _ in range(ATTEMPTS):
            stored = await self._session.rows(_GET, row.customer_id, row.data_type)
            if any(live.version >= row.version for live in self._live(stored)):
                return False
            if await self._replace(stored[0] if stored else None, row):
                return True
        raise StoreUnavailable("wide", "too many writers are changing this row at the same time")

    async def range(self, customer_id: str, start: str, end: str, limit: int = 100) -> Sequence[WideRow]:
        return await self._first(limit, _RANGE, customer_id, start, end)

    async def delete(self, customer_id: str, data_type: str) -> None:
        await self._session.applied(_DELETE, customer_id, data_type)

    async def scan(self, limit: int, after: tuple[str, str] | None = None) -> Sequence[WideRow]:
        if after is None:
            return await self._first(limit, _SELECT)
        same = await self._first(limit, _LATER, *after)
        if len(same) == limit:
            return same
        return [*same, *await self._first(limit - len(same), _FURTHER, after[0])]

    async def fill(self, rows: Sequence[WideRow]) -> None:
        """Write without looking, in batches of one partition: for a table that nobody else writes yet."""
        for _, of_one in groupby(sorted(rows, key=_by_partition), key=_by_partition):
            for some in _runs(list(of_one), MOST_IN_BATCH):
                await self._fill_partition(some)

    async def _fill_partition(self, rows: Sequence[WideRow]) -> None:
        lasting = [(*to_values(row).values(),) for row in rows if row.expires_at is None]
        passing = [(*to_values(row).values(), *self._ttl(row)) for row in rows if row.expires_at is not None]
        for cql, values in ((_INSERT, lasting), (f"{_INSERT} USING TTL ?", passing)):
            if values:
                await self._session.together(cql, values)

    async def _replace(self, stored: Row | None, row: WideRow) -> bool:
        """Write it in the place of what was read; False if that is no longer what is there."""
        values, ttl = to_values(row), self._ttl(row)
        if stored is None:
            cql = f"{_INSERT} IF NOT EXISTS" + (" USING TTL ?" if ttl else "")
            return await self._session.applied(cql, *values.values(), *ttl)
        cql = f"UPDATE {QUALIFIED} {'USING TTL ? ' if ttl else ''}{_SET}"
        expected: tuple[object, ...] = (stored["version"],)
        if stored["expires_at"] is not None:
            cql, expected = f"{cql} AND expires_at = ?", (*expected, stored["expires_at"])
        rest = [values[column] for column in _REST]
        return await self._session.applied(cql, *ttl, *rest, row.customer_id, row.data_type, *expected)

    def _ttl(self, row: WideRow) -> tuple[int, ...]:
        """Seconds until the server may drop it, if ever, as the value to bind."""
        if row.expires_at is None:
            return ()
        left = math.ceil((row.expires_at - self._clock.now()).total_seconds())
        return (min(max(left, 1), LONGEST_TTL),)

    async def _first(self, limit: int, cql: str, *values: object) -> list[WideRow]:
        """The first rows that live; asks for no page more than that takes."""
        found: list[WideRow] = []
        pages = self._session.pages(cql, *values, page_rows=min(limit, PAGE_ROWS))
        async with aclosing(pages):
            async for page in pages:
                found.extend(self._live(page))
                if len(found) >= limit:
                    break
        return found[:limit]

    def _live(self, rows: Sequence[Row]) -> list[WideRow]:
        now = self._clock.now()
        whole = (from_values(row) for row in rows if row["version"] is not None)
        return [row for row in whole if row.expires_at is None or row.expires_at > now]


def _by_partition(row: WideRow) -> str:
    return row.customer_id


def _runs(items: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    return (items[start : start + most] for start in range(0, len(items), most))
