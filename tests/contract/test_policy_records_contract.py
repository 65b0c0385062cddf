"""What every PolicyRecords keeps to; each broken one breaks the promise it names."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
from datetime import timedelta
from pathlib import Path

import pytest

from credit.domain.policy import Policy, policy_bytes
from tests.support import broken_policies
from tests.support.credit_policies import TEXT, compiled
from tests.support.credit_samples import NOON
from tests.support.store_bench import RELATIONAL_ADAPTERS, Bench, memory_bench, open_bench
from tests.support.whole_chain import verify

DAY = timedelta(days=1)


def a_policy(version: str = "1", name: str = "sample") -> Policy:
    text = TEXT.replace('version: "1"', f'version: "{version}"').replace("policy: sample", f"policy: {name}")
    return compiled(text).spec


class PolicyContract:
    async def a_policy_is_kept_whole_under_its_content_id(self, bench: Bench) -> None:
        policy = a_policy()
        assert await bench.policies.activate(policy, "api")
        found = await bench.policies.find(policy.policy_id)
        assert found is not None
        assert (found.name, found.version, found.stored_at) == ("sample", "1", NOON)
        assert found.document == policy_bytes(policy)
        assert hashlib.sha256(found.document).hexdigest() == found.policy_id == policy.policy_id

    async def what_was_never_kept_is_not_found(self, bench: Bench) -> None:
        assert await bench.policies.find("f" * 64) is None
        assert list(await bench.policies.activations("sample", 10)) == []

    async def the_policy_in_force_is_not_activated_again(self, bench: Bench) -> None:
        assert await bench.policies.activate(a_policy(), "api")
        bench.clock.advance(DAY)
        assert not await bench.policies.activate(a_policy(), "api")
        assert len(await bench.policies.activations("sample", 10)) == 1
        assert len(await bench.audit.entries(10)) == 1

    async def the_newest_activation_comes_first(self, bench: Bench) -> None:
        for version in ("1", "2", "3"):
            await bench.policies.activate(a_policy(version), f"person-{version}")
            bench.clock.advance(DAY)
        newest, older = await bench.policies.activations("sample", 2)
        assert (newest.policy_id, newest.at) == (a_policy("3").policy_id, NOON + 2 * DAY)
        assert (newest.name, newest.actor) == ("sample", "person-3")
        assert (older.policy_id, older.at) == (a_policy("2").policy_id, NOON + DAY)

    async def a_policy_may_come_back(self, bench: Bench) -> None:
        for version in ("1", "2", "1"):
            assert await bench.policies.activate(a_policy(version), "api")
        history = [a.policy_id for a in await bench.policies.activations("sample", 10)]
        assert history == [a_policy(version).policy_id for version in ("1", "2", "1")]

    async def each_name_has_a_history_of_its_own(self, bench: Bench) -> None:
        for name in ("sample", "other"):
            assert await bench.policies.activate(a_policy(name=name), "api")
        assert not await bench.policies.activate(a_policy(), "api")
        assert [a.name for a in await bench.policies.activations("other", 10)] == ["other"]

    async def of_concurrent_activations_one_counts(self, bench: Bench) -> None:
        answers = await asyncio.gather(*(bench.policies.activate(a_policy(), "api") for _ in range(12)))
        assert sum(answers) == 1
        assert len(await bench.policies.activations("sample", 20)) == 1

    async def each_activation_is_audited(self, bench: Bench) -> None:
        for version in ("1", "2"):
            await bench.policies.activate(a_policy(version), "ana")
        entries = await bench.audit.entries(10)
        assert [(e.actor, e.action, e.subject) for e in entries] == [
            ("ana", "policy.activated", "sample")
        ] * 2
        assert a_policy("2").policy_id.encode() in entries[1].body
        assert verify(entries, []).intact


PROMISES = sorted(name for name, _ in inspect.getmembers(PolicyContract, inspect.isfunction))


@pytest.mark.parametrize("adapter", RELATIONAL_ADAPTERS)
@pytest.mark.parametrize("promise", PROMISES)
async def test_policy_records_keep_their_promises(promise: str, adapter: str, tmp_path: Path) -> None:
    async with open_bench(adapter, tmp_path) as bench:
        await getattr(PolicyContract(), promise)(bench)


@pytest.mark.parametrize("broken", broken_policies.POLICIES, ids=lambda broken: broken.__name__)
async def test_the_contract_catches_broken_policy_records(broken: type) -> None:
    bench = memory_bench()
    assert bench.memory is not None
    bench.policies = broken(bench.memory.tables, bench.clock)
    with pytest.raises((AssertionError, ValueError, pytest.fail.Exception)):
        await getattr(PolicyContract(), broken.breaks)(bench)  # type: ignore[attr-defined]
