"""Results of consistency checks: one row a check of a pair, and the records that differed."""

from __future__ import annotations

_FIRST = """
CREATE TABLE checks (
  check_id INTEGER PRIMARY KEY AUTOINCREMENT,
  pair TEXT NOT NULL,
  checked_at INTEGER NOT NULL,
  compared INTEGER NOT NULL,
  missing INTEGER NOT NULL,
  stale INTEGER NOT NULL,
  mismatch INTEGER NOT NULL,
  orphan INTEGER NOT NULL,
  in_flight INTEGER NOT NULL,
  random_compared INTEGER NOT NULL,
  random_divergent INTEGER NOT NULL,
  coverage_ratio REAL NOT NULL,
  confidence REAL NOT NULL,
  index_ratio REAL,
  lower_bound_ratio REAL
) STRICT;
CREATE INDEX idx_checks_pair ON checks (pair, check_id);

CREATE TABLE differences (
  check_id INTEGER NOT NULL REFERENCES checks (check_id) ON DELETE CASCADE,
  class TEXT NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  customer_id TEXT NOT NULL,
  data_type TEXT NOT NULL
) STRICT;
CREATE INDEX idx_differences_check ON differences (check_id);
"""

_COVERED = """
ALTER TABLE checks ADD COLUMN covered_since INTEGER;
ALTER TABLE checks ADD COLUMN deep_complete INTEGER NOT NULL DEFAULT 0;
"""

_REPAIRS = """
CREATE TABLE repairs (
  repair_id INTEGER PRIMARY KEY AUTOINCREMENT,
  check_id INTEGER NOT NULL REFERENCES checks (check_id) ON DELETE CASCADE,
  written INTEGER NOT NULL,
  removed INTEGER NOT NULL,
  settled INTEGER NOT NULL,
  refused TEXT
) STRICT;
CREATE INDEX idx_repairs_check ON repairs (check_id);
"""

RUNGS: tuple[str, ...] = (_FIRST, _COVERED, _REPAIRS)
