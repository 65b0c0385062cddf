"""What waits on the embedded stream and what was set aside, read beside a running server or without one."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dataplatform.errors import DataDirectoryError
from dataplatform.ingestion.processing_log import BatchOutcome
from dataplatform.schemas.stream import RUNGS
from dataplatform.stores.sqlite.connection import open_reader
from foundation.instants import from_micros

_WAITING = "SELECT count(*), min(arrived_at) FROM records"
_REASONS = "SELECT reason, count(*) FROM dead_letters GROUP BY reason ORDER BY count(*) DESC, reason"
_LETTERS = """
SELECT sequence, attempts, arrived_at, failed_at, reason FROM dead_letters ORDER BY rowid LIMIT ?
"""
_BATCHES = """
SELECT worker, started_at, duration_seconds, first, last, ok, duplicate, retried, dead_letter
FROM processing_log ORDER BY id DESC LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class SetAside:
    """A dead letter without its content, which holds personal data and stays sealed."""

    sequence: str
    attempts: int
    arrived_at: datetime
    failed_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Backlog:
    """``dead_letters`` counts by reason, most frequent first; ``batches`` are the newest, newest first.
    ``waiting`` is None where nobody counts what waits."""

    waiting: int | None
    oldest: datetime | None
    dead_letters: Sequence[tuple[str, int]]
    batches: Sequence[BatchOutcome]


def read_backlog(data_dir: Path, batches: int = 5) -> Backlog:
    """Raises DataDirectoryError: there is no stream, or it cannot be read."""
    path = _stream(data_dir)
    try:
        with closing(open_reader(path, RUNGS)) as connection:
            waiting, oldest = connection.execute(_WAITING).fetchone()
            reasons = [(str(reason), int(count)) for reason, count in connection.execute(_REASONS)]
            rows = connection.execute(_BATCHES, (batches,)).fetchall()
    except sqlite3.Error as error:
        raise _unreadable(path, error) from error
    return Backlog(
        waiting=int(waiting),
        oldest=None if oldest is None else from_micros(oldest),
        dead_letters=reasons,
        batches=[BatchOutcome(row[0], from_micros(row[1]), *row[2:]) for row in rows],
    )


def read_dead_letters(data_dir: Path, limit: int) -> Sequence[SetAside]:
    """Oldest first. Raises DataDirectoryError."""
    path = _stream(data_dir)
    try:
        with closing(open_reader(path, RUNGS)) as connection:
            rows = connection.execute(_LETTERS, (limit,)).fetchall()
    except sqlite3.Error as error:
        raise _unreadable(path, error) from error
    return [SetAside(row[0], row[1], from_micros(row[2]), from_micros(row[3]), row[4]) for row in rows]


def _stream(data_dir: Path) -> Path:
    path = data_dir / "data" / "stream.sqlite"
    if not path.is_file():
        problem = "there is no stream here yet"
        raise DataDirectoryError(path, problem, "Check --data-dir, or start with `mirante up`")
    return path


def _unreadable(path: Path, error: sqlite3.Error) -> DataDirectoryError:
    return DataDirectoryError(path, f"it cannot be read ({error})", "Check the path and the file")
