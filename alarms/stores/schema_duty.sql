-- Who stands in for whom on duty, as people said while the router ran.
CREATE TABLE duty_overrides (
  id TEXT PRIMARY KEY,
  ends_at INTEGER NOT NULL,
  body BLOB NOT NULL
) WITHOUT ROWID;
