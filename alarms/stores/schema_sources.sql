-- What came of asking each source what fires, the last time.
CREATE TABLE source_reports (
  name TEXT PRIMARY KEY,
  body BLOB NOT NULL
) WITHOUT ROWID;
