"""The source of truth (§4.1.1): customers, transactions, policies, decisions, and what goes with them.

Instants are INTEGER microseconds since 1970 UTC, money INTEGER centavos. There is no column for a CPF:
``cpf_index`` is its keyed blind index, ``cpf_sealed`` its ciphertext.
"""

from __future__ import annotations

_FIRST = """
CREATE TABLE customers (
  row_number INTEGER PRIMARY KEY AUTOINCREMENT,
  customer_id TEXT NOT NULL UNIQUE,
  cpf_index TEXT NOT NULL,
  cpf_sealed BLOB NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('ACTIVE', 'BLOCKED', 'CLOSED')),
  version INTEGER NOT NULL CHECK (version > 0),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  monthly_income_cents INTEGER,
  monthly_debt_payment_cents INTEGER,
  existing_debts_cents INTEGER,
  credit_score INTEGER,
  employment_years INTEGER,
  home_ownership TEXT,
  credit_history_years INTEGER,
  delinquencies_24m INTEGER,
  accounts_past_due INTEGER,
  inquiries_12m INTEGER,
  public_bankruptcies INTEGER,
  tax_liens INTEGER,
  credit_limit_cents INTEGER,
  credit_used_cents INTEGER
) STRICT;
CREATE UNIQUE INDEX idx_customer_cpf ON customers (cpf_index);
CREATE INDEX idx_customer_status ON customers (status);
CREATE INDEX idx_combined_customer_status ON customers (customer_id, status);

CREATE TABLE transactions (
  row_number INTEGER PRIMARY KEY AUTOINCREMENT,
  transaction_id TEXT NOT NULL UNIQUE,
  customer_id TEXT NOT NULL REFERENCES customers (customer_id),
  amount_cents INTEGER NOT NULL,
  kind TEXT NOT NULL,
  status TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  version INTEGER NOT NULL
) STRICT;
CREATE INDEX idx_transaction_date ON transactions (created_at);
CREATE INDEX idx_transaction_customer ON transactions (customer_id, created_at);

CREATE TABLE credit_decisions (
  row_number INTEGER PRIMARY KEY AUTOINCREMENT,
  decision_id TEXT NOT NULL UNIQUE,
  customer_id TEXT NOT NULL,
  outcome TEXT NOT NULL,
  policy_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  degraded INTEGER NOT NULL CHECK (degraded IN (0, 1)),
  decided_at INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX idx_decision_date ON credit_decisions (decided_at);
CREATE INDEX idx_decision_customer ON credit_decisions (customer_id, decision_id);

CREATE TABLE idempotency_keys (
  client_id TEXT NOT NULL,
  key TEXT NOT NULL,
  body_digest TEXT NOT NULL,
  decision_id TEXT NOT NULL REFERENCES credit_decisions (decision_id),
  PRIMARY KEY (client_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
  row_id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  version INTEGER NOT NULL,
  payload BLOB NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  holder TEXT,
  available_at INTEGER NOT NULL DEFAULT 0,
  reason TEXT
) STRICT;
CREATE INDEX idx_outbox_key ON outbox (kind, key, row_id);

CREATE TABLE audit (
  sequence INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  body BLOB NOT NULL,
  previous TEXT NOT NULL,
  digest TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_is_append_only_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_is_append_only_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
"""

_POLICIES = """
CREATE TABLE credit_policies (
  policy_id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  document BLOB NOT NULL,
  stored_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE credit_policy_activations (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  policy_id TEXT NOT NULL REFERENCES credit_policies (policy_id),
  activated_at INTEGER NOT NULL,
  actor TEXT NOT NULL
) STRICT;
CREATE INDEX idx_policy_activation ON credit_policy_activations (name, number);
"""

_SAGAS = """
CREATE TABLE sagas (
  saga_id TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  content BLOB NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('OPEN', 'DONE', 'UNDONE', 'STUCK')),
  phase TEXT NOT NULL CHECK (phase IN ('FORWARD', 'BACKWARD')),
  reason TEXT,
  trouble TEXT,
  fence INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  holder TEXT,
  available_at INTEGER NOT NULL DEFAULT 0,
  started_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_saga_state ON sagas (state, available_at);

CREATE TABLE saga_steps (
  saga_id TEXT NOT NULL REFERENCES sagas (saga_id),
  step TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('INTENDED', 'DONE', 'REFUSED', 'UNDOING', 'UNDONE')),
  PRIMARY KEY (saga_id, step)
) STRICT, WITHOUT ROWID;
"""

# What a projection of the row must hold: written with the row, so that a full comparison reads no contents.
# A row from before this rung has none until it is written again.
_DIGESTS = """
ALTER TABLE customers ADD COLUMN digest TEXT;
ALTER TABLE transactions ADD COLUMN digest TEXT;
ALTER TABLE credit_decisions ADD COLUMN digest TEXT;
"""

RUNGS: tuple[str, ...] = (_FIRST, _POLICIES, _SAGAS, _DIGESTS)
