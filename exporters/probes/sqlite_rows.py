"""How many rows wait in a table of another process's database, over a limit. Read-only."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path


class SqliteRows:
    """``query`` returns one number. The file is opened read-only: this probe can create or lock nothing."""

    def __init__(self, component: str, resource: str, database: Path, query: str, limit: int) -> None:
        if limit <= 0:
            raise ValueError(f"the limit of {component} {resource} is {limit}: expected a positive count")
        self.component = component
        self.resource = resource
        self._database = database
        self._query = query
        self._limit = limit

    def measure(self) -> float | None:
        address = f"{self._database.absolute().as_uri()}?mode=ro"
        try:
            with closing(sqlite3.connect(address, uri=True, timeout=1.0)) as connection:
                (rows,) = connection.execute(self._query).fetchone()
        except sqlite3.Error as error:
            raise OSError(f"{self._database}: {error}") from error
        return None if rows is None else float(rows) / self._limit
