"""Policy records that are wrong in one way each; ``breaks`` names the promise that catches it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from credit.domain.policy import Policy
from credit.ports.records import PolicyActivation, StoredPolicy
from dataplatform.stores.memory.policies import MemoryPolicyRecords


class KeepsTheNameAlone(MemoryPolicyRecords):
    breaks = "a_policy_is_kept_whole_under_its_content_id"

    async def find(self, policy_id: str) -> StoredPolicy | None:
        found = await super().find(policy_id)
        return found and replace(found, document=found.name.encode())


class ActivatesAgainAndAgain(MemoryPolicyRecords):
    breaks = "the_policy_in_force_is_not_activated_again"

    async def activations(self, name: str, limit: int) -> Sequence[PolicyActivation]:
        return await super().activations(name, limit) if limit > 1 else []


class RefusesToGoBack(MemoryPolicyRecords):
    breaks = "a_policy_may_come_back"

    async def activate(self, policy: Policy, actor: str) -> bool:
        known = await self.find(policy.policy_id) is not None
        return False if known else await super().activate(policy, actor)


class OldestActivationFirst(MemoryPolicyRecords):
    breaks = "the_newest_activation_comes_first"

    async def activations(self, name: str, limit: int) -> Sequence[PolicyActivation]:
        return list(reversed(await super().activations(name, 1_000)))[:limit]


class MixesNames(MemoryPolicyRecords):
    breaks = "each_name_has_a_history_of_its_own"

    async def activations(self, name: str, limit: int) -> Sequence[PolicyActivation]:
        return list(reversed(self._tables.activations))[:limit]


class LooksThenActivates(MemoryPolicyRecords):
    breaks = "of_concurrent_activations_one_counts"

    async def activations(self, name: str, limit: int) -> Sequence[PolicyActivation]:
        found = await super().activations(name, limit)
        await asyncio.sleep(0)
        return found


class ActivatesInSilence(MemoryPolicyRecords):
    breaks = "each_activation_is_audited"

    async def activate(self, policy: Policy, actor: str) -> bool:
        activated = await super().activate(policy, actor)
        if activated:
            self._tables.audit.pop()
        return activated


POLICIES = [
    KeepsTheNameAlone,
    ActivatesAgainAndAgain,
    RefusesToGoBack,
    OldestActivationFirst,
    MixesNames,
    LooksThenActivates,
    ActivatesInSilence,
]
