"""A SQLite file of ours: in WAL mode, its schema brought up to date, used by several threads at once."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from foundation.sqlite_ladder import open_to_read, open_to_write
from slo.model.errors import LedgerError

BUSY_SECONDS = 30.0
_FIXS = {
    sqlite3.SQLITE_FULL: "free some space",
    sqlite3.SQLITE_READONLY: "make the file and its folder writable",
    sqlite3.SQLITE_CANTOPEN: "check that the folder exists and that this user may write to it",
    sqlite3.SQLITE_BUSY: "another process is using it; stop that process or wait for it",
    sqlite3.SQLITE_CORRUPT: "restore it from a backup",
    sqlite3.SQLITE_NOTADB: "restore it from a backup",
}


class SqliteFile:
    """``what`` it is, for errors: ``the ledger``. ``caches`` are emptied when a transaction is taken back.

    Every error of SQLite becomes a ``LedgerError`` that says what can be done; a file that is not this one,
    is damaged or newer is an ``UnusableFile``, and is not changed.
    """

    def __init__(
        self,
        what: str,
        path: Path,
        rungs: Sequence[str],
        *,
        read_only: bool = False,
        synchronous: str = "FULL",
        caches: Sequence[dict[Any, int]] = (),
    ) -> None:
        self._what, self._path, self._caches = what, path, caches
        self.lock = threading.RLock()
        if not read_only:
            self._make_folder()
        with self.as_ledger_error():
            self.db = (
                open_to_read(path, rungs, busy_seconds=BUSY_SECONDS)
                if read_only
                else open_to_write(path, rungs, busy_seconds=BUSY_SECONDS, synchronous=synchronous)
            )

    def close(self) -> None:
        with self.lock:
            self.db.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One snapshot, so that everything read belongs together."""
        with self.lock, self.as_ledger_error():
            self.db.execute("BEGIN")
            try:
                yield self.db
            finally:
                self.db.execute("ROLLBACK")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing. Whoever rolls back by hand has nothing committed."""
        with self.lock, self.as_ledger_error():
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield self.db
                if self.db.in_transaction:
                    self.db.execute("COMMIT")
            except BaseException:
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")
                for cache in self._caches:
                    cache.clear()
                raise

    @contextmanager
    def as_ledger_error(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise LedgerError(f"{self._what} {self._path} cannot be used: {with_fix(error)}") from error

    def _make_folder(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LedgerError(
                f"the folder of {self._what} {self._path} cannot be created: {error}"
            ) from error


def with_fix(error: Exception) -> str:
    """The error's own words, and the fix where there is one."""
    fix = _FIXS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
    return str(error) if fix is None else f"{error}; {fix}"
