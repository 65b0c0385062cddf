"""Policies and their activations in SQLite (§4.1.1 ``credit_policies``)."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from credit.domain.canonical import canonical_json
from credit.domain.policy import Policy, policy_bytes
from credit.ports.records import PolicyActivation, StoredPolicy
from dataplatform.stores.sqlite.audit import append_entry
from dataplatform.stores.sqlite.database import Database
from foundation.clock import Clock
from foundation.instants import from_micros, to_micros

_INSERT = """
INSERT INTO credit_policies (policy_id, name, version, document, stored_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (policy_id) DO NOTHING
"""
_ACTIVATE = """
INSERT INTO credit_policy_activations (name, policy_id, activated_at, actor) VALUES (?, ?, ?, ?)
"""
_BY_ID = "SELECT policy_id, name, version, document, stored_at FROM credit_policies WHERE policy_id = ?"
_NEWEST = """
SELECT name, policy_id, activated_at, actor FROM credit_policy_activations
WHERE name = ? ORDER BY number DESC LIMIT ?
"""


def _activate(connection: sqlite3.Connection, policy: Policy, actor: str, at: datetime) -> bool:
    identity = policy.policy_id
    in_force = connection.execute(_NEWEST, (policy.name, 1)).fetchone()
    if in_force is not None and in_force[1] == identity:
        return False
    values = (identity, policy.name, policy.version, policy_bytes(policy), to_micros(at))
    connection.execute(_INSERT, values)
    connection.execute(_ACTIVATE, (policy.name, identity, to_micros(at), actor))
    body = canonical_json({"policy_id": identity, "version": policy.version})
    append_entry(connection, at, actor, "policy.activated", policy.name, body)
    return True


class SqlitePolicyRecords:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def activate(self, policy: Policy, actor: str) -> bool:
        at = self._clock.now()
        return await self._database.write(lambda c: _activate(c, policy, actor, at))

    async def find(self, policy_id: str) -> StoredPolicy | None:
        row = await self._database.read(lambda c: c.execute(_BY_ID, (policy_id,)).fetchone())
        return None if row is None else StoredPolicy(row[0], row[1], row[2], row[3], from_micros(row[4]))

    async def activations(self, name: str, limit: int) -> Sequence[PolicyActivation]:
        rows = await self._database.read(lambda c: c.execute(_NEWEST, (name, limit)).fetchall())
        return [PolicyActivation(row[0], row[1], from_micros(row[2]), row[3]) for row in rows]
