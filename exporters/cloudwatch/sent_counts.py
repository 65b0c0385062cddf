"""What CloudWatch was sent of each minute of each objective, on file before it is sent.

A row with ``pending`` counts is on its way: it was written before the call, and its end is not known yet. One
without any counts is owed: its call failed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from slo.ledger.sqlite_file import SqliteFile

SCHEMA = """
CREATE TABLE IF NOT EXISTS sent_counts (
  slo TEXT NOT NULL,
  objective TEXT NOT NULL,
  minute INTEGER NOT NULL,
  good INTEGER,
  total INTEGER,
  pending_good INTEGER,
  pending_total INTEGER,
  pending_since INTEGER,
  PRIMARY KEY (slo, objective, minute)
) STRICT, WITHOUT ROWID;
"""
REACHED = """
SELECT COALESCE(MIN(CASE WHEN total IS NULL OR pending_since IS NOT NULL THEN minute END), MAX(minute))
FROM sent_counts WHERE slo = ? AND objective = ?
"""
_AT = "slo = ? AND objective = ? AND minute = ?"
BEGIN = """
INSERT INTO sent_counts (slo, objective, minute, pending_good, pending_total, pending_since)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET pending_good = excluded.pending_good, pending_total = excluded.pending_total,
  pending_since = excluded.pending_since
WHERE pending_since IS NULL AND good IS ? AND total IS ?
"""
SETTLE = f"""
UPDATE sent_counts SET good = ?, total = ?, pending_good = NULL, pending_total = NULL, pending_since = NULL
WHERE {_AT} AND pending_since IS NOT NULL
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class SentMinute:
    """Counts are what CloudWatch holds for the minute: the sum of everything it was sent for it."""

    slo: str
    objective: str
    minute: datetime
    good: int
    total: int


@dataclass(frozen=True, slots=True)
class MinuteChange:
    """What CloudWatch holds of a minute (None: nothing yet), and what it should hold."""

    before: SentMinute | None
    after: SentMinute


class SentCounts:
    """Safe to use from several threads; synced before it returns."""

    def __init__(self, path: Path) -> None:
        """Raises LedgerError: it cannot be opened."""
        self._file = SqliteFile("the record of sent counts", path, [SCHEMA])

    def close(self) -> None:
        self._file.close()

    def since(self, slo: str, objective: str, since: datetime) -> Mapping[datetime, SentMinute | None]:
        """Minutes that were sent, or (None) whose sending has not ended, from ``since`` on."""
        rows = self._all(
            "SELECT minute, good, total, pending_since FROM sent_counts "
            "WHERE slo = ? AND objective = ? AND minute >= ? "
            "AND (pending_since IS NOT NULL OR total IS NOT NULL)",
            (slo, objective, _number(since)),
        )
        return {
            _time(minute): None
            if pending is not None
            else SentMinute(slo, objective, _time(minute), good, total)
            for minute, good, total, pending in rows
        }

    def reached(self, slo: str, objective: str) -> datetime | None:
        """The last minute that was begun; the first one that is owed or on its way, if there is any."""
        rows = self._all(REACHED, (slo, objective))
        return None if rows[0][0] is None else _time(rows[0][0])

    def begin(self, changes: Sequence[MinuteChange], now: datetime) -> bool:
        """Put on file what is about to be sent; False when another process went ahead with one of them."""
        with self._file.transaction() as db:
            for change in changes:
                one, was = change.after, change.before
                row = (one.slo, one.objective, _number(one.minute), one.good, one.total, _number(now))
                known = (None, None) if was is None else (was.good, was.total)
                if db.execute(BEGIN, (*row, *known)).rowcount == 0:
                    db.execute("ROLLBACK")
                    return False
        return True

    def settle(self, minutes: Iterable[SentMinute]) -> None:
        """CloudWatch has these counts, for minutes that were on their way."""
        with self._file.transaction() as db:
            for one in minutes:
                db.execute(SETTLE, (one.good, one.total, one.slo, one.objective, _number(one.minute)))

    def cancel(self, minutes: Iterable[SentMinute]) -> None:
        """Nothing of these arrived: what was sent before stands."""
        with self._file.transaction() as db:
            for one in minutes:
                db.execute(
                    "UPDATE sent_counts SET pending_good = NULL, pending_total = NULL, pending_since = NULL "  # noqa: S608
                    f"WHERE {_AT}",
                    (one.slo, one.objective, _number(one.minute)),
                )

    def unsettled(self, begun_before: datetime) -> Sequence[SentMinute]:
        """On their way since before then, with the counts CloudWatch has if they arrived."""
        rows = self._all(
            "SELECT slo, objective, minute, pending_good, pending_total FROM sent_counts "
            "WHERE pending_since <= ? ORDER BY slo, objective, minute",
            (_number(begun_before),),
        )
        return [
            SentMinute(slo, objective, _time(minute), *counts) for slo, objective, minute, *counts in rows
        ]

    def forget_before(self, minute: datetime) -> None:
        with self._file.transaction() as db:
            db.execute("DELETE FROM sent_counts WHERE minute < ?", (_number(minute),))

    def _all(self, statement: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._file.reading() as db:
            return db.execute(statement, values).fetchall()


def _number(at: datetime) -> int:
    return int(at.timestamp())


def _time(number: int) -> datetime:
    return datetime.fromtimestamp(number, UTC)
