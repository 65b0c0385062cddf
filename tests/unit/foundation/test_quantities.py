"""Numbers and lengths of time, written and read."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest

from foundation.quantities import (
    decimal_text,
    percent_text,
    rounded_percent_text,
    rounded_text,
    short_text,
    span_text,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(72, 5), "14.4"),
        (Fraction(6), "6"),
        (Fraction(9995, 10000), "0.9995"),
        (Fraction(14, 15), "0.933333333333333"),
        (Fraction(0), "0"),
        (Fraction(1000), "1000"),
    ],
)
def test_numbers_are_exact_where_a_decimal_can_be(value: Fraction, text: str) -> None:
    assert decimal_text(value) == text


def test_percentages_follow_the_language() -> None:
    assert percent_text(Fraction(9995, 10000)) == "99.95 %"
    assert percent_text(Fraction(9995, 10000), "pt") == "99,95 %"
    assert rounded_percent_text(Fraction(14, 15)) == "93.33 %"
    assert rounded_percent_text(Fraction(14, 15), "pt") == "93,33 %"


def test_rounded_numbers_carry_no_zeros_behind() -> None:
    assert [rounded_text(Fraction(n, 100)) for n in (1440, 93, 100)] == ["14.4", "0.93", "1"]
    assert rounded_text(Fraction(14, 15), 4) == "0.9333"
    assert short_text(Fraction(14, 15)) == "0.933"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (30, "30s"), (2700, "45min"), (4800, "1h 20min"), (183_605, "2d 3h"), (-5, "0s")],
)
def test_a_span_is_told_in_two_units_at_most(seconds: int, text: str) -> None:
    assert span_text(timedelta(seconds=seconds)) == text
