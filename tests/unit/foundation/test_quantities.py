"""Numbers and lengths of time, written and read."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.quantities import (
    LONGEST,
    decimal_text,
    duration_text,
    localised,
    parse_duration,
    parse_number,
    parse_share,
    percent_text,
    range_text,
    rough_text,
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
        (Fraction(1, 10**12), "0.000000000001"),
        (Fraction(-1, 8), "-0.125"),
    ],
)
def test_numbers_are_exact_where_a_decimal_can_be(value: Fraction, text: str) -> None:
    assert decimal_text(value) == text


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (Fraction(144, 10), 2, "14.4"),
        (Fraction(14, 15), 2, "0.93"),
        (Fraction(14, 15), 4, "0.9333"),
        (Fraction(2999, 1000), 2, "3"),
        (Fraction(-1, 1000), 2, "0"),
        (Fraction(1234567, 1000), 1, "1234.6"),
    ],
)
def test_what_was_measured_is_rounded(value: Fraction, places: int, text: str) -> None:
    assert rounded_text(value, places) == text


def test_percentages_follow_the_language_and_a_promise_is_never_rounded() -> None:
    assert percent_text(Fraction(9995, 10000)) == "99.95 %"
    assert percent_text(Fraction(9995, 10000), "pt") == "99,95 %"
    assert percent_text(Fraction(99999, 100000)) == "99.999 %"
    assert rounded_percent_text(Fraction(14, 15), "pt-BR") == "93,33 %"


def test_portuguese_swaps_comma_and_point() -> None:
    assert localised("1,234,567.89", "pt") == "1.234.567,89"
    assert localised("1,234.5", "en") == "1,234.5"


def test_a_factor_is_short() -> None:
    assert [short_text(Fraction(14, 15)), short_text(Fraction(72, 5)), short_text(Fraction(1001))] == [
        "0.933",
        "14.4",
        "1001",
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.999", Fraction(999, 1000)),
        ("-12", Fraction(-12)),
        ("1e3", Fraction(1000)),
        ("1_000", Fraction(1000)),
        (".5", Fraction(1, 2)),
        ("99_9.9", None),
        ("1__000", None),
        ("٣", None),
        ("", None),
        ("nan", None),
        ("inf", None),
        ("1,5", None),
        ("1e999999999", None),
        ("9" * 100_000, None),
    ],
)
def test_a_number_is_read_exactly_or_not_at_all(text: str, value: Fraction | None) -> None:
    assert parse_number(text) == value


def test_a_share_is_a_ratio_or_a_percentage() -> None:
    assert parse_share("2%") == parse_share("2 %") == parse_share("0.02") == Fraction(1, 50)
    assert parse_share("%") is None


SECONDS = st.integers(0, LONGEST // timedelta(seconds=1)).map(lambda n: timedelta(seconds=n))


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("5m", timedelta(minutes=5)),
        ("1h30m", timedelta(minutes=90)),
        ("4w", timedelta(weeks=4)),
        ("0", timedelta(0)),
        ("0s", timedelta(0)),
        ("", None),
        ("5", None),
        ("5 m", None),
        ("-5m", None),
        ("5M", None),
        ("1.5h", None),
        ("1wd", None),
        ("99999999999w", None),
        ("366001d", None),
        ("366000d1s", None),
    ],
)
def test_a_duration_is_read_or_not_at_all(text: str, duration: timedelta | None) -> None:
    assert parse_duration(text) == duration


def test_a_working_day_is_a_unit_where_it_has_a_length() -> None:
    assert parse_duration("1wd2h", working_day=timedelta(hours=9)) == timedelta(hours=11)


@given(SECONDS)
def test_what_is_written_is_read_back(duration: timedelta) -> None:
    assert parse_duration(duration_text(duration)) == duration
    assert (parse_duration(range_text(duration)) or timedelta(0)) == duration


@pytest.mark.parametrize(
    ("duration", "texts"),
    [
        (timedelta(0), ("0s", "", "0s", "0m")),
        (timedelta(seconds=90), ("90s", "1m30s", "1min 30s", "1m")),
        (timedelta(minutes=80), ("80m", "1h20m", "1h 20min", "1.3h")),
        (timedelta(hours=3, seconds=5), ("10805s", "3h5s", "3h", "3h")),
        (timedelta(days=2, hours=3, minutes=4), ("3064m", "51h4m", "2d 3h", "2.1d")),
        (timedelta(days=30), ("30d", "720h", "30d", "30d")),
    ],
)
def test_a_duration_is_written_as_its_reader_wants_it(duration: timedelta, texts: tuple[str, ...]) -> None:
    written = (duration_text(duration), range_text(duration), span_text(duration), rough_text(duration))
    assert written == texts


def test_a_span_never_runs_backwards_and_may_keep_its_parts_together() -> None:
    assert span_text(timedelta(seconds=-5)) == "0s"
    assert span_text(timedelta(minutes=80), gap="_") == "1_h 20_min"
