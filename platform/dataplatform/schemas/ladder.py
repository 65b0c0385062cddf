"""Schema migrations: rung n brings ``user_version`` from n-1 to n, each in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from dataplatform.errors import SchemaError


def climb(connection: sqlite3.Connection, path: Path, rungs: Sequence[str]) -> int:
    """Bring the file to the newest version and return it. Safe to repeat; a rung that fails leaves no trace.

    Raises:
        SchemaError: the file was written by a newer program.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(rungs):
        raise SchemaError(
            path,
            f"its schema is version {version}, this program knows up to {len(rungs)}",
            "Use the newer program, or restore the backup made before it ran",
        )
    for number, rung in enumerate(rungs[version:], start=version + 1):
        try:
            connection.executescript(f"BEGIN IMMEDIATE;\n{rung}\nPRAGMA user_version = {number};\nCOMMIT;")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.rollback()
            raise
    return len(rungs)
