"""Connections to one database file: the one that writes, and those that only read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from dataplatform.errors import DataDirectoryError
from foundation.paths import is_absent
from foundation.sqlite_ladder import connect_to_read, open_to_read

BUSY_SECONDS = 2.0


def open_writer(path: Path) -> sqlite3.Connection:
    """WAL, ``synchronous=FULL`` (every commit is synced before it returns), foreign keys. Autocommit mode:
    the caller says BEGIN, and knows that the file is ours."""
    connection = sqlite3.connect(
        path, BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """Of a file that is known to be ours: sees committed rows only and cannot write."""
    return connect_to_read(path, BUSY_SECONDS)


def nothing_yet(path: Path, what: str) -> DataDirectoryError:
    """Said of a file that the data side makes when it first runs."""
    problem = f"there is no {what} here yet"
    return DataDirectoryError(path, problem, "Check --data-dir, or start with `mirante up`")


@contextmanager
def reading(path: Path, rungs: Sequence[str], what: str) -> Iterator[sqlite3.Connection]:
    """One snapshot of a file of a data directory, beside a running server or without one.

    Raises:
        DataDirectoryError: there is no such file (``what`` it would be), or it cannot be read.
        UnusableFile: what is there is not ours, damaged, or newer.
    """
    if is_absent(path):
        raise nothing_yet(path, what)
    try:
        with closing(open_to_read(path, rungs, busy_seconds=BUSY_SECONDS)) as connection:
            connection.execute("BEGIN")
            yield connection
    except sqlite3.Error as error:
        problem = f"it cannot be read ({error})"
        raise DataDirectoryError(path, problem, "Check the path and the file") from error
