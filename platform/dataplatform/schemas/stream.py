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

# Names of records become text (Kinesis's do not fit an integer); positions of other streams are kept here.
_SECOND = """
CREATE TABLE letters (
  sequence TEXT NOT NULL UNIQUE,
  partition_key TEXT NOT NULL,
  data BLOB NOT NULL,
  arrived_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  reason TEXT NOT NULL,
  failed_at INTEGER NOT NULL
) STRICT;
INSERT INTO letters SELECT * FROM dead_letters ORDER BY sequence;
DROP TABLE dead_letters;
ALTER TABLE letters RENAME TO dead_letters;

CREATE TABLE log (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  worker TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  duration_seconds REAL NOT NULL,
  first TEXT NOT NULL,
  last TEXT NOT NULL,
  ok INTEGER NOT NULL,
  duplicate INTEGER NOT NULL,
  retried INTEGER NOT NULL,
  dead_letter INTEGER NOT NULL
) STRICT;
INSERT INTO log SELECT * FROM processing_log ORDER BY id;
DROP TABLE processing_log;
ALTER TABLE log RENAME TO processing_log;

CREATE TABLE checkpoints (
  stream TEXT NOT NULL,
  shard TEXT NOT NULL,
  position TEXT NOT NULL,
  PRIMARY KEY (stream, shard)
) STRICT, WITHOUT ROWID;
"""

RUNGS: tuple[str, ...] = (_FIRST, _SECOND)
