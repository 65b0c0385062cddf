"""One database file: its schema, its single writer and its readers."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextvars import copy_context
from pathlib import Path
from typing import TypeVar

from dataplatform.errors import DataDirectoryError, SchemaError
from dataplatform.stores.sqlite.connection import open_writer
from dataplatform.stores.sqlite.readers import ReaderPool
from dataplatform.stores.sqlite.writer import CommitWitness, GroupWriter
from foundation.sqlite_ladder import UnusableFile, climb, look_at

T = TypeVar("T")


class Database:
    """``write`` is one transaction, synced when it returns; ``read`` sees committed rows only."""

    def __init__(
        self,
        path: Path,
        store: str,
        rungs: Sequence[str],
        *,
        prepare: Callable[[sqlite3.Connection], None] | None = None,
        witness: CommitWitness | None = None,
        queue_limit: int = 1024,
        readers: int = 2,
    ) -> None:
        """``prepare`` runs once after the migrations, before anybody else.

        Raises:
            DataDirectoryError: the file cannot be made or written.
            SchemaError: the file is newer than this program, damaged, or no database.
        """
        connection = prepared(path, rungs, prepare)
        self.path, self.store = path, store
        self._writer = GroupWriter(path, store, connection, queue_limit=queue_limit, witness=witness)
        self._readers = ReaderPool(path, store, readers)

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """The writer's thread runs it in the caller's context: rows carry the trace of the caller."""
        context = copy_context()
        return await self._writer.submit(lambda connection: context.run(work, connection))

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await self._readers.run(work)

    @property
    def saturation(self) -> float:
        """The fuller of the writer's queue and the readers' bulkhead, 0 to 1."""
        return max(self._writer.saturation, self._readers.saturation)

    async def close(self) -> None:
        """Refuse new calls, finish what was accepted."""
        await self._readers.close()
        await self._writer.close()

    def stop(self) -> None:
        """``close`` for callers without an event loop."""
        self._readers.stop()
        self._writer.stop()


def prepared(
    path: Path, rungs: Sequence[str], prepare: Callable[[sqlite3.Connection], None] | None = None
) -> sqlite3.Connection:
    """A writing connection, its schema up to date. Raises as ``Database`` does."""
    connection: sqlite3.Connection | None = None
    try:
        look_at(path, rungs)
        connection = open_writer(path)
        climb(connection, path, rungs)
        if prepare is not None:
            prepare(connection)
    except (sqlite3.Error, SchemaError, UnusableFile) as error:
        if connection is not None:
            connection.close()
        if isinstance(error, sqlite3.Error):
            raise _unopenable(path, error) from error
        if isinstance(error, UnusableFile):
            raise SchemaError(path, error.problem, error.fix) from error
        raise
    return connection


def _unopenable(path: Path, error: sqlite3.Error) -> DataDirectoryError | SchemaError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return SchemaError(path, f"it is damaged or is not a database ({error})", "Restore it from a backup")
    if code == sqlite3.SQLITE_FULL:
        return DataDirectoryError(path, "the disk is full", "Free some space and start again")
    return DataDirectoryError(
        path, f"it cannot be opened for writing ({error})", "Check its owner, its permissions and the disk"
    )
