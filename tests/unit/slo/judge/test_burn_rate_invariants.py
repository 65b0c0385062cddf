"""The invariants every burn-rate engine must keep, over generated objectives, periods and traffic."""

from __future__ import annotations

import random
from datetime import timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from slo.judge.budget import budget_status
from slo.judge.burn_rate import TierBurn, WindowBurn, burns_above
from slo.judge.evaluate import evaluate
from slo.judge.status import status
from slo.ledger.ledger import Counts, LedgerRow
from slo.model.periods import Period
from slo.model.spec import Tier
from tests.support.memory_ledger import MemoryLedger
from tests.support.slo_samples import DAY, GOOGLE, HOUR, MINUTE, NOON, a_row, an_slo, key_of, steady

targets = st.integers(1, 99_999).map(lambda n: Fraction(n, 100_000))
shares = st.integers(1, 100).map(lambda n: Fraction(n, 100))
lengths = st.integers(1, 7 * 1440).map(lambda n: MINUTE * n)
periods = st.sampled_from([7, 28, 30, 90]).map(lambda n: DAY * n)
traffic = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=90)


def burn(good: int, bad: int, budget: Fraction) -> WindowBurn:
    return WindowBurn(HOUR, NOON - HOUR, NOON, Counts(good, good + bad, 60, 60), budget)


def rows_of(minutes: list[tuple[int, int]], scale: int = 1, source: str = "a/1") -> list[LedgerRow]:
    series = key_of(an_slo())
    first = NOON - MINUTE * len(minutes)
    return [
        a_row(series, first + MINUTE * i, good * scale, (good + bad) * scale, source)
        for i, (good, bad) in enumerate(minutes)
    ]


def ledger_of(rows: list[LedgerRow]) -> MemoryLedger:
    ledger = MemoryLedger()
    ledger.write(rows)
    return ledger


@given(shares, lengths, periods)
def test_factor_times_long_window_over_period_is_the_budget_share(
    share: Fraction, long: timedelta, period: timedelta
) -> None:
    tier = Tier("t", share, long, long, "P1")
    assert tier.factor(period) * (long // MINUTE) / (period // MINUTE) == share


def test_the_known_factors_come_out_exact() -> None:
    thirty = [tier.factor(30 * DAY) for tier in GOOGLE]
    assert thirty == [Fraction(72, 5), 6, 3, 1]
    assert [tier.factor(28 * DAY) for tier in GOOGLE] == [
        Fraction("13.44"),
        Fraction("5.6"),
        Fraction("2.8"),
        Fraction(14, 15),
    ]


@given(st.integers(1, 1000), st.integers(1, 1000))
def test_constant_errors_equal_to_the_budget_burn_once_in_every_window(bad: int, good: int) -> None:
    slo = an_slo(target=Fraction(good, good + bad))
    ledger = ledger_of(steady(slo, NOON - 3 * DAY, NOON, good, good + bad))
    (found,) = status([slo], ledger, "test", NOON)
    assert {window.burn for window in found.windows.values()} == {Fraction(1)}


@given(traffic, st.integers(2, 1000))
def test_scaling_traffic_changes_no_burn_no_ratio_and_no_verdict(
    minutes: list[tuple[int, int]], scale: int
) -> None:
    slo = an_slo(target=Fraction(9, 10))
    small = status([slo], ledger_of(rows_of(minutes)), "test", NOON)[0]
    large = status([slo], ledger_of(rows_of(minutes, scale)), "test", NOON)[0]
    assert [w.burn for w in small.windows.values()] == [w.burn for w in large.windows.values()]
    assert [tier.firing for tier in small.tiers] == [tier.firing for tier in large.tiers]
    assert small.compliance == large.compliance
    assert small.state == large.state


@given(traffic, st.data())
def test_adding_errors_never_raises_the_budget_left(
    minutes: list[tuple[int, int]], data: st.DataObject
) -> None:
    slo = an_slo(target=Fraction(9, 10))
    where = data.draw(st.integers(0, len(minutes) - 1))
    more = data.draw(st.integers(1, 20))
    worse = [(good, bad + more * (i == where)) for i, (good, bad) in enumerate(minutes)]
    before = status([slo], ledger_of(rows_of(minutes)), "test", NOON)[0].budget
    after = status([slo], ledger_of(rows_of(worse)), "test", NOON)[0].budget
    assert after.left_ratio <= before.left_ratio
    assert after.spent >= before.spent


@given(traffic, st.data())
def test_turning_a_good_event_bad_lowers_the_budget_left(
    minutes: list[tuple[int, int]], data: st.DataObject
) -> None:
    slo = an_slo(target=Fraction(9, 10))
    where = data.draw(st.integers(0, len(minutes) - 1))
    minutes[where] = (minutes[where][0] + 1, minutes[where][1])
    worse = [(good - (i == where), bad + (i == where)) for i, (good, bad) in enumerate(minutes)]
    before = status([slo], ledger_of(rows_of(minutes)), "test", NOON)[0].budget
    after = status([slo], ledger_of(rows_of(worse)), "test", NOON)[0].budget
    assert after.left_ratio < before.left_ratio
    assert after.left < before.left


@settings(max_examples=40)
@given(traffic, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_of_definitions_does_not_matter(
    minutes: list[tuple[int, int]], shuffler: random.Random
) -> None:
    slos = [an_slo(name=name) for name in ("a", "b", "c")]
    rows = [
        a_row(key_of(slo), row.minute, row.good, row.total, source)
        for slo in slos
        for source in ("x/1", "y/2")
        for row in rows_of(minutes)
    ]
    straight = evaluate(slos, ledger_of(rows), "test", NOON)
    shuffler.shuffle(rows)
    mixed = slos[:]
    shuffler.shuffle(mixed)
    other = evaluate(mixed, ledger_of(rows), "test", NOON)
    assert sorted(other.tiers, key=str) == sorted(straight.tiers, key=str)


@given(st.integers(0, 2000), st.integers(0, 2000), targets, shares)
def test_the_whole_number_comparison_is_the_exact_one(
    bad: int, good: int, target: Fraction, factor: Fraction
) -> None:
    total = good + bad
    exact = total > 0 and Fraction(bad, total) / (1 - target) > factor
    assert burns_above(bad, total, 1 - target, factor) == exact


def test_a_burn_that_equals_the_factor_does_not_fire() -> None:
    tier = Tier("t", Fraction(2, 100), HOUR, 5 * MINUTE, "P1")
    factor = tier.factor(30 * DAY)
    at = burn(1000 - 144, 144, Fraction(1, 100))
    above = burn(1000 - 145, 145, Fraction(1, 100))
    assert not TierBurn(tier, factor, at, at).firing
    assert TierBurn(tier, factor, above, above).firing
    assert not TierBurn(tier, factor, above, at).firing
    assert not TierBurn(tier, factor, at, above).firing


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_a_verdict_called_certain_holds_for_every_truth_within_the_bound(
    good: int, bad: int, bound: int, off_good: int, off_bad: int
) -> None:
    budget, factor = Fraction(1, 10), Fraction(3)
    counts = Counts(good, good + bad, 60, 60, bound)
    seen = WindowBurn(HOUR, NOON - HOUR, NOON, counts, budget)
    verdict = seen.certainly_exceeds(factor)
    if verdict is None or off_good + off_bad > bound:
        return
    for signs in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        true_good, true_bad = good + signs[0] * off_good, bad + signs[1] * off_bad
        if true_good >= 0 and true_bad >= 0:
            assert burns_above(true_bad, true_good + true_bad, budget, factor) == verdict


@given(st.integers(0, 10_000), st.integers(0, 10_000), targets)
def test_left_and_spent_make_the_whole_budget(good: int, bad: int, target: Fraction) -> None:
    period = Period(NOON - 30 * DAY, NOON, NOON)
    counts = Counts(good, good + bad, 43_200, 43_200)
    budget = budget_status(1 - target, counts, period, NOON - 40 * DAY)
    assert budget.left_ratio + budget.spent_ratio == 1
    assert budget.left + budget.spent == budget.allowed
    assert not budget.forecast
