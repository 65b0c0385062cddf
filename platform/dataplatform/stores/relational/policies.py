"""Policies and their activations (§4.1.1 ``credit_policies``)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from credit.domain.canonical import canonical_json
from credit.domain.policy import Policy, policy_bytes
from credit.ports.records import PolicyActivation, StoredPolicy
from dataplatform.stores.relational.audit import Event, append_events
from dataplatform.stores.relational.session import RelationalDatabase, RelationalSession, first
from foundation.clock import Clock
from foundation.instants import from_micros, to_micros

_INSERT = """
INSERT INTO credit_policies (policy_id, name, version, document, stored_at)
VALUES (:policy_id, :name, :version, :document, :stored_at)
"""
_ACTIVATE = """
INSERT INTO credit_policy_activations (name, policy_id, activated_at, actor)
VALUES (:name, :policy_id, :activated_at, :actor)
"""
_BY_ID = """
SELECT policy_id, name, version, document, stored_at FROM credit_policies WHERE policy_id = :policy_id
"""
_NEWEST = """
SELECT name, policy_id, activated_at, actor FROM credit_policy_activations
WHERE name = :name ORDER BY number DESC LIMIT :most
"""


def _activate(session: RelationalSession, policy: Policy, actor: str, at: datetime) -> bool:
    """Activations pass one at a time, by the lock of the audit trail: two processes that start together
    activate a policy once."""
    session.lock_trail()
    identity, micros = policy.policy_id, to_micros(at)
    in_force = first(session, _NEWEST, {"name": policy.name, "most": 1})
    if in_force is not None and in_force[1] == identity:
        return False
    if first(session, _BY_ID, {"policy_id": identity}) is None:
        stored = {"version": policy.version, "document": policy_bytes(policy), "stored_at": micros}
        session.change(_INSERT, {"policy_id": identity, "name": policy.name, **stored})
    session.change(
        _ACTIVATE, {"name": policy.name, "policy_id": identity, "activated_at": micros, "actor": actor}
    )
    body = canonical_json({"policy_id": identity, "version": policy.version})
    append_events(session, at, [Event(actor, "policy.activated", policy.name, body)])
    return True


class SqlPolicyRecords:
    def __init__(self, database: RelationalDatabase, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def activate(self, policy: Policy, actor: str) -> bool:
        at = self._clock.now()
        return await self._database.write(lambda s: _activate(s, policy, actor, at))

    async def find(self, policy_id: str) -> StoredPolicy | None:
        row = await self._database.find(lambda s: first(s, _BY_ID, {"policy_id": policy_id}))
        return None if row is None else StoredPolicy(row[0], row[1], row[2], row[3], from_micros(row[4]))

    async def activations(self, name: str, limit: int) -> Sequence[PolicyActivation]:
        rows = await self._database.read(lambda s: s.rows(_NEWEST, {"name": name, "most": limit}))
        return [PolicyActivation(row[0], row[1], from_micros(row[2]), row[3]) for row in rows]
