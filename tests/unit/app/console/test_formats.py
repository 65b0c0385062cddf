"""Numbers, times and durations in both languages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.console.formats import Formats

EN, PT = Formats("en", "America/Sao_Paulo"), Formats("pt", "America/Sao_Paulo")
AT = datetime(2026, 11, 23, 17, 4, 9, tzinfo=UTC)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_thousands_and_decimals_follow_the_language() -> None:
    assert EN.number(1_234_567.891, 2) == "1,234,567.89"
    assert PT.number(1_234_567.891, 2) == "1.234.567,89"


@pytest.mark.parametrize("unknown", [None, float("nan"), float("inf")])
def test_an_unknown_number_is_a_dash_and_never_zero(unknown: float | None) -> None:
    assert EN.number(unknown) == "–"
    assert EN.percent(unknown) == "–"


def test_almost_everything_is_never_shown_as_everything() -> None:
    assert plain(EN.percent(Fraction(999_999, 1_000_000))) == "99.99 %"
    assert plain(EN.percent(0.999995, 3)) == "99.999 %"
    assert plain(EN.percent(1)) == "100.00 %"


@given(st.fractions(min_value=0, max_value=1), st.integers(min_value=0, max_value=4))
def test_a_percentage_shown_is_never_above_the_ratio(ratio: Fraction, places: int) -> None:
    shown = Fraction(plain(EN.percent(ratio, places)).removesuffix(" %").replace("−", "-"))
    assert shown <= ratio * 100 < shown + Fraction(1, 10**places)


def test_a_target_is_shown_as_it_was_written() -> None:
    assert plain(EN.exact_percent(Fraction(9995, 10_000))) == "99.95 %"
    assert plain(PT.exact_percent(Fraction(95, 100))) == "95 %"
    assert plain(EN.exact_percent(Fraction(99_999, 100_000))) == "99.999 %"


def test_shares_round_to_the_nearest() -> None:
    assert plain(EN.share(0.6996)) == "70.0 %"


def test_burns_read_as_times() -> None:
    assert EN.burn(Fraction(72, 5)) == "14.4×"
    assert PT.burn(Fraction(72, 5)) == "14,4×"
    assert EN.burn(Fraction(6)) == "6×"
    assert EN.burn(0.00625) == "0.006×"
    assert EN.burn(611.02) == "611×"
    assert EN.burn(None) == "–"
    assert EN.burn(float("inf")) == "∞"


def test_money_is_in_reais() -> None:
    assert plain(PT.money(123_456)) == "R$ 1.235"
    assert plain(PT.money(12_345)) == "R$ 123,45"
    assert plain(EN.money(416_000_000_000)) == "R$ 4.16 billion"
    assert plain(PT.money(250_000_000)) == "R$ 2,50 milhões"
    assert EN.money(None) == "–"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.2, "200 ms"),
        (0.0042, "4.2 ms"),
        (59.6, "1 min"),
        (3_725, "1 h 2 min"),
        (86_400, "1 d"),
        (90_061, "1 d 1 h"),
        (86_430, "1 d"),
        (-61, "−1 min 1 s"),
    ],
)
def test_a_duration_is_its_two_largest_units(seconds: float, text: str) -> None:
    assert plain(EN.duration(seconds)) == text
    assert plain(EN.duration(timedelta(seconds=seconds))) == text


def test_an_endless_duration_is_a_dash() -> None:
    assert EN.duration(float("inf")) == "–"
    assert EN.duration(None) == "–"


def test_times_are_shown_in_the_zone_and_it_is_named() -> None:
    assert EN.instant(AT) == "23 Nov 2026 14:04"
    assert PT.instant(AT) == "23/11/2026 14:04"
    assert EN.time(AT) == "14:04:09"
    assert EN.zone_text(AT) == "America/Sao_Paulo (UTC−03:00)"
    assert Formats("en").zone_text(AT) == "UTC"
