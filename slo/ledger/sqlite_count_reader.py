"""Reading count journals from outside the process that writes them, without ever blocking it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from foundation.paths import is_absent
from foundation.sqlite_ladder import NewerFile, UnusableFile, connect_to_read, look_at
from slo.ledger.ledger import epoch_minute, from_epoch_minute
from slo.ledger.minute_counts import MinuteCount, fill_single_gaps
from slo.ledger.sqlite_counts import RUNGS, kernel_boot_id
from slo.ledger.sqlite_file import BUSY_SECONDS
from slo.model.errors import LedgerError
from slo.model.periods import MINUTE, floor_minute

LOST_MINUTES = 2  # a heartbeat is due every minute: what a crash loses began at most this long before it
PEAK_MINUTES = 60

READ = """
SELECT c.minute, r.source, k.name, k.labels, c.value
FROM counts AS c JOIN runs AS r ON r.id = c.run JOIN counters AS k ON k.id = c.counter
WHERE c.minute >= ? AND c.minute < ? ORDER BY c.minute, r.id, k.id
"""
# Runs that neither ended cleanly nor belong to this start of the host: their last minutes are uncertain.
CRASHED = "SELECT id, source, synced FROM runs WHERE closed = 0 AND kernel_boot <> ?"
PEAKS = """
SELECT k.name, k.labels, MAX(c.value) FROM counts AS c JOIN counters AS k ON k.id = c.counter
WHERE c.run = ? AND c.minute >= ? GROUP BY k.id
"""


class SqliteCountReader:
    """Journals of several processes as one. A file that does not exist yet counts as no data.

    After a crash of the host the minutes that had not been synced are read with an ``error_bound``: the
    busiest minute of that counter in the last hour. It holds unless traffic more than doubled just then.
    """

    def __init__(self, paths: Sequence[Path], boot_id: str | None = None) -> None:
        self._paths = tuple(paths)
        self._boot_id = kernel_boot_id() if boot_id is None else boot_id

    def read(self, since: datetime, until: datetime) -> Sequence[MinuteCount]:
        low, high = _bounds(since, until)
        found: list[MinuteCount] = []
        for db in self._journals():
            counts = [_count(*row) for row in db.execute(READ, (low, high))]
            found += _flagged(counts, _uncertain(db, self._boot_id, low, high))
        return found

    def alive(self, since: datetime, until: datetime) -> Mapping[str, Sequence[datetime]]:
        low, high = _bounds(since, until)
        marks: dict[str, set[int]] = {}
        for db in self._journals():
            for table in ("heartbeats", "counts"):
                rows = db.execute(
                    f"SELECT DISTINCT r.source, t.minute FROM {table} AS t "  # noqa: S608
                    "JOIN runs AS r ON r.id = t.run WHERE t.minute >= ? AND t.minute < ?",
                    (low - 2, high + 2),
                )
                for source, minute in rows:
                    marks.setdefault(source, set()).add(minute)
        alive = {source: _within(fill_single_gaps(found), low, high) for source, found in marks.items()}
        return {source: [from_epoch_minute(m) for m in found] for source, found in alive.items() if found}

    def names(self) -> Mapping[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for db in self._journals():
            rows = db.execute(
                "SELECT r.source, n.name FROM runs AS r JOIN role_counters AS n ON n.role = r.role"
            )
            for source, name in rows:
                found.setdefault(source, set()).add(name)
        return {source: frozenset(names) for source, names in found.items()}

    def unreadable(self) -> Mapping[str, str]:
        return {}

    def _journals(self) -> Iterator[sqlite3.Connection]:
        for path in self._paths:
            if not is_absent(path):
                with _opened(path) as db:
                    if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'heartbeats'").fetchone():
                        yield db


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        look_at(path, RUNGS)
        with closing(connect_to_read(path, BUSY_SECONDS)) as db:
            yield db
    except NewerFile:
        raise
    except UnusableFile as error:
        raise LedgerError(f"the count journal {error}") from error
    except sqlite3.Error as error:
        raise LedgerError(f"the count journal {path} cannot be read: {error}") from error


def _bounds(since: datetime, until: datetime) -> tuple[int, int]:
    """Every minute that begins in ``[since, until)``."""
    low = floor_minute(since)
    high = floor_minute(until)
    return (
        epoch_minute(low if low == since else low + MINUTE),
        epoch_minute(high if high == until else high + MINUTE),
    )


def _within(minutes: Sequence[int], low: int, high: int) -> list[int]:
    return [minute for minute in minutes if low <= minute < high]


def _count(minute: int, source: str, name: str, labels: str, value: int) -> MinuteCount:
    return MinuteCount(name, _pairs(labels), from_epoch_minute(minute), source, value)


def _pairs(labels: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in json.loads(labels))


Uncertain = dict[tuple[str, str, tuple[tuple[str, str], ...], datetime], int]


def _uncertain(db: sqlite3.Connection, boot_id: str, low: int, high: int) -> Uncertain:
    """How far off each counter may be in each minute that a host crash may have cut."""
    bounds: Uncertain = {}
    for run, source, synced in db.execute(CRASHED, (boot_id,)).fetchall():
        last = db.execute("SELECT MAX(minute) FROM counts WHERE run = ?", (run,)).fetchone()[0]
        until = max(synced + LOST_MINUTES, (last or 0) + 1)
        minutes = range(max(low, synced), min(high, until))
        if not minutes:
            continue
        for name, labels, peak in db.execute(PEAKS, (run, synced - PEAK_MINUTES)).fetchall():
            for minute in minutes:
                bounds[(source, name, _pairs(labels), from_epoch_minute(minute))] = max(1, peak)
    return bounds


def _flagged(counts: Sequence[MinuteCount], uncertain: Uncertain) -> Iterator[MinuteCount]:
    left = dict(uncertain)
    for count in counts:
        bound = left.pop((count.source, count.name, count.labels, count.minute), None)
        yield (
            count
            if bound is None
            else MinuteCount(count.name, count.labels, count.minute, count.source, count.value, bound)
        )
    for (source, name, labels, minute), bound in left.items():
        yield MinuteCount(name, labels, minute, source, 0, bound)
