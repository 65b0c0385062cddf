from __future__ import annotations

from fractions import Fraction

import pytest

from dashboards.model.numbers import decimal_text, percent_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(72, 5), "14.4"),
        (Fraction(6), "6"),
        (Fraction(9995, 10000), "0.9995"),
        (Fraction(14, 15), "0.9333333333"),
        (Fraction(0), "0"),
        (Fraction(1000), "1000"),
    ],
)
def test_numbers_are_exact_where_a_decimal_can_be(value: Fraction, text: str) -> None:
    assert decimal_text(value) == text


def test_percentages_follow_the_language() -> None:
    assert percent_text(Fraction(9995, 10000)) == "99.95 %"
    assert percent_text(Fraction(9995, 10000), "pt") == "99,95 %"
