-- The severity router's store. Instants are whole microseconds since 1970, UTC; bodies are JSON.
CREATE TABLE IF NOT EXISTS incidents (
  id TEXT PRIMARY KEY,
  key TEXT NOT NULL,
  environment TEXT NOT NULL,
  name TEXT NOT NULL, -- of the alert
  p1 INTEGER NOT NULL, -- when it was opened
  state TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  body BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS incidents_by_opening ON incidents (environment, opened_at, name, p1);
CREATE INDEX IF NOT EXISTS incidents_by_key ON incidents (key, opened_at);
CREATE INDEX IF NOT EXISTS incidents_by_state ON incidents (state, opened_at);

CREATE TABLE IF NOT EXISTS transitions (
  incident_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (incident_id, number)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS decisions (
  sequence INTEGER PRIMARY KEY,
  incident_id TEXT NOT NULL,
  body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS decisions_by_incident ON decisions (incident_id, sequence);

CREATE TABLE IF NOT EXISTS alerts (
  member TEXT PRIMARY KEY,
  incident_id TEXT NOT NULL,
  source TEXT NOT NULL,
  state TEXT NOT NULL,
  rank INTEGER NOT NULL,
  body BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS alerts_firing ON alerts (source) WHERE state = 'firing';
CREATE INDEX IF NOT EXISTS alerts_by_incident ON alerts (incident_id, state, rank);

CREATE TABLE IF NOT EXISTS timers (
  incident_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  deadline INTEGER NOT NULL,
  step INTEGER NOT NULL,
  PRIMARY KEY (incident_id, kind)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS timers_by_deadline ON timers (deadline, incident_id, kind);

CREATE TABLE IF NOT EXISTS outbox (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  dedup_id TEXT NOT NULL UNIQUE,
  incident_id TEXT NOT NULL,
  target TEXT NOT NULL,
  channel TEXT NOT NULL,
  rank INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  notification BLOB NOT NULL,
  state TEXT NOT NULL,
  next_attempt_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  fence INTEGER NOT NULL DEFAULT 0,
  worker TEXT,
  lease_until INTEGER,
  sent_at INTEGER,
  provider_id TEXT,
  last_error TEXT
);
CREATE INDEX IF NOT EXISTS outbox_by_incident ON outbox (incident_id, target, channel, sequence);
CREATE INDEX IF NOT EXISTS outbox_by_target ON outbox (target, created_at);
CREATE INDEX IF NOT EXISTS outbox_waiting ON outbox (rank, sequence) WHERE state IN ('pending', 'sending');

CREATE TABLE IF NOT EXISTS silences (
  id TEXT PRIMARY KEY,
  ends_at INTEGER NOT NULL,
  body BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS policies (
  id TEXT PRIMARY KEY,
  body BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS receipts (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  urgency INTEGER NOT NULL,
  state TEXT NOT NULL,
  problem TEXT,
  payload BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS receipts_pending ON receipts (urgency, received_at, id) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS receipts_by_state ON receipts (state, received_at, id);
