"""The source of truth as a side of the comparison: uniform samples, and a record with its outbox at once.

Always read at the writer: a replica that lags would tell of differences that are none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from random import Random

from sqlalchemy import Connection, bindparam, text

from dataplatform.consistency.marks import Cursor, Mark, marked_tables, walk_from
from dataplatform.consistency.sides import SourceKey, SourceState
from dataplatform.stores.mysql.database import MysqlDatabase
from dataplatform.stores.source_tables import SOURCE_TABLES, SourceTable, placed

_CHUNK = 500


class Statements:
    """What reads one table. A row is its key, whether its outbox is pending, then the table's columns."""

    def __init__(self, source: SourceTable) -> None:
        kind, table, key = source.kind, source.table, source.key
        pending = f"EXISTS (SELECT 1 FROM outbox AS o WHERE o.kind = '{kind}' AND o.record_key = t.{key})"  # noqa: S608 - constants
        select = f"SELECT t.{key}, {pending}, {source.columns} FROM {table} AS t WHERE"  # noqa: S608 - constants
        self.highest = text(f"SELECT coalesce(max(row_id), 0) FROM {table}")  # noqa: S608 - constants
        self.count = text(f"SELECT count(*) FROM {table}")  # noqa: S608 - constants
        self.by_number = text(f"{select} t.row_id IN :numbers").bindparams(
            bindparam("numbers", expanding=True)
        )
        self.by_key = text(f"{select} t.{key} IN :names").bindparams(bindparam("names", expanding=True))


STATEMENTS = {kind: Statements(source) for kind, source in SOURCE_TABLES.items()}
_MARKED = marked_tables("decision_date")
_MARKS = {
    kind: text(
        f"SELECT row_id, {table.columns} FROM {table.table} "  # noqa: S608 - constants
        "WHERE row_id > :after ORDER BY row_id LIMIT :most"
    )
    for kind, table in _MARKED.items()
}


def _next_marks(connection: Connection, limit: int, after: Cursor | None) -> Sequence[Mark]:
    for kind, number in walk_from(after):
        rows = connection.execute(_MARKS[kind], {"after": number, "most": limit}).all()
        if rows:
            return [_MARKED[kind].mark(row) for row in rows]
    return []


class MysqlComparisonSource:
    def __init__(self, database: MysqlDatabase) -> None:
        self._database = database

    async def population(self) -> int:
        return await self._database.read_newest(
            lambda c: sum(int(c.execute(table.count).scalar_one()) for table in STATEMENTS.values())
        )

    async def sample(self, count: int, random: Random) -> Sequence[SourceState]:
        """Numbers are drawn over all tables at once, until enough of them have a row: rolled back inserts
        leave gaps."""
        tops = await self._database.read_newest(_tops)
        total = sum(tops.values())
        drawn = iter(range(total)) if total <= count else _distinct(total, random)
        states: list[SourceState] = []
        while batch := list(islice(drawn, min(_CHUNK, count - len(states)))):
            states.extend(await self._numbered(tops, batch))
        return states

    async def states(self, keys: Sequence[SourceKey]) -> Sequence[SourceState]:
        found: list[SourceState] = []
        for start in range(0, len(keys), _CHUNK):
            chunk = keys[start : start + _CHUNK]
            found.extend(await self._database.read_newest(lambda c, chunk=chunk: _states(c, chunk)))  # type: ignore[misc]
        return found

    async def marks(self, limit: int, after: Cursor | None = None) -> Sequence[Mark]:
        return await self._database.read_newest(lambda c: _next_marks(c, limit, after))

    async def _numbered(self, tops: dict[str, int], drawn: Sequence[int]) -> list[SourceState]:
        numbers: dict[str, list[int]] = {kind: [] for kind in tops}
        for number in drawn:
            kind, row = placed(tops, number)
            numbers[kind].append(row)

        def work(connection: Connection) -> list[SourceState]:
            return [
                SOURCE_TABLES[kind].state(row)
                for kind, wanted in numbers.items()
                if wanted
                for row in connection.execute(STATEMENTS[kind].by_number, {"numbers": wanted})
            ]

        return await self._database.read_newest(work)


def _tops(connection: Connection) -> dict[str, int]:
    return {kind: int(connection.execute(table.highest).scalar_one()) for kind, table in STATEMENTS.items()}


def _distinct(total: int, random: Random) -> Iterator[int]:
    """Every number below ``total`` once, in random order, drawn as they are asked for."""
    seen = set[int]()
    while len(seen) < total:
        number = random.randrange(total)
        if number not in seen:
            seen.add(number)
            yield number


def _states(connection: Connection, keys: Sequence[SourceKey]) -> list[SourceState]:
    """Each record is read with its outbox by one statement, hence from one snapshot."""
    found: dict[SourceKey, SourceState] = {}
    for kind in {key.kind for key in keys}:
        names = sorted({key.key for key in keys if key.kind == kind})
        for row in connection.execute(STATEMENTS[kind].by_key, {"names": names}):
            state = SOURCE_TABLES[kind].state(row)
            found[state.key] = state
    return [found.get(key) or SourceState(key, None, pending=False) for key in keys]
