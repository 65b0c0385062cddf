"""Bucket sums over everything: what they see, what they cannot see, and what they cost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplatform.consistency.buckets import (
    BucketSums,
    Fingerprint,
    bucket_of,
    differing,
)
from dataplatform.consistency.full_pass import FullPass, Walks, full_pass
from dataplatform.consistency.plan import CheckPlan
from dataplatform.consistency.sides import HotSide, WideSide
from tests.support.credit_samples import a_decision, a_hot_item, a_profile, a_transaction
from tests.support.drift import sqlite_vandals
from tests.support.open_platform import OpenPlatform, database_of, opened

BUCKETS = 64
prints = st.builds(
    Fingerprint,
    st.tuples(st.text(max_size=6), st.sampled_from(["PROFILE", "TXN#1"])),
    st.integers(0, 9),
    st.text(max_size=4),
)


def sums(fingerprints: Sequence[Fingerprint]) -> BucketSums:
    made = BucketSums(BUCKETS)
    made.add(fingerprints)
    return made


@given(st.lists(prints, max_size=30), st.randoms())
def test_order_does_not_matter(found: list[Fingerprint], dice: object) -> None:
    shuffled = list(found)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert differing(sums(found), sums(shuffled)) == frozenset()


@given(prints, st.integers(1, 9))
def test_a_duplicate_or_another_version_or_digest_is_seen_in_its_bucket(one: Fingerprint, more: int) -> None:
    bucket = {bucket_of(one.place, BUCKETS)}
    for other in (
        [],
        [one, one],
        [replace(one, version=one.version + more)],
        [replace(one, digest="another")],
    ):
        assert differing(sums([one]), sums(other)) == bucket


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[OpenPlatform]:
    async with opened(tmp_path) as platform:
        stores = platform.platform
        await stores.customers.upsert_many([a_profile(n, version=2) for n in range(1, 41)])
        pending = a_transaction(99, customer=1, status="PENDING")
        await stores.transactions.add_many([*(a_transaction(n, customer=n) for n in range(1, 21)), pending])
        for number in range(1, 21):
            await stores.decisions.record(a_decision(number, customer=number), None)
        await platform.projector.drain()
        yield platform


async def passed(bench: OpenPlatform, *, wide: bool = False) -> FullPass:
    stores = bench.platform
    side = WideSide(stores.wide) if wide else HotSide(stores.hot)
    return await full_pass(Walks(stores.comparison, side), bench.clock.now(), BUCKETS)


async def test_equal_stores_are_equal_in_every_bucket_of_both_pairs(bench: OpenPlatform) -> None:
    for wide in (False, True):
        done = await passed(bench, wide=wide)
        assert (done.compared, done.differing_buckets, list(done.suspects)) == (81, 0, [])


async def test_each_difference_of_place_version_or_digest_is_doubted_and_nothing_else(
    bench: OpenPlatform, tmp_path: Path
) -> None:
    vandal = sqlite_vandals(tmp_path / "mirante")["hot"]
    vandal.remove(("C-00001", "PROFILE"))
    vandal.set_version(("C-00002", "PROFILE"), 1)
    vandal.set_digest(("C-00003", "PROFILE"), "f" * 64)
    await bench.platform.hot.put_if_newer(a_hot_item(customer=999))
    done = await passed(bench)
    assert sorted(suspect.place[0] for suspect in done.suspects) == [
        "C-00001",
        "C-00002",
        "C-00003",
        "C-00999",
    ]
    assert done.compared == 82


async def test_content_behind_an_unchanged_digest_is_for_the_deep_comparison_alone(
    bench: OpenPlatform, tmp_path: Path
) -> None:
    sqlite_vandals(tmp_path / "mirante")["hot"].change_content(("C-00004", "PROFILE"))
    assert list((await passed(bench)).suspects) == []
    hot = (await bench.monitor(CheckPlan(settle_seconds=0.0)).run_once(repair=False))[0]
    assert hot.report.divergent_by_class["mismatch"] == 1


async def test_a_row_without_a_digest_is_looked_at_and_found_equal(bench: OpenPlatform) -> None:
    database = database_of(bench.platform, "relational")
    await database.write(lambda c: c.execute("UPDATE customers SET digest = NULL").rowcount)
    assert len((await passed(bench)).suspects) == 40
    plan = CheckPlan(sample=1, settle_seconds=0.0)
    hot = (await bench.monitor(plan).run_once(repair=False))[0]
    assert (hot.report.divergent, hot.report.coverage_ratio) == (0, 1.0)


async def test_an_expired_record_is_expected_nowhere(bench: OpenPlatform) -> None:
    await bench.clock.sleep(40 * 86_400.0)
    assert list((await passed(bench)).suspects) == []


async def test_everything_is_covered_when_it_is_due_and_the_report_says_since_when(
    bench: OpenPlatform,
) -> None:
    began = bench.clock.now()
    monitor = bench.monitor(CheckPlan(sample=5, settle_seconds=0.0, full_every_seconds=600.0))
    first = (await monitor.run_once(repair=False))[0].report
    assert (first.covered_since, first.coverage_ratio, first.deep_complete) == (began, 1.0, False)
    assert first.lower_bound_ratio is not None
    assert first.lower_bound_ratio < 1.0, "digests prove nothing about contents"
    await bench.clock.sleep(300.0)
    second = (await monitor.run_once(repair=False))[0].report
    assert second.covered_since == began
    assert second.coverage_ratio < 1.0
    await bench.clock.sleep(300.0)
    third = (await monitor.run_once(repair=False))[0].report
    assert (third.covered_since, third.coverage_ratio) == (bench.clock.now(), 1.0)
