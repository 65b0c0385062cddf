"""Policy records that are wrong in one way each; ``breaks`` names the promise that catches it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from credit.domain.policy import Policy
from credit.ports.records import PolicyActivation, StoredPolicy
from dataplatform.stores.relational.policies import SqlPolicyRecords
from tests.support.broken_stores import changed, emptied


class KeepsTheNameAlone(SqlPolicyRecords):
    breaks = "a_policy_is_kept_whole_under_its_content_id"

    async def find(self, policy_id: str) -> StoredPolicy | None:
        found = await super().find(policy_id)
        return found and replace(found, document=found.name.encode())


class ActivatesAgainAndAgain(SqlPolicyRecords):
    breaks = "the_policy_in_force_is_not_activated_again"

    async def activate(self, policy: Policy, actor: str) -> bool:
        await changed(self._database, "UPDATE credit_policy_activations SET name = 'was'")
        return await super().activate(policy, actor)


class RefusesToGoBack(SqlPolicyRecords):
    breaks = "a_policy_may_come_back"

    async def activate(self, policy: Policy, actor: str) -> bool:
        known = await self.find(policy.policy_id) is not None
        return False if known else await super().activate(policy, actor)


class OldestActivationFirst(SqlPolicyRecords):
    breaks = "the_newest_activation_comes_first"

    async def activations(self, name: str, limit: int) -> Sequence[PolicyActivation]:
        return list(reversed(await super().activations(name, 1_000)))[:limit]


class MixesNames(SqlPolicyRecords):
    breaks = "each_name_has_a_history_of_its_own"

    async def activations(self, name: str, limit: int) -> Sequence[PolicyActivation]:
        names = "SELECT DISTINCT name FROM credit_policy_activations"
        known = await self._database.read(lambda s: s.rows(names))
        return [one for row in known for one in await super(MixesNames, self).activations(row[0], limit)]


class LooksThenActivates(ActivatesAgainAndAgain):
    breaks = "of_concurrent_activations_one_counts"

    async def activate(self, policy: Policy, actor: str) -> bool:
        in_force = await self.activations(policy.name, 1)
        await asyncio.sleep(0)
        known = bool(in_force) and in_force[0].policy_id == policy.policy_id
        return False if known else await super().activate(policy, actor)


class ActivatesInSilence(SqlPolicyRecords):
    breaks = "each_activation_is_audited"

    async def activate(self, policy: Policy, actor: str) -> bool:
        activated = await super().activate(policy, actor)
        if activated:
            await emptied(self._database, "audit")
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
