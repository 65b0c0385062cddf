"""The clock of a setting."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from foundation.clock import ScaledClock, SystemClock, clock_spec, parse_clock
from foundation.errors import ClockSpecError


def test_a_clock_is_read_and_written_the_same() -> None:
    origin = datetime(2026, 1, 1, tzinfo=UTC)
    assert isinstance(parse_clock("system"), SystemClock)
    assert parse_clock(clock_spec(60, origin)) == ScaledClock(60.0, origin)


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("scaled:nan@2026-01-01T00:00:00Z", "has a factor"),
        ("scaled:inf@2026-01-01T00:00:00Z", "has a factor"),
        ("scaled:1e300@2026-01-01T00:00:00Z", "has a factor"),
        ("scaled:1e-300@2026-01-01T00:00:00Z", "has a factor"),
        ("scaled:0@2026-01-01T00:00:00Z", "has a factor"),
        ("scaled:-1@2026-01-01T00:00:00Z", "has a factor"),
        ("scaled:60@9999-12-31T23:59:59Z", "is not in the years"),
        ("scaled:x@2026-01-01T00:00:00Z", "cannot be read"),
        ("scaled:60@0001-01-01T00:00:00Z", "is not in the years"),
        ("scaled:86400@2000-01-01T00:00:00Z", "is not in the years"),
        ("scaled:1@0001-01-01T00:00:00+05:00", "cannot be read"),
        ("scaled:60@2026-01-01T00:00:00", "cannot be read"),
        ("scaled:" + "9" * 5_000 + "@2026-01-01T00:00:00Z", "has a factor"),
    ],
)
def test_a_clock_that_no_program_can_follow_is_refused_in_a_sentence(spec: str, told: str) -> None:
    with pytest.raises(ClockSpecError, match=f"clock setting .*{told}.*expected 'system'") as caught:
        parse_clock(spec)
    assert len(str(caught.value)) < 300
