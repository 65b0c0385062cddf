from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarms.model.indicator import Comparison
from alarms.reports.calibrate import RecordedValue, TooLittleHistory, calibrate

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
P99 = Fraction(99, 100)


def recorded(values: Sequence[float], start: datetime = START) -> list[RecordedValue]:
    return [RecordedValue(start + index * MINUTE, float(value)) for index, value in enumerate(values)]


def test_the_threshold_is_the_percentile_and_what_it_costs_is_counted_from_the_same_record() -> None:
    day = [10.0] * 1420 + [50.0] * 10 + [10.0] * 10
    found = calibrate(recorded(day), P99, timedelta(minutes=5))
    assert found.threshold == 10.0
    assert (found.pages, found.observed) == (1, timedelta(days=1))
    assert found.pages_per_month == pytest.approx(30)
    assert found.at_most_per_month is None
    assert "30.0 pages a month expected" in found.sentence()


def test_a_stretch_shorter_than_the_alarm_demands_is_no_page() -> None:
    day = [10.0] * 1430 + [50.0] * 4 + [10.0] * 6
    found = calibrate(recorded(day), P99, timedelta(minutes=5))
    assert found.pages == 0
    assert found.at_most_per_month == pytest.approx(90)
    assert "no page seen, so at most 90.0 a month" in found.sentence()


def test_a_hole_in_the_record_ends_a_stretch_as_it_would_the_alarm() -> None:
    quiet = recorded([10.0] * 1000)
    first = recorded([50.0] * 4, START + timedelta(minutes=1000))
    second = recorded([50.0] * 4, START + timedelta(minutes=1010))
    assert calibrate([*quiet, *first, *second], P99, timedelta(minutes=5)).pages == 0
    joined = recorded([50.0] * 8, START + timedelta(minutes=1000))
    assert calibrate([*quiet, *joined], P99, timedelta(minutes=5)).pages == 1


def test_where_less_is_worse_the_low_side_is_cut() -> None:
    values = [1.0] * 990 + [0.5] * 10
    found = calibrate(recorded(values), P99, 5 * MINUTE, Comparison.BELOW)
    assert found.threshold == 1.0
    assert found.pages == 1


def test_too_little_history_says_how_much_is_wanted() -> None:
    with pytest.raises(
        TooLittleHistory, match="99 samples are too few for a 99th percentile; 100 are needed"
    ):
        calibrate(recorded([1.0] * 99), P99, MINUTE)
    with pytest.raises(ValueError, match="not between 0 and 1"):
        calibrate(recorded([1.0]), Fraction(1), MINUTE)


@given(
    st.lists(st.floats(0, 1000), min_size=100, max_size=300),
    st.fractions(Fraction(1, 2), P99),
)
def test_at_most_the_stated_share_lies_past_the_threshold_and_order_does_not_matter(
    values: list[float], percentile: Fraction
) -> None:
    samples = recorded(values)
    found = calibrate(samples, percentile, MINUTE)
    past = sum(value > found.threshold for value in values)
    assert past <= (1 - percentile) * len(values)
    assert calibrate(samples[::-1], percentile, MINUTE) == found


@given(st.floats(-1e6, 1e6), st.integers(100, 400))
def test_a_constant_value_never_pages(value: float, count: int) -> None:
    assert calibrate(recorded([value] * count), P99, MINUTE).pages == 0
