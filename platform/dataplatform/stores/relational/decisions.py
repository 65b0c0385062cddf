"""Decisions: the pivot transaction (§4.3.1, §8.2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from credit.domain.canonical import canonical_json, decision_bytes, decision_from_bytes, digest
from credit.domain.decision import Decision
from credit.domain.errors import IdempotencyConflict, VersionConflict
from credit.ports.records import IdempotencyKey, RecordedDecision
from dataplatform.ingestion.projections import decision_digest
from dataplatform.stores.relational.audit import Event, append_events
from dataplatform.stores.relational.outbox import OutboxChange, insert_changes
from dataplatform.stores.relational.session import (
    Duplicate,
    RelationalDatabase,
    RelationalSession,
    Values,
    first,
    integer,
)
from foundation.clock import Clock
from foundation.instants import to_micros

_INSERT = """
INSERT INTO credit_decisions
  (decision_id, customer_id, outcome, policy_id, client_id, degraded, decision_date, body, digest)
VALUES
  (:decision_id, :customer_id, :outcome, :policy_id, :client_id, :degraded, :decision_date, :body, :digest)
"""
_BODY = "SELECT body FROM credit_decisions WHERE decision_id = :decision_id"
_KEY = """
SELECT k.body_digest, d.body FROM idempotency_keys AS k
JOIN credit_decisions AS d ON d.decision_id = k.decision_id
WHERE k.client_id = :client_id AND k.idempotency_key = :idempotency_key
"""
_INSERT_KEY = """
INSERT INTO idempotency_keys (client_id, idempotency_key, body_digest, decision_id)
VALUES (:client_id, :idempotency_key, :body_digest, :decision_id)
"""
_NEWEST = """
SELECT body FROM credit_decisions WHERE customer_id = :customer_id ORDER BY decision_id DESC LIMIT :most
"""
_OLDER = """
SELECT body FROM credit_decisions WHERE customer_id = :customer_id AND decision_id < :before
ORDER BY decision_id DESC LIMIT :most
"""
_COUNT = "SELECT count(*) FROM credit_decisions"


def _by_key(session: RelationalSession, key: IdempotencyKey) -> bytes | None:
    """The body first recorded under this key. Raises IdempotencyConflict."""
    row = first(session, _KEY, {"client_id": key.client_id, "idempotency_key": key.key})
    if row is None:
        return None
    if row[0] != key.body_digest:
        raise IdempotencyConflict(key.key)
    return bytes(row[1])


def _by_id(session: RelationalSession, decision_id: str) -> bytes | None:
    row = first(session, _BODY, {"decision_id": decision_id})
    return None if row is None else bytes(row[0])


def _record(
    session: RelationalSession, decision: Decision, body: bytes, key: IdempotencyKey | None, at: datetime
) -> bytes | None:
    """None when recorded now, else the body recorded earlier. A decision id that comes again is fine with the
    same content and refused (VersionConflict) with another."""
    earlier = None if key is None else _by_key(session, key)
    if earlier is not None:
        return earlier
    try:
        session.change(_INSERT, _values(decision, body))
    except Duplicate:
        if _by_id(session, decision.decision_id) != body:
            raise VersionConflict(f"decision {decision.decision_id}", 0, 1) from None
        return body
    if key is not None:
        names = {"client_id": key.client_id, "idempotency_key": key.key, "body_digest": key.body_digest}
        session.change(_INSERT_KEY, {**names, "decision_id": decision.decision_id})
    insert_changes(session, [OutboxChange("decision", decision.decision_id, 1, body)])
    append_events(session, at, [_event(decision, body)])
    return None


def _values(decision: Decision, body: bytes) -> dict[str, object]:
    return {
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


def _event(decision: Decision, body: bytes) -> Event:
    """The audit trail says no more of it than its customer, its outcome and the content's digest."""
    told = {
        "customer_id": decision.application.customer_id,
        "digest": digest(body),
        "outcome": decision.verdict.outcome.value,
    }
    return Event(decision.client_id, "decision.recorded", decision.decision_id, canonical_json(told))


def _listed(session: RelationalSession, statement: str, values: Values) -> list[Decision]:
    return [decision_from_bytes(row[0]) for row in session.rows(statement, values)]


class SqlDecisionRecords:
    def __init__(self, database: RelationalDatabase, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def record(self, decision: Decision, key: IdempotencyKey | None) -> RecordedDecision:
        body, at = decision_bytes(decision), self._clock.now()
        earlier = await self._database.write(lambda s: _record(s, decision, body, key, at))
        if earlier is None:
            return RecordedDecision(decision, replayed=False)
        return RecordedDecision(decision_from_bytes(earlier), replayed=True)

    async def find(self, decision_id: str) -> Decision | None:
        body = await self._database.find(lambda s: _by_id(s, decision_id))
        return None if body is None else decision_from_bytes(body)

    async def find_by_key(self, key: IdempotencyKey) -> Decision | None:
        body = await self._database.read_newest(lambda s: _by_key(s, key))
        return None if body is None else decision_from_bytes(body)

    async def of_customer(
        self, customer_id: str, limit: int, before: str | None = None
    ) -> Sequence[Decision]:
        values = {"customer_id": customer_id, "most": limit, "before": before}
        statement = _NEWEST if before is None else _OLDER
        return await self._database.read(lambda s: _listed(s, statement, values))

    async def count(self) -> int:
        return await self._database.read(lambda s: integer(s, _COUNT))
