-- Tokens of senders, and when each source that must not go quiet was last heard from.
CREATE TABLE IF NOT EXISTS tokens (
  id TEXT PRIMARY KEY,
  body BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS heartbeats (
  name TEXT PRIMARY KEY,
  since_at INTEGER NOT NULL, -- when it was first expected
  heard_at INTEGER
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS listening ( -- until when a router was there to be told
  id INTEGER PRIMARY KEY,
  until_at INTEGER NOT NULL
);
