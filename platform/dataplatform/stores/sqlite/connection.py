"""Connections to one database file: the one that writes, and those that only read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from dataplatform.errors import DataDirectoryError
from foundation.sqlite_ladder import refuse_newer

_BUSY_MILLISECONDS = 2_000


def open_writer(path: Path) -> sqlite3.Connection:
    """WAL, ``synchronous=FULL`` (every commit is synced before it returns), foreign keys. Autocommit mode:
    the caller says BEGIN."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def open_reader(path: Path, rungs: Sequence[str] | None = None) -> sqlite3.Connection:
    """Sees committed rows only and cannot write. ``rungs``: the schema that the caller knows.

    Raises:
        NewerFile: the file has rungs beyond them.
    """
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
    )
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
    connection.execute("PRAGMA query_only = ON")
    if rungs is not None:
        try:
            refuse_newer(connection, path, len(rungs))
        except BaseException:
            connection.close()
            raise
    return connection


def nothing_yet(path: Path, what: str) -> DataDirectoryError:
    """Said of a file that the data side makes when it first runs."""
    problem = f"there is no {what} here yet"
    return DataDirectoryError(path, problem, "Check --data-dir, or start with `mirante up`")


@contextmanager
def reading(path: Path, rungs: Sequence[str], what: str) -> Iterator[sqlite3.Connection]:
    """One snapshot of a file of a data directory, beside a running server or without one.

    Raises:
        DataDirectoryError: there is no such file (``what`` it would be), or it cannot be read.
        NewerFile: as ``open_reader``.
    """
    if not path.is_file():
        raise nothing_yet(path, what)
    try:
        with closing(open_reader(path, rungs)) as connection:
            connection.execute("BEGIN")
            yield connection
    except sqlite3.Error as error:
        problem = f"it cannot be read ({error})"
        raise DataDirectoryError(path, problem, "Check the path and the file") from error
