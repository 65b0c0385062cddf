"""How few failures fire an alert: every limit of the sentence, on both sides."""

from __future__ import annotations

from fractions import Fraction

import pytest

from slo.judge.burn_rate import TierBurn, WindowBurn
from slo.judge.low_traffic import LowTraffic, failures_to_fire, low_traffic
from slo.ledger.ledger import Counts
from slo.model.spec import Tier
from tests.support.slo_samples import HOUR, MINUTE, NOON

BUDGET = Fraction(1, 100)


def tier(events: int, factor: Fraction, name: str = "page", window: int = 1, least: int = 0) -> TierBurn:
    length = window * HOUR
    counts = Counts(events, events, 60, 60)
    long = WindowBurn(length, NOON - length, NOON, counts, BUDGET)
    return TierBurn(Tier(name, BUDGET, length, MINUTE, "P1"), factor, long, long, least)


@pytest.mark.parametrize(
    ("events", "failures"),
    [(1, 1), (9, 1), (10, 2), (11, 2), (19, 2), (20, 3), (29, 3), (30, 4)],
)
def test_a_failure_more_than_the_limit_fires(events: int, failures: int) -> None:
    """At ten times a budget of 1 %, one of ten is exactly the limit, and the limit does not fire."""
    assert failures_to_fire(tier(events, Fraction(10)), events) == failures


def test_up_to_three_failures_are_few_and_four_are_not() -> None:
    assert low_traffic([tier(29, Fraction(10))]) == LowTraffic("page", HOUR, 29, 3)
    assert low_traffic([tier(30, Fraction(10))]) is None


def test_a_factor_that_no_number_of_failures_reaches_is_not_nervous() -> None:
    assert low_traffic([tier(2, Fraction(99))]) == LowTraffic("page", HOUR, 2, 2)
    assert low_traffic([tier(2, Fraction(100))]) is None


def test_no_events_and_a_minimum_of_events_hold_a_tier_back() -> None:
    assert low_traffic([tier(0, Fraction(10))]) is None
    assert low_traffic([tier(1, Fraction(10))]) is not None
    assert low_traffic([tier(9, Fraction(10), least=10)]) is None
    assert low_traffic([tier(9, Fraction(10), least=9)]) is not None


def test_the_most_nervous_tier_is_told_and_of_two_alike_the_shorter() -> None:
    calm, nervous = tier(25, Fraction(10), "calm"), tier(12, Fraction(10), "nervous", window=6)
    found = low_traffic([calm, nervous])
    assert found is not None
    assert found.tier == "nervous"
    alike = low_traffic([tier(12, Fraction(10), "long", window=6), tier(12, Fraction(10), "short")])
    assert alike is not None
    assert alike.tier == "short"


def test_one_failure_and_several_are_worded_apart() -> None:
    one, two = LowTraffic("page", HOUR, 9, 1), LowTraffic("page", HOUR, 19, 2)
    assert one.text.en == "at 9 events in 1h one failure fires page"
    assert one.text.pt == "com 9 eventos em 1h, uma falha dispara page"
    assert two.text.en == "at 19 events in 1h 2 failures fire page"
    assert two.text.pt == "com 19 eventos em 1h, 2 falhas disparam page"
