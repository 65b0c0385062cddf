"""Schemas of our SQLite files: rung n brings ``PRAGMA user_version`` from n-1 to n, each in one transaction.

A file that a newer version of Mirante wrote is refused, for reading too: what it means may have changed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from foundation.errors import MiranteError
from foundation.exit_status import ExitStatus


class NewerFile(MiranteError):
    """A file whose schema this version does not know. ``found`` and ``known`` are schema versions."""

    exit_status = ExitStatus.ENVIRONMENT

    def __init__(self, path: Path, found: int, known: int) -> None:
        self.path, self.found, self.known = path, found, known
        self.problem = f"its schema is version {found}, but this program knows versions up to {known}"
        self.fix = "Use the newer version of Mirante, or restore the backup taken before it ran"
        super().__init__(f"{path}: {self.problem}. {self.fix}")


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
