"""The router's store in SQLite: WAL, ``synchronous=FULL``, one writer at a time, several processes."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from alarms.model.errors import StoreBusy
from alarms.stores.sql_rows import NOTHING, Row, SqlSession, Values
from alarms.stores.sql_store import SqlRouterStore
from alarms.stores.sql_transaction import SqlTransaction
from foundation.sqlite_ladder import IN_MEMORY, look_at, open_to_write

RUNGS = (
    "schema.sql",
    "schema_rank.sql",
    "schema_sender.sql",
    "schema_relations.sql",
    "schema_tokens.sql",
    "schema_sources.sql",
    "schema_duty.sql",
)
SCHEMAS = tuple(Path(__file__).parent / name for name in RUNGS)
BUSY_SECONDS = 5.0


class Snapshots:
    """Reads what is committed; a failure is told in the store's own words."""

    def __init__(self, reading: Callable[[], AbstractContextManager[sqlite3.Connection]]) -> None:
        self._reading = reading

    def rows(self, query: str, values: Values = NOTHING) -> Sequence[Row]:
        try:
            with self._reading() as connection:
                return connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise StoreBusy(str(error)) from error


FAULTS_OF_OURS = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError)


@contextmanager
def trouble_told() -> Iterator[None]:
    """``StoreBusy`` for trouble of the file; a value that it cannot hold is a fault of whoever gave it."""
    try:
        yield
    except FAULTS_OF_OURS:
        raise
    except sqlite3.Error as error:
        raise StoreBusy(str(error)) from error


class SqliteSession:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, query: str, values: Values = NOTHING) -> Sequence[Row]:
        with trouble_told():
            return self._connection.execute(query, values).fetchall()

    def change(self, statement: str, values: Values = NOTHING) -> int:
        with trouble_told():
            return self._connection.execute(statement, values).rowcount

    def change_all(self, statement: str, values: Sequence[Values]) -> None:
        with trouble_told():
            self._connection.executemany(statement, values)


class SqliteRouterStore(SqlRouterStore):
    """Threads share one writing connection, one at a time; each thread reads through its own.

    In memory (for simulation and tests; it survives nothing) all take turns at one connection.

    Raises:
        UnusableFile: what is there is not a router's store, damaged, or newer; or, where it ``must_exist``,
            there is none.
        StoreBusy: when the disk is full, the file cannot be read, or another process keeps it too long.
    """

    or_else_leave_it = "ON CONFLICT (id) DO NOTHING"

    def __init__(self, path: Path = IN_MEMORY, *, must_exist: bool = False) -> None:
        super().__init__(Snapshots(self._whole if path == IN_MEMORY else self._reader))
        self._path = path
        self._lock = threading.RLock()
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        rungs = [schema.read_text(encoding="utf-8") for schema in SCHEMAS]
        if must_exist:
            look_at(path, rungs, must_exist=True)
        try:
            self._writer = open_to_write(path, rungs, busy_seconds=BUSY_SECONDS)
        except sqlite3.Error as error:
            raise StoreBusy(f"{path}: {error}") from error

    @contextmanager
    def transaction(self) -> Iterator[SqlTransaction]:
        with self.writing() as session:
            yield SqlTransaction(session, self.unreadable, self.kept_silences)

    @contextmanager
    def writing(self) -> Iterator[SqlSession]:
        with self._turn():
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                yield SqliteSession(self._writer)
                self._writer.execute("COMMIT")
            except sqlite3.Error as error:
                raise StoreBusy(str(error)) from error
            finally:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")

    def close(self) -> None:
        with self._lock:
            for connection in (*self._readers, self._writer):
                connection.close()
            self._readers.clear()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One thread at a time; a line that does not move is told so, too, or its last would wait for all."""
        if not self._lock.acquire(timeout=BUSY_SECONDS):
            raise StoreBusy("other threads of this process have been waiting for it")
        try:
            yield
        finally:
            self._lock.release()

    @contextmanager
    def _whole(self) -> Iterator[sqlite3.Connection]:
        with self._turn():
            yield self._writer

    @contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._connect()
            self._local.connection = connection
            self._readers.append(connection)  # without a turn: who reads waits for no writer
        yield connection

    def _connect(self) -> sqlite3.Connection:
        try:
            return sqlite3.connect(self._path, BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise StoreBusy(f"{self._path}: {error}") from error
