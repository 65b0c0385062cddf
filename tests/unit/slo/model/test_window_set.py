"""A window set chosen for one period serves SLOs of any other: the same burn rates, in proportion."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest

from foundation.quantities import duration_text
from slo.loaders.catalogue_files import load_catalogue

GOOGLE = load_catalogue().windows["google-30d"]
FACTORS = [Fraction("14.4"), Fraction(6), Fraction(3), Fraction(1)]


def windows(days: int) -> list[str]:
    tiers = GOOGLE.tiers_for(timedelta(days=days))
    return [f"{duration_text(tier.long_window)} {duration_text(tier.short_window)}" for tier in tiers]


def test_its_own_period_gets_what_is_written() -> None:
    assert GOOGLE.tiers_for(timedelta(days=30)) is GOOGLE.tiers


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (1, ["5m 5m", "12m 5m", "50m 5m", "145m 12m"]),
        (7, ["14m 5m", "85m 7m", "6h 30m", "17h 85m"]),
        (14, ["30m 5m", "170m 14m", "11h 55m", "34h 170m"]),
        (28, ["1h 5m", "6h 30m", "1d 2h", "3d 6h"]),
        (31, ["1h 5m", "6h 30m", "1d 2h", "3d 6h"]),
        (90, ["3h 15m", "18h 90m", "3d 6h", "4d 18h"]),
    ],
)
def test_windows_follow_the_period_in_whole_units(days: int, expected: list[str]) -> None:
    assert windows(days) == expected


@pytest.mark.parametrize("hours", [6, 12, 24, 72, 168, 336, 672, 744, 2_160, 8_760])
def test_burn_rates_stay_whatever_the_period(hours: int) -> None:
    """So none fires inside the budget."""
    period = timedelta(hours=hours)
    for tier, factor in zip(GOOGLE.tiers_for(period), FACTORS, strict=True):
        assert tier.factor(period) == factor
        assert timedelta(minutes=5) <= tier.short_window <= tier.long_window <= timedelta(days=4)


def test_a_period_that_its_shortest_window_would_overspend_asks_for_the_whole_budget() -> None:
    hour = timedelta(hours=1)
    first = GOOGLE.tiers_for(hour)[0]
    assert first.long_window == timedelta(minutes=5)
    assert (first.budget_share, first.factor(hour)) == (Fraction(1), Fraction(12))


def test_a_set_for_another_period_is_scaled_from_it() -> None:
    weekly = replace(GOOGLE, period=timedelta(days=7), tiers=GOOGLE.tiers[:1])
    (tier,) = weekly.tiers_for(timedelta(days=21))
    assert (tier.long_window, tier.short_window) == (timedelta(hours=3), timedelta(minutes=15))
    assert tier.factor(timedelta(days=21)) == weekly.tiers[0].factor(timedelta(days=7))
