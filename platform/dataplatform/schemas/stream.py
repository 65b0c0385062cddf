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
"""

RUNGS: tuple[str, ...] = (_FIRST,)
