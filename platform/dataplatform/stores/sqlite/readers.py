"""Readers of a database file: a few threads with a connection each, and a bound on what may wait."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from credit.domain.errors import StoreUnavailable
from dataplatform.resilience.bulkhead import Bulkhead
from dataplatform.stores.sqlite.connection import open_reader
from dataplatform.stores.sqlite.failures import unavailable

T = TypeVar("T")


class ReaderPool:
    """Runs reads off the event loop; ``limit`` may be in progress or waiting."""

    def __init__(self, path: Path, store: str, threads: int = 2, limit: int = 512) -> None:
        self._path, self._store = path, store
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=f"read-{path.stem}")
        self._bulkhead = Bulkhead(store, "reads", limit)
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._closed = False

    @property
    def saturation(self) -> float:
        return self._bulkhead.saturation

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Raises StoreUnavailable: closed, too many reads in progress, or the database failed."""
        if self._closed:
            raise StoreUnavailable(self._store, "it is closed")
        with self._bulkhead:
            return await asyncio.get_running_loop().run_in_executor(self._executor, self._perform, work)

    async def close(self) -> None:
        await asyncio.to_thread(self.stop)

    def stop(self) -> None:
        """``close`` for callers without an event loop."""
        self._closed = True
        self._executor.shutdown()
        for connection in self._connections:
            connection.close()
        self._connections.clear()

    def _perform(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return work(self._connection())
        except sqlite3.Error as error:
            raise unavailable(self._store, self._path, error) from error

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = open_reader(self._path)
            self._connections.append(connection)
        return connection
