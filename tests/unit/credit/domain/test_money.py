from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.domain.errors import InvalidValue
from credit.domain.money import exact_number, price_installment, round_half_up


@pytest.mark.parametrize(
    ("text", "cents"),
    [("0", 0), ("1234.56", 123456), ("1234.5", 123450), ("-0.01", -1), ("+7", 700), (" 8 ", 800)],
)
def test_a_decimal_text_becomes_a_number_exactly(text: str, cents: int) -> None:
    assert exact_number(text, "amount") * 100 == cents


@pytest.mark.parametrize(
    "text", ["", "1,234.56", "1e3", "NaN", "inf", "0x10", "1.", ".5", "1.2.3", "１２", "9" * 16]
)
def test_what_is_not_plainly_a_decimal_number_is_refused_by_field(text: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        exact_number(text, "amount")
    assert caught.value.field == "amount"
    assert caught.value.fix


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9))
def test_a_number_is_read_without_a_float(value: Decimal) -> None:
    assert exact_number(format(value, "f"), "x") == Fraction(value)


@given(st.fractions(max_denominator=1000))
def test_halves_round_away_from_zero(value: Fraction) -> None:
    with localcontext() as context:
        context.prec = 60
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        assert round_half_up(value) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@given(st.integers(10_000, 10**8), st.integers(1, 1500), st.integers(3, 120))
def test_the_installment_is_the_price_table_rounded_once(amount: int, rate: int, term: int) -> None:
    with localcontext() as context:
        context.prec = 120
        i = Decimal(rate) / 10_000
        exact = amount * i / (1 - (1 + i) ** -term)
        assert price_installment(amount, rate, term) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@given(st.integers(10_000, 10**8), st.integers(1, 1500), st.integers(3, 120))
def test_the_installments_pay_the_loan_back_with_interest(amount: int, rate: int, term: int) -> None:
    installment = price_installment(amount, rate, term)
    balance = Fraction(amount)
    for _ in range(term):
        balance = balance * Fraction(10_000 + rate, 10_000) - installment
    # What is left comes from rounding alone: half a cent each month, grown by interest.
    grown = sum(Fraction(10_000 + rate, 10_000) ** month for month in range(term)) / 2
    assert abs(balance) <= grown


def test_without_interest_the_loan_is_split_evenly() -> None:
    assert price_installment(100_000, 0, 3) == 33_333
    assert price_installment(100_001, 0, 2) == 50_001


@pytest.mark.parametrize(("amount", "rate", "term"), [(-1, 100, 12), (100, -1, 12), (100, 100, 0)])
def test_an_impossible_loan_has_no_installment(amount: int, rate: int, term: int) -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        price_installment(amount, rate, term)
