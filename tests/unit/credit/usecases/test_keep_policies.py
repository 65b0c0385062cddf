"""Policies in force are kept when a process starts to decide."""

from __future__ import annotations

from credit.domain.compiled_policy import PolicyBook
from credit.usecases.keep_policies import keep_policies
from tests.support.credit_policies import TEXT, compiled
from tests.support.store_bench import memory_bench


async def test_every_policy_of_the_book_is_kept_and_a_second_start_adds_nothing() -> None:
    records = memory_bench().policies
    other = compiled(TEXT.replace("policy: sample", "policy: other"))
    book = PolicyBook([compiled(), other], "sample")
    assert await keep_policies(book, records, "api") == ["other", "sample"]
    assert await keep_policies(book, records, "api") == []
    assert await records.find(other.policy_id) is not None


async def test_a_changed_policy_is_in_force_from_the_next_start_on() -> None:
    records = memory_bench().policies
    await keep_policies(PolicyBook([compiled()], "sample"), records, "api")
    changed = compiled(TEXT.replace('version: "1"', 'version: "2"'))
    assert await keep_policies(PolicyBook([changed], "sample"), records, "api") == ["sample"]
    newest, _ = await records.activations("sample", 10)
    assert newest.policy_id == changed.policy_id
