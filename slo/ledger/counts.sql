-- A process's own counts. Minutes are counted from 1970-01-01T00:00Z.
CREATE TABLE IF NOT EXISTS runs ( -- one start of one process
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL UNIQUE, -- role/start
  role TEXT NOT NULL,
  kernel_boot TEXT NOT NULL, -- another value: the host has restarted since
  started INTEGER NOT NULL,
  synced INTEGER NOT NULL, -- every count before this minute is on the disk
  closed INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE IF NOT EXISTS counters (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  labels TEXT NOT NULL, -- JSON list of pairs, sorted
  UNIQUE (name, labels)
) STRICT;

CREATE TABLE IF NOT EXISTS role_counters ( -- what a role ever counted, kept when counts are pruned
  role TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (role, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS counts (
  minute INTEGER NOT NULL,
  run INTEGER NOT NULL,
  counter INTEGER NOT NULL,
  value INTEGER NOT NULL,
  PRIMARY KEY (minute, run, counter)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS heartbeats (
  minute INTEGER NOT NULL,
  run INTEGER NOT NULL,
  PRIMARY KEY (minute, run)
) STRICT, WITHOUT ROWID;
