"""Notifications into a local SQLite file that anybody can look at: the embedded profile's receiver."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from alarms.model.errors import TemporaryFailure
from alarms.model.notification import Notification
from foundation.clock import Clock
from foundation.sqlite_ladder import open_to_write

SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  dedup_id TEXT NOT NULL UNIQUE,
  times INTEGER NOT NULL DEFAULT 1,
  delivered_at TEXT NOT NULL,
  team TEXT NOT NULL,
  step TEXT NOT NULL,
  severity TEXT NOT NULL,
  incident_id TEXT NOT NULL,
  subject TEXT NOT NULL,
  body BLOB NOT NULL
)
"""
SHORT_AND_LINKS = """
ALTER TABLE messages ADD COLUMN short TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN acknowledge TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN page TEXT NOT NULL DEFAULT '';
"""
encode = msgspec.json.Encoder().encode
NOTIFICATIONS = msgspec.json.Decoder(Notification)


@dataclass(frozen=True, slots=True)
class Delivered:
    """``times`` counts how often the same dedup id arrived; more than once is a repeated page."""

    sequence: int
    delivered_at: datetime
    times: int
    notification: Notification


class LocalSink:
    """A ``Notifier``. A second delivery of one dedup id is counted, not shown twice."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)  # a channel is tried before anything else has run
        self._connection = open_to_write(path, [SCHEMA, SHORT_AND_LINKS], busy_seconds=5.0)

    def send(self, notification: Notification) -> str:
        """Raises ``TemporaryFailure`` when the file cannot be written."""
        message = notification.message
        try:
            with self._lock:
                row = self._connection.execute(
                    "INSERT INTO messages "
                    "(dedup_id, delivered_at, team, step, severity, incident_id, subject, short, "
                    "acknowledge, page, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                    "ON CONFLICT (dedup_id) DO UPDATE SET times = times + 1 RETURNING sequence",
                    (
                        notification.dedup_id,
                        self._clock.now().isoformat(),
                        notification.team,
                        notification.step.value,
                        notification.severity.value,
                        notification.incident_id,
                        message.subject,
                        message.short,
                        message.acknowledge,
                        message.page,
                        encode(notification),
                    ),
                ).fetchone()
        except sqlite3.Error as error:
            raise TemporaryFailure("local sink", str(error)) from error
        return f"local-{row[0]}"

    def delivered(self, team: str | None = None, *, limit: int = 1000) -> Sequence[Delivered]:
        """The newest ``limit``, in order of arrival."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT sequence, delivered_at, times, body FROM messages WHERE ? IS NULL OR team = ? "
                "ORDER BY sequence DESC LIMIT ?",
                (team, team, limit),
            ).fetchall()
        return [
            Delivered(row[0], datetime.fromisoformat(row[1]), row[2], NOTIFICATIONS.decode(row[3]))
            for row in reversed(rows)
        ]

    def close(self) -> None:
        with self._lock:
            self._connection.close()
