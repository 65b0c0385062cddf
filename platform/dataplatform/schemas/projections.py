"""Hot data (§4.1.3) and wide column (§4.1.2): rebuildable. Instants as in ``relational``."""

from __future__ import annotations

_HOT = """
CREATE TABLE hot_items (
  customer_id TEXT NOT NULL,
  data_type TEXT NOT NULL,
  family TEXT NOT NULL,
  version INTEGER NOT NULL,
  last_updated INTEGER NOT NULL,
  digest TEXT NOT NULL,
  attributes BLOB NOT NULL,
  status TEXT,
  created_at INTEGER,
  expires_at INTEGER,
  PRIMARY KEY (customer_id, data_type)
) STRICT, WITHOUT ROWID;
CREATE INDEX gsi1_type_updated ON hot_items (family, last_updated);
CREATE INDEX gsi2_status_created ON hot_items (status, created_at) WHERE status IS NOT NULL;
CREATE INDEX idx_hot_expiry ON hot_items (expires_at) WHERE expires_at IS NOT NULL;
"""

_WIDE = """
CREATE TABLE creditdata (
  customer_id TEXT NOT NULL,
  data_type TEXT NOT NULL,
  version INTEGER NOT NULL,
  digest TEXT NOT NULL,
  columns BLOB NOT NULL,
  expires_at INTEGER,
  PRIMARY KEY (customer_id, data_type)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_creditdata_expiry ON creditdata (expires_at) WHERE expires_at IS NOT NULL;
"""

HOT_RUNGS: tuple[str, ...] = (_HOT,)
WIDE_RUNGS: tuple[str, ...] = (_WIDE,)
