"""Decisions in MySQL: the pivot transaction (§4.3.1, §8.2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from credit.domain.canonical import decision_bytes, decision_from_bytes
from credit.domain.decision import Decision
from credit.domain.errors import IdempotencyConflict
from credit.ports.records import IdempotencyKey, RecordedDecision
from dataplatform.ingestion.projections import decision_digest
from dataplatform.stores.decision_rows import audit_body, recorded, same_or_conflict
from dataplatform.stores.mysql.audit import Event, append_events
from dataplatform.stores.mysql.database import MysqlDatabase
from dataplatform.stores.mysql.failures import Contended, duplicated_index
from dataplatform.stores.mysql.outbox import Change, insert_changes
from foundation.clock import Clock
from foundation.instants import to_micros

_INSERT = text("""
INSERT INTO credit_decisions
  (decision_id, customer_id, outcome, policy_id, client_id, degraded, decision_date, body, digest)
VALUES
  (:decision_id, :customer_id, :outcome, :policy_id, :client_id, :degraded, :decision_date, :body, :digest)
""")
_BODY = text("SELECT body FROM credit_decisions WHERE decision_id = :decision_id")
_KEY = text("""
SELECT k.body_digest, d.body FROM idempotency_keys AS k
JOIN credit_decisions AS d ON d.decision_id = k.decision_id
WHERE k.client_id = :client_id AND k.idempotency_key = :idempotency_key
""")
_INSERT_KEY = text("""
INSERT INTO idempotency_keys (client_id, idempotency_key, body_digest, decision_id)
VALUES (:client_id, :idempotency_key, :body_digest, :decision_id)
""")
_NEWEST = text("""
SELECT body FROM credit_decisions WHERE customer_id = :customer_id ORDER BY decision_id DESC LIMIT :most
""")
_OLDER = text("""
SELECT body FROM credit_decisions WHERE customer_id = :customer_id AND decision_id < :before
ORDER BY decision_id DESC LIMIT :most
""")
_COUNT = text("SELECT count(*) FROM credit_decisions")


def _by_key(connection: Connection, key: IdempotencyKey) -> bytes | None:
    """The body first recorded under this key. Raises IdempotencyConflict."""
    names = {"client_id": key.client_id, "idempotency_key": key.key}
    row = connection.execute(_KEY, names).one_or_none()
    if row is None:
        return None
    if row[0] != key.body_digest:
        raise IdempotencyConflict(key.key)
    return bytes(row[1])


def _by_id(connection: Connection, decision_id: str) -> bytes | None:
    found: bytes | None = connection.execute(_BODY, {"decision_id": decision_id}).scalar_one_or_none()
    return found


def _record(
    connection: Connection, decision: Decision, body: bytes, key: IdempotencyKey | None, at: datetime
) -> bytes | None:
    """None when recorded now, else the body recorded earlier."""
    first = None if key is None else _by_key(connection, key)
    if first is not None:
        return first
    if not _insert(connection, decision, body):
        stored = _by_id(connection, decision.decision_id)
        return same_or_conflict(stored, decision.decision_id, body)
    if key is not None:
        _insert_key(connection, key, decision.decision_id)
    insert_changes(connection, [Change("decision", decision.decision_id, 1, body)])
    append_events(connection, at, [_event(decision, body)])
    return None


def _insert(connection: Connection, decision: Decision, body: bytes) -> bool:
    values = {
        "decision_id": decision.decision_id,
        "customer_id": decision.application.customer_id,
        "outcome": decision.verdict.outcome.value,
        "policy_id": decision.verdict.policy_id,
        "client_id": decision.client_id,
        "degraded": int(decision.degraded),
        "decision_date": to_micros(decision.decided_at),
        "body": body,
        "digest": decision_digest(decision),
    }
    try:
        connection.execute(_INSERT, values)
    except IntegrityError as error:
        if duplicated_index(error) == "uq_decision_id":
            return False
        raise
    return True


def _insert_key(connection: Connection, key: IdempotencyKey, decision_id: str) -> None:
    values = {
        "client_id": key.client_id,
        "idempotency_key": key.key,
        "body_digest": key.body_digest,
        "decision_id": decision_id,
    }
    try:
        connection.execute(_INSERT_KEY, values)
    except IntegrityError as error:
        if duplicated_index(error) == "PRIMARY":
            raise Contended("relational", "another call used the same key at the same time") from error
        raise


def _event(decision: Decision, body: bytes) -> Event:
    return Event(decision.client_id, "decision.recorded", decision.decision_id, audit_body(decision, body))


class MysqlDecisionRecords:
    def __init__(self, database: MysqlDatabase, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def record(self, decision: Decision, key: IdempotencyKey | None) -> RecordedDecision:
        body, at = decision_bytes(decision), self._clock.now()
        first = await self._database.write(lambda c: _record(c, decision, body, key, at))
        return recorded(decision, first)

    async def find(self, decision_id: str) -> Decision | None:
        body = await self._database.find(lambda c: _by_id(c, decision_id))
        return None if body is None else decision_from_bytes(body)

    async def find_by_key(self, key: IdempotencyKey) -> Decision | None:
        body = await self._database.read_newest(lambda c: _by_key(c, key))
        return None if body is None else decision_from_bytes(body)

    async def of_customer(
        self, customer_id: str, limit: int, before: str | None = None
    ) -> Sequence[Decision]:
        statement = _NEWEST if before is None else _OLDER
        values: dict[str, Any] = {"customer_id": customer_id, "most": limit}
        if before is not None:
            values["before"] = before
        rows = await self._database.read(lambda c: c.execute(statement, values).scalars().all())
        return [decision_from_bytes(body) for body in rows]

    async def count(self) -> int:
        return await self._database.read(lambda c: int(c.execute(_COUNT).scalar_one()))
