"""The embedded ingestion stream: records in order of arrival, and the ones set aside."""

from __future__ import annotations

_FIRST = """
CREATE TABLE records (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  partition_key TEXT NOT NULL,
  data BLOB NOT NULL,
  arrived_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  holder TEXT,
  lease_until INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX idx_records_partition ON records (partition_key, sequence);

CREATE TABLE dead_letters (
  sequence INTEGER PRIMARY KEY,
  partition_key TEXT NOT NULL,
  data BLOB NOT NULL,
  arrived_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  reason TEXT NOT NULL,
  failed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE processing_log (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  worker TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  duration_seconds REAL NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  ok INTEGER NOT NULL,
  duplicate INTEGER NOT NULL,
  retried INTEGER NOT NULL,
  dead_letter INTEGER NOT NULL
) STRICT;
"""

RUNGS: tuple[str, ...] = (_FIRST,)
