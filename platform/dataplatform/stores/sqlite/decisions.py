"""Decisions in SQLite: the pivot transaction (§4.3.1, §8.2)."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from credit.domain.canonical import decision_bytes, decision_from_bytes
from credit.domain.decision import Decision
from credit.domain.errors import IdempotencyConflict
from credit.ports.records import IdempotencyKey, RecordedDecision
from dataplatform.ingestion.projections import decision_digest
from dataplatform.stores.decision_rows import audit_body, recorded, same_or_conflict
from dataplatform.stores.sqlite.audit import append_entry
from dataplatform.stores.sqlite.database import Database
from dataplatform.stores.sqlite.outbox import insert_row
from foundation.clock import Clock
from foundation.instants import to_micros

_INSERT = """
INSERT INTO credit_decisions
  (decision_id, customer_id, outcome, policy_id, client_id, degraded, decided_at, body, digest)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (decision_id) DO NOTHING
"""
_BODY = "SELECT body FROM credit_decisions WHERE decision_id = ?"
_KEY = """
SELECT k.body_digest, d.body FROM idempotency_keys AS k
JOIN credit_decisions AS d ON d.decision_id = k.decision_id WHERE k.client_id = ? AND k.key = ?
"""
_INSERT_KEY = "INSERT INTO idempotency_keys (client_id, key, body_digest, decision_id) VALUES (?, ?, ?, ?)"
_NEWEST = "SELECT body FROM credit_decisions WHERE customer_id = ? ORDER BY decision_id DESC LIMIT ?"
_OLDER = """
SELECT body FROM credit_decisions WHERE customer_id = ? AND decision_id < ? ORDER BY decision_id DESC LIMIT ?
"""


def _by_key(connection: sqlite3.Connection, key: IdempotencyKey) -> bytes | None:
    """The body first recorded under this key. Raises IdempotencyConflict."""
    row = connection.execute(_KEY, (key.client_id, key.key)).fetchone()
    if row is None:
        return None
    if row[0] != key.body_digest:
        raise IdempotencyConflict(key.key)
    return bytes(row[1])


def _by_id(connection: sqlite3.Connection, decision_id: str) -> bytes | None:
    row = connection.execute(_BODY, (decision_id,)).fetchone()
    return None if row is None else bytes(row[0])


def _record(
    connection: sqlite3.Connection,
    decision: Decision,
    body: bytes,
    key: IdempotencyKey | None,
    at: datetime,
) -> bytes | None:
    """None when recorded now, else the body recorded earlier."""
    first = None if key is None else _by_key(connection, key)
    if first is not None:
        return first
    verdict = decision.verdict
    inserted = connection.execute(
        _INSERT,
        (
            decision.decision_id,
            decision.application.customer_id,
            verdict.outcome.value,
            verdict.policy_id,
            decision.client_id,
            int(decision.degraded),
            to_micros(decision.decided_at),
            body,
            decision_digest(decision),
        ),
    ).rowcount
    if not inserted:
        stored = _by_id(connection, decision.decision_id)
        return same_or_conflict(stored, decision.decision_id, body)
    append_entry(
        connection,
        at,
        decision.client_id,
        "decision.recorded",
        decision.decision_id,
        audit_body(decision, body),
    )
    insert_row(connection, "decision", decision.decision_id, 1, body)
    if key is not None:
        connection.execute(_INSERT_KEY, (key.client_id, key.key, key.body_digest, decision.decision_id))
    return None


class SqliteDecisionRecords:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def record(self, decision: Decision, key: IdempotencyKey | None) -> RecordedDecision:
        body, at = decision_bytes(decision), self._clock.now()
        first = await self._database.write(lambda c: _record(c, decision, body, key, at))
        return recorded(decision, first)

    async def find(self, decision_id: str) -> Decision | None:
        body = await self._database.read(lambda c: _by_id(c, decision_id))
        return None if body is None else decision_from_bytes(body)

    async def find_by_key(self, key: IdempotencyKey) -> Decision | None:
        body = await self._database.read(lambda c: _by_key(c, key))
        return None if body is None else decision_from_bytes(body)

    async def of_customer(
        self, customer_id: str, limit: int, before: str | None = None
    ) -> Sequence[Decision]:
        def work(connection: sqlite3.Connection) -> list[tuple[bytes]]:
            if before is None:
                return connection.execute(_NEWEST, (customer_id, limit)).fetchall()
            return connection.execute(_OLDER, (customer_id, before, limit)).fetchall()

        return [decision_from_bytes(row[0]) for row in await self._database.read(work)]

    async def count(self) -> int:
        return await self._database.read(
            lambda c: int(c.execute("SELECT count(*) FROM credit_decisions").fetchone()[0])
        )
