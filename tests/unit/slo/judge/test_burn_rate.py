"""Each comparison of a burn, on both sides of its edge."""

from __future__ import annotations

from fractions import Fraction

import pytest

from slo.judge.burn_rate import TierBurn, WindowBurn, burns_above
from slo.ledger.ledger import Counts
from slo.model.spec import Tier
from tests.support.slo_samples import HOUR, MINUTE, NOON

BUDGET = Fraction(1, 100)
TIER = Tier("page-fast", Fraction(2, 100), HOUR, 5 * MINUTE, "P1")


def burn(bad: int, total: int, bound: int | None = None, budget: Fraction = BUDGET) -> WindowBurn:
    return WindowBurn(HOUR, NOON - HOUR, NOON, Counts(total - bad, total, 60, 60, bound), budget)


def tier(
    long: WindowBurn, short: WindowBurn, factor: int = 10, min_events: int = 0, min_bad: int = 0
) -> TierBurn:
    return TierBurn(TIER, Fraction(factor), long, short, min_events, min_bad)


@pytest.mark.parametrize(("bad", "above"), [(99, False), (100, False), (101, True)])
def test_a_burn_is_above_a_factor_only_beyond_it(bad: int, above: bool) -> None:
    assert burns_above(bad, 1000, BUDGET, Fraction(10)) is above
    assert burn(bad, 1000).exceeds(Fraction(10)) is above


def test_no_events_burn_nothing_and_have_no_ratio() -> None:
    quiet = burn(0, 0)
    assert quiet.error_ratio is None
    assert quiet.burn is None
    assert not quiet.exceeds(Fraction(0))
    assert burn(0, 1).burn == 0


@pytest.mark.parametrize(("events", "enough"), [(49, False), (50, True), (51, True)])
def test_a_tier_fires_from_the_least_number_of_events_on(events: int, enough: bool) -> None:
    storm = tier(burn(events, events), burn(1, 1), min_events=50)
    assert storm.burning
    assert storm.enough_events is storm.active is storm.firing is enough


@pytest.mark.parametrize(("bad", "enough"), [(1, False), (2, True), (3, True)])
def test_a_tier_fires_from_the_least_number_of_bad_events_on(bad: int, enough: bool) -> None:
    nervous = tier(burn(bad, 5), burn(1, 1), min_bad=2)
    assert nervous.burning
    assert nervous.enough_events is nervous.active is nervous.firing is enough


def test_both_windows_have_to_burn() -> None:
    high, low = burn(2, 10), burn(0, 10)
    assert tier(high, high).firing
    assert not tier(high, low).burning
    assert not tier(low, high).burning


def test_a_tier_that_has_not_held_is_active_and_does_not_fire() -> None:
    pending = TierBurn(TIER, Fraction(10), burn(2, 10), burn(2, 10), held=False)
    assert pending.active
    assert not pending.firing


@pytest.mark.parametrize(
    ("bad", "total", "bound", "certain"),
    [
        (101, 1000, None, True),
        (101, 1000, 0, True),
        (99, 1000, None, False),
        (102, 1000, 1, True),  # 101 of 1001 is still above a tenth
        (101, 1000, 1, None),  # 100 of 1001 is not
        (101, 1009, 1, None),  # 100 of 1010 is not, and 100 of 1009 would not be told from it
        (99, 1000, 1, None),  # 100 of 999 is above
        (98, 1000, 1, False),  # 99 of 999 is not
    ],
)
def test_an_error_bound_leaves_a_verdict_open_only_where_it_could_turn_it(
    bad: int, total: int, bound: int | None, certain: bool | None
) -> None:
    assert burn(bad, total, bound).certainly_exceeds(Fraction(10)) is certain


def test_a_bound_counts_what_may_be_missing_from_the_total_too() -> None:
    assert burn(11, 99, 1).certainly_exceeds(Fraction(10)) is None  # 10 of 100 is not above, 10 of 99 is


def test_errors_that_may_be_more_than_all_events_are_at_most_all_of_them() -> None:
    half = Fraction(1, 2)
    assert burn(0, 5, 5, half).certainly_exceeds(Fraction(2)) is False
    assert burn(0, 5, 5, half).certainly_exceeds(Fraction(1)) is None


def test_a_tier_is_certain_when_one_window_surely_does_not_burn_or_both_are_known() -> None:
    burning, calm, open_ = burn(2, 10), burn(0, 10), burn(1, 10, 1)
    assert open_.certainly_exceeds(Fraction(10)) is None
    assert tier(burning, burning).certain
    assert tier(calm, open_).certain
    assert tier(open_, calm).certain
    assert not tier(burning, open_).certain
    assert not tier(open_, burning).certain
