"""Policies and their activations in memory, in the tables of the other relational ports."""

from __future__ import annotations

from collections.abc import Sequence

from credit.domain.canonical import canonical_json
from credit.domain.policy import Policy, policy_bytes
from credit.ports.records import PolicyActivation, StoredPolicy
from dataplatform.stores.memory.relational import MemoryTables


class MemoryPolicyRecords:
    def __init__(self, tables: MemoryTables) -> None:
        self._tables = tables

    async def activate(self, policy: Policy, actor: str) -> bool:
        identity, at = policy.policy_id, self._tables.clock.now()
        in_force = await self.activations(policy.name, 1)
        if in_force and in_force[0].policy_id == identity:
            return False
        stored = StoredPolicy(identity, policy.name, policy.version, policy_bytes(policy), at)
        self._tables.policies.setdefault(identity, stored)
        self._tables.activations.append(PolicyActivation(policy.name, identity, at, actor))
        body = canonical_json({"policy_id": identity, "version": policy.version})
        self._tables.add_audit(actor, "policy.activated", policy.name, body)
        return True

    async def find(self, policy_id: str) -> StoredPolicy | None:
        return self._tables.policies.get(policy_id)

    async def activations(self, name: str, limit: int) -> Sequence[PolicyActivation]:
        return [item for item in reversed(self._tables.activations) if item.name == name][:limit]
