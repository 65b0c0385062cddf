"""The one door to our SQLite files, and their schemas: rung n brings ``PRAGMA user_version`` from n-1 to n,
each in one transaction.

A file is looked at before it is opened for writing: one that is not ours, is damaged, or was written by a
newer version of Mirante is refused with its bytes as they were; for reading too, for its meaning may differ.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import lru_cache
from pathlib import Path

from foundation.errors import MiranteError
from foundation.exit_status import ExitStatus
from foundation.paths import is_absent

IN_MEMORY = Path(":memory:")
RESTORE = "Restore it from a backup, or move it away"
_HARMED = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"


class UnusableFile(MiranteError):
    """A file that is not one of ours, or not whole. It has not been changed."""

    exit_status = ExitStatus.ENVIRONMENT

    def __init__(self, path: Path, problem: str, fix: str = RESTORE) -> None:
        self.path, self.problem, self.fix = path, problem, fix
        super().__init__(f"{path}: {problem}. {fix}")


class NewerFile(UnusableFile):
    """A file whose schema this version does not know. ``found`` and ``known`` are schema versions."""

    def __init__(self, path: Path, found: int, known: int) -> None:
        self.found, self.known = found, known
        super().__init__(
            path,
            f"its schema is version {found}, but this program knows versions up to {known}",
            "Use the newer version of Mirante, or restore the backup taken before it ran",
        )


def open_to_write(
    path: Path, rungs: Sequence[str], *, busy_seconds: float, synchronous: str = "FULL"
) -> sqlite3.Connection:
    """Our file, made where there is none, its schema brought up to date: WAL, autocommit, several threads.

    Raises:
        UnusableFile: what is there is not ours, damaged, or newer.
        sqlite3.Error: it cannot be opened or written.
    """
    look_at(path, rungs)
    connection = sqlite3.connect(path, busy_seconds, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        climb(connection, path, rungs)
    except BaseException:
        connection.close()
        raise
    return connection


def open_to_read(path: Path, rungs: Sequence[str], *, busy_seconds: float) -> sqlite3.Connection:
    """Our file, which has to be there; the connection cannot write.

    Raises:
        UnusableFile: there is none, or it is empty, not ours, damaged, or newer.
        sqlite3.Error: it cannot be opened.
    """
    look_at(path, rungs, must_exist=True)
    return connect_to_read(path, busy_seconds)


def connect_to_read(path: Path, busy_seconds: float) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?mode=ro"
    return sqlite3.connect(address, busy_seconds, isolation_level=None, check_same_thread=False, uri=True)


def look_at(path: Path, rungs: Sequence[str], *, must_exist: bool = False) -> None:
    """Refuse a file that is not ours, without changing it. Nothing, or an empty file, is the beginning of
    ours, unless it ``must_exist``. What else keeps it from being opened is told by who opens it.

    Raises:
        UnusableFile: as it says.
    """
    if path == IN_MEMORY:
        return
    if path.is_dir():
        raise UnusableFile(path, "it is a folder, and a database file was expected", "Move it away")
    if not is_absent(path) and not path.is_file():
        raise UnusableFile(path, "it is a link to nothing, a pipe or a device, not a file", "Move it away")
    if not path.exists():
        if must_exist:
            raise UnusableFile(path, "there is no such file", "Check --data-dir, or start with `mirante up`")
        return
    try:
        with closing(connect_to_read(path, 30)) as connection:
            version = refuse_newer(connection, path, len(rungs))
            tables = {name for (name,) in connection.execute(_TABLES)}
    except sqlite3.Error as error:
        if (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _HARMED:
            raise UnusableFile(path, f"it is damaged or is not a database ({error})") from error
        if must_exist:
            raise
        return
    if not tables and not version:
        if must_exist:
            raise UnusableFile(path, "it is empty")
    elif not _are_ours(tables, version, tuple(rungs)):
        raise UnusableFile(path, "it is a database of another program, or parts of ours are missing in it")


def _are_ours(tables: set[str], version: int, rungs: tuple[str, ...]) -> bool:
    """Those of its version; before versions were kept, some of the first may do."""
    if version < 0:
        return False
    expected = _tables_of(rungs[: max(version, 1)])
    return expected <= tables or (version == 0 and tables <= expected)


@lru_cache(maxsize=32)
def _tables_of(rungs: tuple[str, ...]) -> frozenset[str]:
    with closing(sqlite3.connect(IN_MEMORY)) as connection:
        for rung in rungs:
            connection.executescript(rung)
        return frozenset(name for (name,) in connection.execute(_TABLES))


def refuse_newer(connection: sqlite3.Connection, path: Path, known: int) -> int:
    """The file's version; 0 for one without a schema, or made before versions were kept.

    Raises:
        NewerFile: it is above ``known``.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > known:
        raise NewerFile(path, version, known)
    return version


def climb(connection: sqlite3.Connection, path: Path, rungs: Sequence[str]) -> int:
    """Bring the file to the newest version and return it. Several processes may climb at once; a rung that
    fails leaves no trace. The connection is in autocommit (``isolation_level=None``).

    Raises:
        NewerFile: the file was written by a newer program.
    """
    while (version := refuse_newer(connection, path, len(rungs))) < len(rungs):
        connection.execute("BEGIN IMMEDIATE")
        try:
            if refuse_newer(connection, path, len(rungs)) == version:  # nobody else took this rung meanwhile
                for statement in _statements(rungs[version]):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {version + 1}")
            connection.execute("COMMIT")
        except (sqlite3.Error, NewerFile):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    return len(rungs)


def _statements(script: str) -> Iterator[str]:
    """One at a time: ``executescript`` would commit what is open."""
    statement = ""
    for piece in script.split(";"):
        statement += f"{piece};"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
