"""The source of truth (§4.1.1, B.1): customers, transactions, policies, decisions, and what is committed with
them. Names of indexes are the document's.

Instants are microseconds since 1970 UTC, money centavos. There is no column for a CPF: ``cpf_index`` is its
keyed blind index, ``cpf_sealed`` its ciphertext. Every statement may be run again after a half-done upgrade,
because MySQL commits after each.
"""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLE = "ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
_GENESIS = "0" * 64

_CUSTOMERS = f"""
CREATE TABLE IF NOT EXISTS customers (
  row_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  customer_id VARCHAR(64) NOT NULL,
  cpf_index CHAR(64) NOT NULL,
  cpf_sealed VARBINARY(1024) NOT NULL,
  status VARCHAR(16) NOT NULL,
  version BIGINT UNSIGNED NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  monthly_income_cents BIGINT,
  monthly_debt_payment_cents BIGINT,
  existing_debts_cents BIGINT,
  credit_score INTEGER,
  employment_years INTEGER,
  home_ownership VARCHAR(64),
  credit_history_years INTEGER,
  delinquencies_24m INTEGER,
  accounts_past_due INTEGER,
  inquiries_12m INTEGER,
  public_bankruptcies INTEGER,
  tax_liens INTEGER,
  credit_limit_cents BIGINT,
  credit_used_cents BIGINT,
  PRIMARY KEY (row_id),
  UNIQUE KEY uq_customer_id (customer_id),
  UNIQUE KEY idx_customer_cpf (cpf_index),
  KEY idx_customer_status (status),
  KEY idx_combined_customer_status (customer_id, status),
  CONSTRAINT ck_customer_status CHECK (status IN ('ACTIVE', 'BLOCKED', 'CLOSED')),
  CONSTRAINT ck_customer_version CHECK (version > 0)
) {_TABLE}
"""

_TRANSACTIONS = f"""
CREATE TABLE IF NOT EXISTS transactions (
  row_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  transaction_id VARCHAR(64) NOT NULL,
  customer_id VARCHAR(64) NOT NULL,
  amount_cents BIGINT NOT NULL,
  kind VARCHAR(64) NOT NULL,
  status VARCHAR(64) NOT NULL,
  created_at BIGINT NOT NULL,
  version BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (row_id),
  UNIQUE KEY uq_transaction_id (transaction_id),
  KEY idx_transaction_date (created_at),
  KEY idx_customer_transaction (customer_id, created_at),
  CONSTRAINT fk_transaction_customer FOREIGN KEY (customer_id) REFERENCES customers (customer_id)
) {_TABLE}
"""

_POLICIES = f"""
CREATE TABLE IF NOT EXISTS credit_policies (
  policy_id CHAR(64) NOT NULL,
  name VARCHAR(128) NOT NULL,
  version VARCHAR(128) NOT NULL,
  document MEDIUMBLOB NOT NULL,
  stored_at BIGINT NOT NULL,
  PRIMARY KEY (policy_id)
) {_TABLE}
"""

_ACTIVATIONS = f"""
CREATE TABLE IF NOT EXISTS credit_policy_activations (
  number BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  name VARCHAR(128) NOT NULL,
  policy_id CHAR(64) NOT NULL,
  activated_at BIGINT NOT NULL,
  actor VARCHAR(128) NOT NULL,
  PRIMARY KEY (number),
  KEY idx_policy_activation (name, number),
  CONSTRAINT fk_activated_policy FOREIGN KEY (policy_id) REFERENCES credit_policies (policy_id)
) {_TABLE}
"""

_DECISIONS = f"""
CREATE TABLE IF NOT EXISTS credit_decisions (
  row_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  decision_id VARCHAR(64) NOT NULL,
  customer_id VARCHAR(64) NOT NULL,
  outcome VARCHAR(16) NOT NULL,
  policy_id CHAR(64) NOT NULL,
  client_id VARCHAR(64) NOT NULL,
  degraded TINYINT NOT NULL,
  decision_date BIGINT NOT NULL,
  body MEDIUMBLOB NOT NULL,
  PRIMARY KEY (row_id),
  UNIQUE KEY uq_decision_id (decision_id),
  KEY idx_decision_date (decision_date),
  KEY idx_customer_decision (customer_id, decision_date),
  KEY idx_customer_decision_page (customer_id, decision_id),
  CONSTRAINT ck_decision_degraded CHECK (degraded IN (0, 1))
) {_TABLE}
"""

_KEYS = f"""
CREATE TABLE IF NOT EXISTS idempotency_keys (
  client_id VARCHAR(64) NOT NULL,
  idempotency_key VARCHAR(128) NOT NULL,
  body_digest CHAR(64) NOT NULL,
  decision_id VARCHAR(64) NOT NULL,
  PRIMARY KEY (client_id, idempotency_key),
  KEY idx_key_decision (decision_id),
  CONSTRAINT fk_key_decision FOREIGN KEY (decision_id) REFERENCES credit_decisions (decision_id)
) {_TABLE}
"""

_OUTBOX = f"""
CREATE TABLE IF NOT EXISTS outbox (
  row_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  kind VARCHAR(16) NOT NULL,
  record_key VARCHAR(64) NOT NULL,
  version BIGINT UNSIGNED NOT NULL,
  payload MEDIUMBLOB NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  holder VARCHAR(128),
  available_at BIGINT NOT NULL DEFAULT 0,
  reason VARCHAR(1024),
  PRIMARY KEY (row_id),
  KEY idx_outbox_key (kind, record_key, row_id, available_at)
) {_TABLE}
"""

_OUTBOX_GATE = f"""
CREATE TABLE IF NOT EXISTS outbox_gate (
  gate TINYINT NOT NULL,
  PRIMARY KEY (gate)
) {_TABLE}
"""

_AUDIT = f"""
CREATE TABLE IF NOT EXISTS audit (
  sequence BIGINT UNSIGNED NOT NULL,
  at BIGINT NOT NULL,
  actor VARCHAR(255) NOT NULL,
  action VARCHAR(64) NOT NULL,
  subject VARCHAR(255) NOT NULL,
  body MEDIUMBLOB NOT NULL,
  previous CHAR(64) NOT NULL,
  digest CHAR(64) NOT NULL,
  PRIMARY KEY (sequence)
) {_TABLE}
"""

_AUDIT_HEAD = f"""
CREATE TABLE IF NOT EXISTS audit_head (
  head TINYINT NOT NULL,
  sequence BIGINT UNSIGNED NOT NULL,
  digest CHAR(64) NOT NULL,
  PRIMARY KEY (head)
) {_TABLE}
"""

_PROCESSING_LOG = f"""
CREATE TABLE IF NOT EXISTS processing_log (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  worker VARCHAR(128) NOT NULL,
  started_at BIGINT NOT NULL,
  duration_seconds DOUBLE NOT NULL,
  first_sequence VARCHAR(128) NOT NULL,
  last_sequence VARCHAR(128) NOT NULL,
  ok INTEGER NOT NULL,
  duplicate INTEGER NOT NULL,
  retried INTEGER NOT NULL,
  dead_letter INTEGER NOT NULL,
  PRIMARY KEY (id)
) {_TABLE}
"""

# INSERT ... SELECT because a plain insert would fail when a half-done upgrade is taken up again.
_FIRST_HEAD = f"""
INSERT INTO audit_head (head, sequence, digest)
SELECT 1, 0, '{_GENESIS}' FROM (SELECT 1 AS one) AS once
WHERE NOT EXISTS (SELECT 1 FROM audit_head AS there)
"""  # noqa: S608 - a constant
_FIRST_GATE = """
INSERT INTO outbox_gate (gate)
SELECT 1 FROM (SELECT 1 AS one) AS once WHERE NOT EXISTS (SELECT 1 FROM outbox_gate AS there)
"""

_APPEND_ONLY = "FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the audit trail is append-only'"

STATEMENTS = (
    _CUSTOMERS,
    _TRANSACTIONS,
    _POLICIES,
    _ACTIVATIONS,
    _DECISIONS,
    _KEYS,
    _OUTBOX,
    _OUTBOX_GATE,
    _AUDIT,
    _AUDIT_HEAD,
    _PROCESSING_LOG,
    _FIRST_HEAD,
    _FIRST_GATE,
    "DROP TRIGGER IF EXISTS audit_is_append_only_update",
    f"CREATE TRIGGER audit_is_append_only_update BEFORE UPDATE ON audit {_APPEND_ONLY}",
    "DROP TRIGGER IF EXISTS audit_is_append_only_delete",
    f"CREATE TRIGGER audit_is_append_only_delete BEFORE DELETE ON audit {_APPEND_ONLY}",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
