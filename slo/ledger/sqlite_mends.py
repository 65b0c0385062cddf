"""What a person can do about an error of SQLite."""

from __future__ import annotations

import sqlite3

_MENDS = {
    sqlite3.SQLITE_FULL: "free some space",
    sqlite3.SQLITE_READONLY: "make the file and its folder writable",
    sqlite3.SQLITE_CANTOPEN: "check that the folder exists and who may write in it",
    sqlite3.SQLITE_BUSY: "another process holds it; end that one, or wait for it",
    sqlite3.SQLITE_CORRUPT: "restore it from a backup",
    sqlite3.SQLITE_NOTADB: "restore it from a backup",
}


def with_mend(error: Exception) -> str:
    """The error's own words, and the mend where there is one."""
    mend = _MENDS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
    return str(error) if mend is None else f"{error}; {mend}"
