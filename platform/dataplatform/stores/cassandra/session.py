"""The one way to a Cassandra or Keyspaces: guarded, LOCAL_QUORUM, and never blocking the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from cassandra import ConsistencyLevel, DriverException
from cassandra.cluster import NoHostAvailable, ResponseFuture, Session
from cassandra.connection import ConnectionException
from cassandra.protocol import ErrorMessage
from cassandra.query import BatchStatement, BatchType, PreparedStatement

from credit.domain.errors import StoreUnavailable
from dataplatform.stores.cassandra import guard

FAILURES = (DriverException, NoHostAvailable, ConnectionException, ErrorMessage)
LEVEL = ConsistencyLevel.LOCAL_QUORUM
PAGE_ROWS = 500

Row = Mapping[str, Any]


class GuardedSession:
    """Statements are prepared once, by their text. Every failure is StoreUnavailable of the wide store."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._prepared: dict[str, PreparedStatement] = {}

    def run(self, cql: str) -> Sequence[Row]:
        """At once, blocking and unprepared: for the schema.

        Raises:
            CqlRefused: Keyspaces would not take it.
            StoreUnavailable: it failed.
        """
        _check(cql)
        try:
            return list(self._session.execute(cql))
        except FAILURES as failure:
            raise _unavailable(failure) from failure

    async def rows(self, cql: str, *values: object) -> list[Row]:
        """Every row of the answer, over all its pages."""
        return [row async for page in self.pages(cql, *values) for row in page]

    async def pages(self, cql: str, *values: object, page_rows: int = PAGE_ROWS) -> AsyncGenerator[list[Row]]:
        """The answer page by page; a page may be empty and not the last. The next is fetched when wanted."""
        bound = (await self._prepare(cql)).bind(values)
        bound.fetch_size = page_rows
        async for page in self._answers(bound):
            yield page

    async def applied(self, cql: str, *values: object) -> bool:
        """Whether the condition of a lightweight transaction held."""
        rows = await self.rows(cql, *values)
        return bool(rows[0]["[applied]"])

    async def together(self, cql: str, rows: Sequence[Sequence[object]]) -> None:
        """One statement for several rows of one partition (their first value), in an unlogged batch."""
        guard.check_batch([cql] * len(rows), [str(row[0]) for row in rows], logged=False)
        prepared = await self._prepare(cql)
        batch = BatchStatement(BatchType.UNLOGGED, consistency_level=LEVEL)
        for row in rows:
            batch.add(prepared, row)
        async for _ in self._answers(batch):
            pass

    async def _prepare(self, cql: str) -> PreparedStatement:
        if cql not in self._prepared:
            _check(cql)
            try:
                prepared = await asyncio.to_thread(self._session.prepare, cql)
            except FAILURES as failure:
                raise _unavailable(failure) from failure
            prepared.consistency_level = LEVEL
            self._prepared[cql] = prepared
        return self._prepared[cql]

    async def _answers(self, statement: object) -> AsyncGenerator[list[Row]]:
        try:
            response = self._session.execute_async(statement)
            pages = _Pages(response)
            while True:
                yield await pages.next()
                if not response.has_more_pages:
                    return
                response.start_fetching_next_page()
        except FAILURES as failure:
            raise _unavailable(failure) from failure


class _Pages:
    """Brings what the driver's thread answers into the event loop."""

    def __init__(self, response: ResponseFuture) -> None:
        self._loop = asyncio.get_running_loop()
        self._arrived: asyncio.Queue[list[Row] | BaseException] = asyncio.Queue()
        response.add_callbacks(self._hand_over, self._hand_over)

    async def next(self) -> list[Row]:
        answer = await self._arrived.get()
        if isinstance(answer, BaseException):
            raise answer
        return list(answer or ())

    def _hand_over(self, answer: list[Row] | BaseException) -> None:
        if not self._loop.is_closed():  # nobody waits any more
            self._loop.call_soon_threadsafe(self._arrived.put_nowait, answer)


def _check(cql: str) -> None:
    guard.check_statement(cql)
    guard.check_level(cql, LEVEL)


def _unavailable(failure: BaseException) -> StoreUnavailable:
    """The kind of failure only: the driver's texts name addresses."""
    return StoreUnavailable("wide", type(failure).__name__)
