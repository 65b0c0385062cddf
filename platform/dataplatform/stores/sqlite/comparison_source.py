"""The source of truth as a side of the comparison: uniform samples, and a record with its outbox at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from app.domain.canonical import decision_from_bytes
from dataplatform.consistency.marks import Cursor, Mark, MarkedTable, marked_tables, walk_from
from dataplatform.consistency.sides import SourceKey, SourceState
from dataplatform.ingestion.projections import (
    Projection,
    project_customer,
    project_decision,
    project_transaction,
)
from dataplatform.stores.rows import (
    CUSTOMER_COLUMNS,
    TRANSACTION_COLUMNS,
    customer_from_row,
    transaction_from_row,
)
from dataplatform.stores.sqlite.database import Database

_CHUNK = 500


class _Table:
    """How one kind of record is read and projected."""

    def __init__(
        self, kind: str, table: str, key: str, columns: str, project: Callable[[Sequence[Any]], Projection]
    ) -> None:
        self.kind, self.project = kind, project
        self.highest = f"SELECT coalesce(max(row_number), 0) FROM {table}"  # noqa: S608 - constants
        self.count = f"SELECT count(*) FROM {table}"  # noqa: S608 - constants
        pending = f"EXISTS (SELECT 1 FROM outbox WHERE kind = '{kind}' AND outbox.key = t.{key})"  # noqa: S608
        self._select = f"SELECT t.{key}, {pending}, {columns} FROM {table} AS t WHERE "  # noqa: S608
        self._key = key

    def by_numbers(self, count: int) -> str:
        return f"{self._select} row_number IN ({', '.join('?' * count)})"

    @property
    def by_key(self) -> str:
        return f"{self._select} {self._key} = ?"

    def state(self, row: Sequence[Any]) -> SourceState:
        return SourceState(SourceKey(self.kind, row[0]), self.project(row[2:]), bool(row[1]))


_TABLES = {
    table.kind: table
    for table in (
        _Table(
            "customer",
            "customers",
            "customer_id",
            ", ".join(CUSTOMER_COLUMNS),
            lambda row: project_customer(customer_from_row(row)),
        ),
        _Table(
            "transaction",
            "transactions",
            "transaction_id",
            ", ".join(TRANSACTION_COLUMNS),
            lambda row: project_transaction(transaction_from_row(row)),
        ),
        _Table(
            "decision",
            "credit_decisions",
            "decision_id",
            "body",
            lambda row: project_decision(decision_from_bytes(row[0])),
        ),
    )
}


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
            lambda c: sum(int(c.execute(table.count).fetchone()[0]) for table in _TABLES.values())
        )

    async def sample(self, count: int, random: Random) -> Sequence[SourceState]:
        """Numbers are drawn over all tables at once; one that no row has (a gap) is drawn in vain."""
        tops = await self._database.read(_tops)
        total = sum(tops.values())
        drawn = range(total) if total <= count else random.sample(range(total), count)
        numbers: dict[str, list[int]] = {kind: [] for kind in tops}
        for number in drawn:
            rest = number
            for kind, top in tops.items():
                if rest < top:
                    numbers[kind].append(rest + 1)
                    break
                rest -= top
        states: list[SourceState] = []
        for kind, wanted in numbers.items():
            for start in range(0, len(wanted), _CHUNK):
                states.extend(await self._rows(_TABLES[kind], wanted[start : start + _CHUNK]))
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

    async def _rows(self, table: _Table, numbers: Sequence[int]) -> list[SourceState]:
        statement = table.by_numbers(len(numbers))
        rows = await self._database.read(lambda c: c.execute(statement, tuple(numbers)).fetchall())
        return [table.state(row) for row in rows]


def _tops(connection: sqlite3.Connection) -> dict[str, int]:
    return {kind: int(connection.execute(table.highest).fetchone()[0]) for kind, table in _TABLES.items()}


def _state(connection: sqlite3.Connection, key: SourceKey) -> SourceState:
    """One statement, hence one snapshot."""
    table = _TABLES[key.kind]
    row = connection.execute(table.by_key, (key.key,)).fetchone()
    return SourceState(key, None, pending=False) if row is None else table.state(row)
