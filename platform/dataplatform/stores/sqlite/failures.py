"""What an SQLite error means to the caller: which store, what happened, how to fix it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from credit.domain.errors import StoreUnavailable

_MEANINGS: dict[int, str] = {
    sqlite3.SQLITE_FULL: "the disk is full; free some space",
    sqlite3.SQLITE_READONLY: "the database file is read-only; give this user write permission",
    sqlite3.SQLITE_BUSY: "another process is using the database; stop it or wait",
    sqlite3.SQLITE_LOCKED: "a table is locked by another connection; try again",
    sqlite3.SQLITE_CORRUPT: "the database file is damaged; restore it from a backup",
    sqlite3.SQLITE_NOTADB: "the file is not a database; restore it from a backup",
    sqlite3.SQLITE_IOERR: "reading or writing the disk failed; check the disk and the system log",
    sqlite3.SQLITE_CANTOPEN: "the database file cannot be opened; check its directory and permissions",
    sqlite3.SQLITE_PERM: "permission denied on the database file; check its owner and permissions",
    sqlite3.SQLITE_NOMEM: "the machine is out of memory",
    sqlite3.SQLITE_INTERRUPT: "the call was interrupted; try again",
}


def unavailable(store: str, path: Path, error: sqlite3.Error) -> StoreUnavailable:
    """The same failure in the caller's terms; the path stays in the log, never in an answer."""
    code = getattr(error, "sqlite_errorcode", None)
    meaning = _MEANINGS.get(code & 0xFF) if isinstance(code, int) else None
    return StoreUnavailable(store, meaning or f"{path.name} answered {error}")
