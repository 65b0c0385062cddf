"""The source of truth as a side of the comparison: uniform samples, and a record with its outbox at once.

Always read at the writer: a lagging replica would show differences that do not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from random import Random
from typing import TypeVar

from credit.domain.canonical import decision_from_bytes
from credit.ports.projections import CUSTOMER_PROFILE, PROFILE
from dataplatform.consistency.marks import Cursor, Mark, walk_from
from dataplatform.consistency.sides import SourceKey, SourceState
from dataplatform.ingestion.projections import (
    Projection,
    decision_types,
    project_customer,
    project_decision,
    project_transaction,
    transaction_expiry,
    transaction_types,
)
from dataplatform.stores.relational.customers import CUSTOMER_COLUMNS, customer_from_row
from dataplatform.stores.relational.session import RelationalDatabase, RelationalSession, Row, integer
from dataplatform.stores.relational.transactions import TRANSACTION_COLUMNS, transaction_from_row
from foundation.instants import from_micros

Item = TypeVar("Item")

_CHUNK = 500


class SourceTable:
    """One table that holds the truth. ``project`` takes ``columns``, ``mark`` the row's number and then
    ``mark_columns``, each in this order; ``key`` is the column with the record's key."""

    def __init__(
        self,
        table: str,
        kind: str,
        key: str,
        *,
        columns: str,
        project: Callable[[Row], Projection],
        mark_columns: str,
        mark: Callable[[Row], Mark],
    ) -> None:
        self.kind, self.project, self.mark = kind, project, mark
        pending = f"EXISTS (SELECT 1 FROM outbox AS o WHERE o.kind = '{kind}' AND o.record_key = t.{key})"  # noqa: S608 - constants
        select = f"SELECT t.{key}, {pending}, {columns} FROM {table} AS t WHERE"  # noqa: S608 - constants
        self.highest = f"SELECT coalesce(max(row_id), 0) FROM {table}"  # noqa: S608 - constants
        self.count = f"SELECT count(*) FROM {table}"  # noqa: S608 - constants
        self.by_number = f"{select} t.row_id IN :numbers"
        self.by_key = f"{select} t.{key} IN :names"
        self.marks = (
            f"SELECT row_id, {mark_columns} FROM {table} "  # noqa: S608 - constants
            "WHERE row_id > :after ORDER BY row_id LIMIT :most"
        )

    def state(self, row: Row) -> SourceState:
        """Of a row that is: key, whether its outbox is pending, then ``columns``."""
        return SourceState(SourceKey(self.kind, row[0]), self.project(row[2:]), bool(row[1]))


def _customer_mark(row: Row) -> Mark:
    number, customer_id, version, digest = row
    types = (PROFILE, CUSTOMER_PROFILE)
    return Mark(("customer", number), customer_id, customer_id, types, version, digest, None)


def _transaction_mark(row: Row) -> Mark:
    number, key, customer_id, created, status, version, digest = row
    at = from_micros(created)
    expiry = transaction_expiry(status, at)
    return Mark(
        ("transaction", number), key, customer_id, transaction_types(key, at), version, digest, expiry
    )


def _decision_mark(row: Row) -> Mark:
    number, key, customer_id, decided, digest = row
    types = decision_types(key, from_micros(decided))
    return Mark(("decision", number), key, customer_id, types, 1, digest, None)


TABLES: Mapping[str, SourceTable] = {
    table.kind: table
    for table in (
        SourceTable(
            "customers",
            "customer",
            "customer_id",
            columns=", ".join(CUSTOMER_COLUMNS),
            project=lambda row: project_customer(customer_from_row(row)),
            mark_columns="customer_id, version, digest",
            mark=_customer_mark,
        ),
        SourceTable(
            "transactions",
            "transaction",
            "transaction_id",
            columns=", ".join(TRANSACTION_COLUMNS),
            project=lambda row: project_transaction(transaction_from_row(row)),
            mark_columns="transaction_id, customer_id, created_at, status, version, digest",
            mark=_transaction_mark,
        ),
        SourceTable(
            "credit_decisions",
            "decision",
            "decision_id",
            columns="body",
            project=lambda row: project_decision(decision_from_bytes(row[0])),
            mark_columns="decision_id, customer_id, decision_date, digest",
            mark=_decision_mark,
        ),
    )
}


class SqlComparisonSource:
    def __init__(self, database: RelationalDatabase) -> None:
        self._database = database

    async def population(self) -> int:
        return await self._database.read_newest(
            lambda s: sum(integer(s, table.count) for table in TABLES.values())
        )

    async def sample(self, count: int, random: Random) -> Sequence[SourceState]:
        """Numbers are drawn over all tables at once, until enough of them have a row: rolled back inserts
        leave gaps."""
        tops = await self._database.read_newest(
            lambda s: {kind: integer(s, table.highest) for kind, table in TABLES.items()}
        )
        total = sum(tops.values())
        drawn = iter(range(total)) if total <= count else _distinct(total, random)
        states: list[SourceState] = []
        while batch := list(islice(drawn, min(_CHUNK, count - len(states)))):
            numbers = _by_kind(_placed(tops, n) for n in batch)
            found = await self._database.read_newest(lambda s, n=numbers: _numbered(s, n))  # type: ignore[misc]
            states.extend(found)
        return states

    async def states(self, keys: Sequence[SourceKey]) -> Sequence[SourceState]:
        found: list[SourceState] = []
        for start in range(0, len(keys), _CHUNK):
            chunk = keys[start : start + _CHUNK]
            found.extend(await self._database.read_newest(lambda s, chunk=chunk: _states(s, chunk)))  # type: ignore[misc]
        return found

    async def marks(self, limit: int, after: Cursor | None = None) -> Sequence[Mark]:
        return await self._database.read_newest(lambda s: _next_marks(s, limit, after))


def _placed(tops: Mapping[str, int], drawn: int) -> tuple[str, int]:
    """The kind, and the row number from 1, that a number over all tables stands for."""
    for kind, top in tops.items():
        if drawn < top:
            return kind, drawn + 1
        drawn -= top
    raise ValueError(f"{drawn} is more than there are rows")


def _distinct(total: int, random: Random) -> Iterator[int]:
    """Every number below ``total`` once, in random order, drawn as they are asked for."""
    seen = set[int]()
    while len(seen) < total:
        drawn = random.randrange(total)
        if drawn not in seen:
            seen.add(drawn)
            yield drawn


def _by_kind(items: Iterator[tuple[str, Item]]) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for kind, item in items:
        found.setdefault(kind, []).append(item)
    return found


def _numbered(session: RelationalSession, numbers: Mapping[str, Sequence[int]]) -> list[SourceState]:
    return [
        TABLES[kind].state(row)
        for kind, wanted in numbers.items()
        for row in session.rows(TABLES[kind].by_number, {"numbers": wanted})
    ]


def _states(session: RelationalSession, keys: Sequence[SourceKey]) -> list[SourceState]:
    """Each record is read with its outbox by one statement, hence from one snapshot."""
    found: dict[SourceKey, SourceState] = {}
    for kind, names in _by_kind((key.kind, key.key) for key in set(keys)).items():
        for row in session.rows(TABLES[kind].by_key, {"names": sorted(names)}):
            state = TABLES[kind].state(row)
            found[state.key] = state
    return [found.get(key) or SourceState(key, None, pending=False) for key in keys]


def _next_marks(session: RelationalSession, limit: int, after: Cursor | None) -> Sequence[Mark]:
    for kind, above in walk_from(after):
        rows = session.rows(TABLES[kind].marks, {"after": above, "most": limit})
        if rows:
            return [TABLES[kind].mark(row) for row in rows]
    return []
