"""The log of sagas (§4.3.1), and the digest that projections of a row must carry, written with the row."""

from __future__ import annotations

from alembic import op
from sqlalchemy import inspect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLE = "ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"

_SAGAS = f"""
CREATE TABLE IF NOT EXISTS sagas (
  saga_id VARCHAR(128) NOT NULL,
  kind VARCHAR(64) NOT NULL,
  content MEDIUMBLOB NOT NULL,
  state VARCHAR(16) NOT NULL,
  phase VARCHAR(16) NOT NULL,
  reason VARCHAR(1024),
  trouble VARCHAR(1024),
  fence BIGINT NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  holder VARCHAR(128),
  available_at BIGINT NOT NULL DEFAULT 0,
  started_at BIGINT NOT NULL,
  PRIMARY KEY (saga_id),
  KEY idx_saga_state (state, available_at),
  CONSTRAINT ck_saga_state CHECK (state IN ('OPEN', 'DONE', 'UNDONE', 'STUCK')),
  CONSTRAINT ck_saga_phase CHECK (phase IN ('FORWARD', 'BACKWARD'))
) {_TABLE}
"""

_STEPS = f"""
CREATE TABLE IF NOT EXISTS saga_steps (
  saga_id VARCHAR(128) NOT NULL,
  step VARCHAR(64) NOT NULL,
  state VARCHAR(16) NOT NULL,
  PRIMARY KEY (saga_id, step),
  CONSTRAINT fk_step_saga FOREIGN KEY (saga_id) REFERENCES sagas (saga_id)
) {_TABLE}
"""

STATEMENTS = (_SAGAS, _STEPS)
DIGESTED = ("customers", "transactions", "credit_decisions")
ADD_DIGEST = "ALTER TABLE {table} ADD COLUMN digest VARCHAR(64)"


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    for table in DIGESTED:
        if "digest" not in {column["name"] for column in inspect(op.get_bind()).get_columns(table)}:
            op.execute(ADD_DIGEST.format(table=table))
