"""What waits on the embedded stream and what was set aside, read beside a running server or without one."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dataplatform.ingestion.processing_log import BatchOutcome
from dataplatform.schemas.stream import RUNGS
from dataplatform.stores.relational.processing_log import latest_batches
from dataplatform.stores.sqlite.connection import reading
from dataplatform.stores.sqlite.relational import SqliteRelationalSession
from foundation.instants import from_micros, maybe_instant

_WAITING = "SELECT count(*), min(arrived_at) FROM records"
_REASONS = "SELECT reason, count(*) FROM dead_letters GROUP BY reason ORDER BY count(*) DESC, reason"
_LETTERS = """
SELECT sequence, attempts, arrived_at, failed_at, reason FROM dead_letters ORDER BY rowid LIMIT ?
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
    with _stream(data_dir) as connection:
        waiting, oldest = connection.execute(_WAITING).fetchone()
        return Backlog(
            waiting=int(waiting),
            oldest=maybe_instant(oldest),
            dead_letters=[(str(reason), int(count)) for reason, count in connection.execute(_REASONS)],
            batches=latest_batches(SqliteRelationalSession(connection), batches),
        )


def read_dead_letters(data_dir: Path, limit: int) -> Sequence[SetAside]:
    """Oldest first. Raises DataDirectoryError."""
    with _stream(data_dir) as connection:
        rows = connection.execute(_LETTERS, (limit,)).fetchall()
    return [SetAside(row[0], row[1], from_micros(row[2]), from_micros(row[3]), row[4]) for row in rows]


def _stream(data_dir: Path) -> AbstractContextManager[sqlite3.Connection]:
    return reading(data_dir / "data" / "stream.sqlite", RUNGS, "stream")
