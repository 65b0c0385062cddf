"""The error budget at its edges: just not spent, exactly spent, nothing expected."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest

from foundation.bilingual import Text
from slo.judge.budget import BudgetStatus, budget_status, exhaustion, poisson_range
from slo.judge.burn_rate import WindowBurn
from slo.ledger.ledger import Counts
from slo.model.periods import Period
from tests.support.slo_samples import DAY, HOUR, MINUTE, NOON

MONTH = Period(NOON - 30 * DAY, NOON, NOON)


def budget(spent: int, expected: int = 1000, ratio: Fraction = Fraction(1, 100)) -> BudgetStatus:
    return BudgetStatus(ratio, expected, spent, Text("counted", "contado"), forecast=False)


def last_hour(bad: int, total: int = 100) -> WindowBurn:
    return WindowBurn(HOUR, NOON - HOUR, NOON, Counts(total - bad, total, 60, 60), Fraction(1, 100))


@pytest.mark.parametrize(("spent", "exhausted"), [(0, False), (9, False), (10, True), (11, True)])
def test_a_budget_is_exhausted_once_all_of_it_is_spent(spent: int, exhausted: bool) -> None:
    """1 % of 1,000 events is ten; the tenth bad one takes the last of it."""
    assert budget(spent).exhausted is exhausted
    assert budget(spent).left == 10 - spent
    assert budget(spent).left_ratio == 1 - Fraction(spent, 10)


def test_a_budget_smaller_than_one_event_is_exhausted_by_one() -> None:
    assert budget(1, expected=99).exhausted
    assert not budget(0, expected=99).exhausted


def test_nothing_expected_and_nothing_failed_is_a_whole_budget() -> None:
    empty = budget(0, expected=0)
    assert not empty.exhausted
    assert empty.spent_ratio == 0
    assert empty.left_ratio == 1


@pytest.mark.parametrize("spent", [10, 11])
@pytest.mark.parametrize("bad", [0, 5])
def test_an_exhausted_budget_is_gone_now_whatever_the_last_hour_was_like(spent: int, bad: int) -> None:
    gone = exhaustion(budget(spent), last_hour(bad))
    assert gone is not None
    assert (gone.after, gone.earliest, gone.latest) == (timedelta(0), timedelta(0), timedelta(0))


def test_a_budget_with_one_event_left_lasts_until_the_next_one_fails() -> None:
    nearly = exhaustion(budget(9), last_hour(5))
    assert nearly is not None
    assert nearly.after == HOUR / 5
    assert exhaustion(budget(9), last_hour(0)) is None


@pytest.mark.parametrize(
    ("history", "expected", "forecast"),
    [(30 * DAY, 1000, False), (30 * DAY - MINUTE, 1001, True), (15 * DAY, 2000, True), (0 * DAY, 1000, True)],
)
def test_a_period_is_counted_once_it_is_known_from_its_first_minute(
    history: timedelta, expected: int, forecast: bool
) -> None:
    counts = Counts(990, 1000, 43_200, 43_200)
    found = budget_status(Fraction(1, 100), counts, MONTH, NOON - history)
    assert (found.expected_events, found.forecast) == (expected, forecast)


def test_nothing_is_forecast_of_a_service_without_events() -> None:
    assert exhaustion(budget(0, expected=0), last_hour(5)) is None


def test_what_may_last_over_a_century_has_no_latest_end() -> None:
    lasting = exhaustion(budget(0, expected=10**14), last_hour(1))
    assert lasting is not None
    assert lasting.latest is None
    ending = exhaustion(budget(0), last_hour(20))
    assert ending is not None
    assert ending.latest is not None
    assert ending.earliest < ending.after < ending.latest


def test_nothing_seen_may_still_be_a_few() -> None:
    """Garwood's exact upper bound for no event is 3.69."""
    low, high = poisson_range(0)
    assert low == 0
    assert high == pytest.approx(3.69, rel=0.03)
