"""Policies and their activations in MySQL (§4.1.1 ``credit_policies``)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from credit.domain.canonical import canonical_json
from credit.domain.policy import Policy, policy_bytes
from credit.ports.records import PolicyActivation, StoredPolicy
from dataplatform.stores.mysql.audit import Event, append_events, lock_head
from dataplatform.stores.mysql.database import MysqlDatabase
from foundation.clock import Clock
from foundation.instants import from_micros, to_micros

_INSERT = text("""
INSERT INTO credit_policies (policy_id, name, version, document, stored_at)
VALUES (:policy_id, :name, :version, :document, :stored_at)
""")
_ACTIVATE = text("""
INSERT INTO credit_policy_activations (name, policy_id, activated_at, actor)
VALUES (:name, :policy_id, :activated_at, :actor)
""")
_BY_ID = text("""
SELECT policy_id, name, version, document, stored_at FROM credit_policies WHERE policy_id = :policy_id
""")
_NEWEST = text("""
SELECT name, policy_id, activated_at, actor FROM credit_policy_activations
WHERE name = :name ORDER BY number DESC LIMIT :most
""")


def _activate(connection: Connection, policy: Policy, actor: str, at: datetime) -> bool:
    """Activations pass one at a time, by the lock of the audit trail: two processes that start together
    activate a policy once."""
    lock_head(connection)
    identity, micros = policy.policy_id, to_micros(at)
    in_force = connection.execute(_NEWEST, {"name": policy.name, "most": 1}).one_or_none()
    if in_force is not None and in_force[1] == identity:
        return False
    if connection.execute(_BY_ID, {"policy_id": identity}).one_or_none() is None:
        stored = {"version": policy.version, "document": policy_bytes(policy), "stored_at": micros}
        connection.execute(_INSERT, {"policy_id": identity, "name": policy.name, **stored})
    activation = {"name": policy.name, "policy_id": identity, "activated_at": micros, "actor": actor}
    connection.execute(_ACTIVATE, activation)
    body = canonical_json({"policy_id": identity, "version": policy.version})
    append_events(connection, at, [Event(actor, "policy.activated", policy.name, body)])
    return True


class MysqlPolicyRecords:
    def __init__(self, database: MysqlDatabase, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def activate(self, policy: Policy, actor: str) -> bool:
        at = self._clock.now()
        return await self._database.write(lambda c: _activate(c, policy, actor, at))

    async def find(self, policy_id: str) -> StoredPolicy | None:
        values = {"policy_id": policy_id}
        row = await self._database.find(lambda c: c.execute(_BY_ID, values).one_or_none())
        return None if row is None else StoredPolicy(row[0], row[1], row[2], row[3], from_micros(row[4]))

    async def activations(self, name: str, limit: int) -> Sequence[PolicyActivation]:
        rows = await self._database.read(lambda c: c.execute(_NEWEST, {"name": name, "most": limit}).all())
        return [PolicyActivation(row[0], row[1], from_micros(row[2]), row[3]) for row in rows]
