"""The audited record of exclusions: append-only, in SQLite, beside the ledger."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from slo.ledger.exclusions import Exclusion, ExclusionError, checked
from slo.ledger.sqlite_file import SqliteFile

SCHEMA = """
CREATE TABLE IF NOT EXISTS exclusions (
  id TEXT PRIMARY KEY,
  slo_pattern TEXT NOT NULL,
  start TEXT NOT NULL,
  stop TEXT NOT NULL,
  reason TEXT NOT NULL,
  requested_by TEXT NOT NULL,
  requested_at TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS withdrawals (
  id TEXT PRIMARY KEY REFERENCES exclusions (id),
  withdrawn_by TEXT NOT NULL,
  withdrawn_at TEXT NOT NULL
) STRICT;
CREATE TRIGGER IF NOT EXISTS exclusions_stay BEFORE UPDATE ON exclusions
  BEGIN SELECT RAISE(ABORT, 'exclusions are never changed'); END;
CREATE TRIGGER IF NOT EXISTS exclusions_are_kept BEFORE DELETE ON exclusions
  BEGIN SELECT RAISE(ABORT, 'exclusions are never deleted'); END;
CREATE TRIGGER IF NOT EXISTS withdrawals_stay BEFORE UPDATE ON withdrawals
  BEGIN SELECT RAISE(ABORT, 'withdrawals are never changed'); END;
CREATE TRIGGER IF NOT EXISTS withdrawals_are_kept BEFORE DELETE ON withdrawals
  BEGIN SELECT RAISE(ABORT, 'withdrawals are never deleted'); END;
"""
ALL = """
SELECT e.id, e.slo_pattern, e.start, e.stop, e.reason, e.requested_by, e.requested_at,
       w.withdrawn_at, w.withdrawn_by
FROM exclusions AS e LEFT JOIN withdrawals AS w ON w.id = e.id ORDER BY e.start, e.id
"""


class SqliteExclusionLog:
    """Safe to use from several threads; synced before it returns. ``read_only`` needs a file."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._file = SqliteFile("the exclusions in", path, [SCHEMA], read_only=read_only)

    def close(self) -> None:
        self._file.close()

    def request(self, exclusion: Exclusion) -> None:
        item = checked(exclusion)
        row = (
            item.exclusion_id,
            item.slo_pattern,
            _text(item.start),
            _text(item.end),
            item.reason,
            item.requested_by,
            _text(item.requested_at),
        )
        with self._file.lock, self._file.as_ledger_error():
            try:
                self._file.db.execute("INSERT INTO exclusions VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            except sqlite3.IntegrityError as error:
                raise ExclusionError(
                    f"exclusion_id: {item.exclusion_id} is already in use; choose another"
                ) from error

    def withdraw(self, exclusion_id: str, by: str, at: datetime) -> None:
        if not by.strip():
            raise ExclusionError("withdrawn_by: give the name of the person who asked for the withdrawal")
        with self._file.lock, self._file.as_ledger_error():
            known = self._file.db.execute("SELECT 1 FROM exclusions WHERE id = ?", (exclusion_id,)).fetchone()
            if known is None:
                raise ExclusionError(f"exclusion_id: there is no exclusion {exclusion_id}")
            try:
                self._file.db.execute(
                    "INSERT INTO withdrawals VALUES (?, ?, ?)", (exclusion_id, by, _text(at))
                )
            except sqlite3.IntegrityError as error:
                raise ExclusionError(f"exclusion_id: {exclusion_id} is already withdrawn") from error

    def all(self) -> Sequence[Exclusion]:
        with self._file.lock, self._file.as_ledger_error():
            rows = self._file.db.execute(ALL).fetchall()
        return [_exclusion(*row) for row in rows]


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat()


def _exclusion(
    exclusion_id: str,
    pattern: str,
    start: str,
    stop: str,
    reason: str,
    requested_by: str,
    requested_at: str,
    withdrawn_at: str | None,
    withdrawn_by: str | None,
) -> Exclusion:
    item = Exclusion(
        exclusion_id,
        pattern,
        datetime.fromisoformat(start),
        datetime.fromisoformat(stop),
        reason,
        requested_by,
        datetime.fromisoformat(requested_at),
    )
    if withdrawn_at is None or withdrawn_by is None:
        return item
    return item.withdrawn(withdrawn_by, datetime.fromisoformat(withdrawn_at))
