-- The SLI ledger. Minutes, hours and days are counted from 1970-01-01T00:00Z.
CREATE TABLE IF NOT EXISTS series (
  id INTEGER PRIMARY KEY,
  environment TEXT NOT NULL,
  slo_id TEXT NOT NULL,
  objective TEXT NOT NULL,
  revision TEXT NOT NULL,
  unit TEXT NOT NULL,
  labels TEXT NOT NULL, -- JSON list of pairs, sorted
  UNIQUE (environment, slo_id, objective, revision, labels)
) STRICT;

CREATE TABLE IF NOT EXISTS sources (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

-- The truth: replaced within (series, minute, source), summed across sources.
CREATE TABLE IF NOT EXISTS minute_rows (
  series INTEGER NOT NULL,
  minute INTEGER NOT NULL,
  source INTEGER NOT NULL,
  good INTEGER NOT NULL CHECK (good BETWEEN 0 AND total),
  total INTEGER NOT NULL,
  error_bound INTEGER, -- NULL: exact
  PRIMARY KEY (series, minute, source)
) STRICT, WITHOUT ROWID;

-- Derived from minute_rows, rebuildable.
CREATE TABLE IF NOT EXISTS hour_sums (
  series INTEGER NOT NULL,
  hour INTEGER NOT NULL,
  good INTEGER NOT NULL,
  total INTEGER NOT NULL,
  minutes_with_data INTEGER NOT NULL,
  error_bound INTEGER,
  PRIMARY KEY (series, hour)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS day_sums (
  series INTEGER NOT NULL,
  day INTEGER NOT NULL,
  good INTEGER NOT NULL,
  total INTEGER NOT NULL,
  minutes_with_data INTEGER NOT NULL,
  error_bound INTEGER,
  PRIMARY KEY (series, day)
) STRICT, WITHOUT ROWID;
