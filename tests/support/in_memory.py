"""The embedded stores without a file: their own statements on SQLite in memory, at once and in one thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import cache
from typing import Generic, TypeVar

from dataplatform.schemas import projections, relational, stream
from dataplatform.stores.memory_cache import MemoryCache
from dataplatform.stores.relational.processing_log import SqlProcessingLog
from dataplatform.stores.relational.store import RelationalStore
from dataplatform.stores.sqlite.checkpoints import SqliteCheckpoints
from dataplatform.stores.sqlite.database import Database
from dataplatform.stores.sqlite.hot import SqliteHotStore
from dataplatform.stores.sqlite.letter_box import SqliteLetterBox
from dataplatform.stores.sqlite.relational import SqliteRelational
from dataplatform.stores.sqlite.stream import SqliteStream
from dataplatform.stores.sqlite.wide import SqliteWideStore
from foundation.clock import Clock

T = TypeVar("T")
AnyClock = TypeVar("AnyClock", bound=Clock)
RUNGS = (*relational.RUNGS, *projections.HOT_RUNGS, *projections.WIDE_RUNGS, *stream.RUNGS)


@cache
def empty() -> sqlite3.Connection:
    """Every table of the data platform; copied, because to make them takes ten times as long."""
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.executescript("".join(RUNGS))
    return connection


class InlineDatabase(Database):
    """A unit of work is done when it is called: it never waits, and nothing comes in between."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        empty().backup(self.connection)

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        self.connection.execute("SAVEPOINT unit")
        try:
            result = work(self.connection)
        except BaseException:
            self.connection.execute("ROLLBACK TO unit")
            raise
        finally:
            self.connection.execute("RELEASE unit")
        return result

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return work(self.connection)

    async def close(self) -> None:
        self.connection.close()


class InMemory(Generic[AnyClock]):
    """Every port of the embedded profile, on one clock."""

    def __init__(self, clock: AnyClock, cache_entries: int = 10_000) -> None:
        self.clock, self.database = clock, InlineDatabase()
        self.tables = SqliteRelational(self.database)
        self.relational = RelationalStore(self.tables, clock)
        self.hot = SqliteHotStore(self.database, clock)
        self.wide = SqliteWideStore(self.database, clock)
        self.cache = MemoryCache(clock, max_entries=cache_entries)
        self.stream = SqliteStream(self.database, clock)
        self.log = SqlProcessingLog(self.tables)
        self.checkpoints = SqliteCheckpoints(self.database)
        self.letters = SqliteLetterBox(self.database)

    def run(self, *statements: str) -> list[tuple[object, ...]]:
        """Whatever SQL, on the tables of every port; the rows of the last."""
        return [self.database.connection.execute(statement).fetchall() for statement in statements][-1]
