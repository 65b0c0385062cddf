"""The source of truth as a side of the comparison: uniform samples, and a record with its outbox at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from random import Random

from dataplatform.consistency.marks import Cursor, Mark, MarkedTable, marked_tables, walk_from
from dataplatform.consistency.sides import SourceKey, SourceState
from dataplatform.stores.source_tables import SOURCE_TABLES, SourceTable, placed
from dataplatform.stores.sqlite.database import Database

_CHUNK = 500


class _Statements:
    """What reads one table. A row is its key, whether its outbox is pending, then the table's columns."""

    def __init__(self, source: SourceTable) -> None:
        kind, table, key = source.kind, source.table, source.key
        pending = f"EXISTS (SELECT 1 FROM outbox WHERE kind = '{kind}' AND outbox.key = t.{key})"  # noqa: S608
        self._select = f"SELECT t.{key}, {pending}, {source.columns} FROM {table} AS t WHERE"  # noqa: S608
        self.highest = f"SELECT coalesce(max(row_number), 0) FROM {table}"  # noqa: S608 - constants
        self.count = f"SELECT count(*) FROM {table}"  # noqa: S608 - constants
        self.by_key = f"{self._select} {key} = ?"

    def by_numbers(self, count: int) -> str:
        return f"{self._select} row_number IN ({', '.join('?' * count)})"


_STATEMENTS = {kind: _Statements(source) for kind, source in SOURCE_TABLES.items()}
_MARKED = marked_tables("decided_at")


def _marks(table: MarkedTable) -> str:
    where = "WHERE row_number > ? ORDER BY row_number LIMIT ?"
    return f"SELECT row_number, {table.columns} FROM {table.table} {where}"  # noqa: S608 - constants


def _next_marks(connection: sqlite3.Connection, limit: int, after: Cursor | None) -> Sequence[Mark]:
    for kind, number in walk_from(after):
        rows = connection.execute(_marks(_MARKED[kind]), (number, limit)).fetchall()
        if rows:
            return [_MARKED[kind].mark(row) for row in rows]
    return []


class SqliteComparisonSource:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def population(self) -> int:
        return await self._database.read(
            lambda c: sum(int(c.execute(table.count).fetchone()[0]) for table in _STATEMENTS.values())
        )

    async def sample(self, count: int, random: Random) -> Sequence[SourceState]:
        """Numbers are drawn over all tables at once; one that no row has (a gap) is drawn in vain."""
        tops = await self._database.read(_tops)
        total = sum(tops.values())
        drawn = range(total) if total <= count else random.sample(range(total), count)
        numbers: dict[str, list[int]] = {kind: [] for kind in tops}
        for number in drawn:
            kind, row = placed(tops, number)
            numbers[kind].append(row)
        states: list[SourceState] = []
        for kind, wanted in numbers.items():
            for start in range(0, len(wanted), _CHUNK):
                states.extend(await self._rows(kind, wanted[start : start + _CHUNK]))
        return states

    async def states(self, keys: Sequence[SourceKey]) -> Sequence[SourceState]:
        found: list[SourceState] = []
        for start in range(0, len(keys), _CHUNK):
            found.extend(await self._states(keys[start : start + _CHUNK]))
        return found

    async def marks(self, limit: int, after: Cursor | None = None) -> Sequence[Mark]:
        return await self._database.read(lambda c: _next_marks(c, limit, after))

    async def _states(self, keys: Sequence[SourceKey]) -> list[SourceState]:
        return await self._database.read(lambda c: [_state(c, key) for key in keys])

    async def _rows(self, kind: str, numbers: Sequence[int]) -> list[SourceState]:
        statement = _STATEMENTS[kind].by_numbers(len(numbers))
        rows = await self._database.read(lambda c: c.execute(statement, tuple(numbers)).fetchall())
        return [SOURCE_TABLES[kind].state(row) for row in rows]


def _tops(connection: sqlite3.Connection) -> dict[str, int]:
    return {kind: int(connection.execute(table.highest).fetchone()[0]) for kind, table in _STATEMENTS.items()}


def _state(connection: sqlite3.Connection, key: SourceKey) -> SourceState:
    """One statement, hence one snapshot."""
    row = connection.execute(_STATEMENTS[key.kind].by_key, (key.key,)).fetchone()
    return SourceState(key, None, pending=False) if row is None else SOURCE_TABLES[key.kind].state(row)
