"""The single writer of a database file, with group commit.

Units of work queue up; the writer thread takes all that wait, runs each in its own savepoint and commits
them together with one sync. A unit that fails is rolled back alone. Nobody hears of success before the
commit (and its witness) are on disk.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from credit.domain.errors import StoreUnavailable
from dataplatform.stores.sqlite.connection import open_writer
from dataplatform.stores.sqlite.failures import unavailable

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

logger = logging.getLogger(__name__)


class CommitWitness(Protocol):
    """Keeps something outside the database in step with what was committed."""

    def before_commit(self, connection: sqlite3.Connection) -> None:
        """Raises OSError: the group is rolled back, nothing was written."""
        ...

    def after_commit(self, connection: sqlite3.Connection) -> None:
        """Raises OSError: the group is committed, but the callers cannot be told that it succeeded."""
        ...


@dataclass(slots=True)
class _Unit:
    work: Work[Any]
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    result: Any = None
    error: BaseException | None = None


class _GroupLost(Exception):
    """SQLite gave up the whole transaction, not one statement."""

    def __init__(self, cause: sqlite3.Error) -> None:
        self.cause = cause


class GroupWriter:
    """Owns the file's only writing connection and the thread that uses it.

    ``queue_limit`` units may wait; one more is refused with StoreUnavailable. Up to ``group_limit`` units
    share a commit.
    """

    def __init__(
        self,
        path: Path,
        store: str,
        connection: sqlite3.Connection,
        *,
        queue_limit: int = 1024,
        group_limit: int = 256,
        witness: CommitWitness | None = None,
    ) -> None:
        self._path, self._store = path, store
        self._connection: sqlite3.Connection | None = connection
        self._queue_limit, self._group_limit = queue_limit, group_limit
        self._witness = witness
        self._waiting: deque[_Unit] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=f"write-{path.stem}", daemon=True)
        self._thread.start()

    @property
    def saturation(self) -> float:
        """Units waiting over units that may wait."""
        return len(self._waiting) / self._queue_limit

    async def submit(self, work: Work[T]) -> T:
        """Run the unit in the next group and return what it returned, once it is on disk.

        Raises:
            StoreUnavailable: refused, or the database failed; the unit left nothing behind.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        with self._wake:
            if self._closing:
                raise StoreUnavailable(self._store, "it is closed")
            if len(self._waiting) >= self._queue_limit:
                raise StoreUnavailable(self._store, f"{self._queue_limit} writes are already waiting")
            self._waiting.append(_Unit(work, future, loop))
            self._wake.notify()
        return await future

    async def close(self) -> None:
        """Refuse new work, finish what was accepted, fold the log into the file, close."""
        await asyncio.to_thread(self.stop)

    def stop(self) -> None:
        """``close`` for callers without an event loop; blocks until the queue is drained."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        while group := self._take():
            self._commit(group)
            _settle(group)
        if self._connection is not None:
            try:
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            except sqlite3.Error as error:
                logger.warning("%s: the log stays beside the file: %s", self._path, error)
            self._connection.close()

    def _take(self) -> list[_Unit]:
        """Everything that waits, up to the limit; empty when closing and drained."""
        with self._wake:
            while not self._waiting and not self._closing:
                self._wake.wait()
            count = min(len(self._waiting), self._group_limit)
            return [self._waiting.popleft() for _ in range(count)]

    def _commit(self, group: Sequence[_Unit]) -> None:
        try:
            self._attempt(group)
        except _GroupLost as lost:
            self._fail(group, unavailable(self._store, self._path, lost.cause))
        except sqlite3.Error as error:
            self._fail(group, unavailable(self._store, self._path, error))
        except OSError as error:
            self._fail(group, StoreUnavailable(self._store, f"the audit anchor failed: {error.strerror}"))
        except Exception as error:
            logger.exception("%s: the writer met an error of its own", self._path)
            self._fail(group, StoreUnavailable(self._store, f"internal error: {type(error).__name__}"))

    def _attempt(self, group: Sequence[_Unit]) -> None:
        connection = self._open()
        connection.execute("BEGIN IMMEDIATE")
        for unit in group:
            if not unit.future.cancelled():
                self._perform(connection, unit)
        if self._witness is not None:
            self._witness.before_commit(connection)
        connection.execute("COMMIT")
        if self._witness is not None:
            self._witness.after_commit(connection)

    def _perform(self, connection: sqlite3.Connection, unit: _Unit) -> None:
        connection.execute("SAVEPOINT unit")
        try:
            unit.result = unit.work(connection)
        except sqlite3.Error as error:
            if not connection.in_transaction:
                raise _GroupLost(error) from error
            unit.error = unavailable(self._store, self._path, error)
        except Exception as error:  # noqa: BLE001 - handed to the caller as it is, by its future
            unit.error = error
        if unit.error is not None:
            connection.execute("ROLLBACK TO unit")
        connection.execute("RELEASE unit")

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = open_writer(self._path)
        return self._connection

    def _fail(self, group: Sequence[_Unit], error: StoreUnavailable) -> None:
        """Nothing of the group stands. The connection is made anew: a failed sync leaves it in doubt."""
        logger.error("%s: a group of %d writes failed: %s", self._path, len(group), error)
        for unit in group:
            unit.error = error
        broken, self._connection = self._connection, None
        if broken is not None:
            try:
                broken.close()
            except sqlite3.Error as closing:
                logger.warning("%s: closing after a failure: %s", self._path, closing)


def _settle(group: Sequence[_Unit]) -> None:
    """Wake the callers, one call into each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Unit]] = {}
    for unit in group:
        by_loop.setdefault(unit.loop, []).append(unit)
    for loop, units in by_loop.items():
        try:
            loop.call_soon_threadsafe(_resolve, units)
        except RuntimeError:
            logger.info("%d writes finished after their event loop had closed", len(units))


def _resolve(units: Sequence[_Unit]) -> None:
    for unit in units:
        if unit.future.done():
            continue
        if unit.error is None:
            unit.future.set_result(unit.result)
        else:
            unit.future.set_exception(unit.error)
