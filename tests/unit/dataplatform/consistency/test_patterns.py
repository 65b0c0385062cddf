"""Anomalous patterns (§8.3.5): each is seen in its own history, and an ordinary one shows none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from dataplatform.consistency.patterns import PastCheck, Pattern, patterns
from dataplatform.consistency.plan import CheckPlan
from dataplatform.stores.sqlite.check_log import latest_checks
from tests.support.credit_samples import NOON, a_profile
from tests.support.open_platform import opened

CLASSES = ("missing", "stale", "mismatch", "orphan")


def a_check(
    ago: int = 0,
    *differences: int,
    pair: str = "hot",
    covered: timedelta = timedelta(0),
    place: str | None = None,
) -> PastCheck:
    at = NOON - timedelta(minutes=10 * ago)
    by_class = dict(zip(CLASSES, (*differences, 0, 0, 0, 0), strict=False))
    places = frozenset() if place is None else frozenset({(place, "PROFILE")})
    return PastCheck(pair, at, 10_000, by_class, at - covered, places)


def seen(*history: PastCheck, other: Sequence[PastCheck] = ()) -> set[Pattern]:
    return set(patterns([history, other] if other else [history])[history[0].pair])


def test_single_differences_now_and_then_are_no_pattern() -> None:
    history = [a_check(n, n % 3, (n + 1) % 2) for n in range(12)]
    assert seen(*history, other=[a_check(0, 2, 1, pair="wide")]) == set()


def test_many_more_than_usual_are_a_sudden_rise() -> None:
    usual = [a_check(n, 2, 2, 2) for n in range(1, 6)]
    assert Pattern.SUDDEN_RISE in seen(a_check(0, 10, 10, 10), *usual)
    assert Pattern.SUDDEN_RISE not in seen(a_check(0, 7, 7, 7), *usual)


def test_a_rise_needs_something_to_rise_from() -> None:
    assert Pattern.SUDDEN_RISE not in seen(a_check(0, 10, 10, 10), a_check(1))
    assert Pattern.SUDDEN_RISE in seen(a_check(0, 10, 10, 10), *(a_check(n) for n in range(1, 4)))


def test_one_class_that_dominates_is_seen_from_ten_differences_on() -> None:
    assert Pattern.ONE_CLASS in seen(a_check(0, 19, 1))
    assert Pattern.ONE_CLASS not in seen(a_check(0, 9))
    assert Pattern.ONE_CLASS not in seen(a_check(0, 10, 10))


def test_one_pair_that_has_nearly_all_of_them_is_seen() -> None:
    calm = [a_check(0, 1, pair="wide")]
    assert Pattern.ONE_PAIR in seen(a_check(0, 5, 10), other=calm)
    assert Pattern.ONE_PAIR not in seen(a_check(0, 5, 10), other=[a_check(0, 5, 5, pair="wide")])
    assert Pattern.ONE_PAIR not in seen(a_check(0, 5, 10))
    found = patterns([[a_check(0, 5, 10)], calm])
    assert found["wide"] == frozenset()


def test_the_same_record_check_after_check_is_lasting() -> None:
    assert Pattern.LASTING in seen(*(a_check(n, 1, place="C-1") for n in range(3)))
    assert Pattern.LASTING not in seen(*(a_check(n, 1, place=f"C-{n}") for n in range(3)))
    assert Pattern.LASTING not in seen(*(a_check(n, 1, place="C-1") for n in range(2)))


def test_an_oldest_record_that_grows_older_is_unchecked() -> None:
    stuck = [a_check(n, covered=timedelta(hours=2) - timedelta(minutes=10 * n)) for n in range(5)]
    assert len({check.covered_since for check in stuck}) == 1
    assert seen(*stuck) == {Pattern.UNCHECKED}
    assert seen(*(a_check(n, covered=timedelta(hours=2)) for n in range(5))) == set()


@pytest.mark.parametrize("repair", [False, True])
async def test_real_checks_of_damaged_stores_raise_and_end_the_patterns(tmp_path: Path, repair: bool) -> None:
    async with opened(tmp_path) as bench:
        await bench.platform.customers.upsert_many([a_profile(n) for n in range(1, 61)])
        await bench.projector.drain()
        monitor = bench.monitor(CheckPlan(settle_seconds=0.0))
        on_file = tmp_path / "mirante" / "data" / "consistency.sqlite"

        async def check() -> dict[str, set[str]]:
            await monitor.run_once(repair=repair)
            await bench.clock.sleep(60.0)
            return {
                reading.pair: {name for name, is_seen in reading.patterns.items() if is_seen}
                for reading in latest_checks(on_file)
            }

        for _ in range(3):
            assert await check() == {"relational-hot": set(), "relational-wide": set()}
        for number in range(1, 21):
            await bench.platform.hot.delete(f"C-{number:05d}", "PROFILE")
        first = await check()
        assert first == {"relational-hot": {"sudden_rise", "one_class", "one_pair"}, "relational-wide": set()}
        await check()
        last = await check()
        assert last["relational-hot"] == (set() if repair else {"one_class", "one_pair", "lasting"})
        hot = latest_checks(on_file)[0]
        assert (hot.repaired, hot.by_class["missing"]) == ((20, 0) if repair else (0, 20))
