"""Who is on duty."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alarms.policy.schedule import Override, Schedule, Schedules, load_schedules
from foundation.errors import DefinitionErrors

WEEKLY = Schedule(
    "America/Sao_Paulo", datetime.fromisoformat("2026-01-05T09:00"), timedelta(weeks=1), ("ana", "bia")
)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def test_the_rotation_hands_over_at_nine_local_time() -> None:
    assert WEEKLY.on_duty(utc(2026, 1, 12, 11, 59)) == "ana"
    assert WEEKLY.on_duty(utc(2026, 1, 12, 12, 0)) == "bia"
    assert WEEKLY.on_duty(utc(2026, 1, 19, 12, 0)) == "ana"


def test_a_time_before_the_first_handover_is_covered_too() -> None:
    assert WEEKLY.on_duty(utc(2026, 1, 1)) == "bia"


def test_the_handover_stays_at_nine_across_daylight_saving() -> None:
    daily = Schedule(
        "America/New_York", datetime.fromisoformat("2026-03-01T09:00"), timedelta(days=1), ("ana", "bia")
    )
    assert daily.on_duty(utc(2026, 3, 7, 14, 0)) == "ana"  # 09:00 at UTC-5
    assert daily.on_duty(utc(2026, 3, 8, 12, 59)) == "ana"
    assert daily.on_duty(utc(2026, 3, 8, 13, 0)) == "bia"  # 09:00 at UTC-4


def test_an_override_wins_while_it_lasts() -> None:
    from dataclasses import replace

    covered = replace(WEEKLY, overrides=(Override("carla", utc(2026, 1, 6), utc(2026, 1, 7)),))
    assert covered.on_duty(utc(2026, 1, 6)) == "carla"
    assert covered.on_duty(utc(2026, 1, 7)) == "ana"


def test_an_empty_schedule_tells_the_whole_team() -> None:
    empty = Schedules(
        {"business": Schedule("UTC", datetime.fromisoformat("2026-01-05"), timedelta(days=1), ())}
    )
    assert empty.target("business", utc(2026, 1, 6)) == "business"
    assert empty.target("unknown", utc(2026, 1, 6)) == "unknown"
    assert Schedules({"operations": WEEKLY}).target("operations", utc(2026, 1, 6)) == "operations:ana"


def test_the_shipped_schedules_load() -> None:
    assert load_schedules().target("development", utc(2026, 1, 6)) == "development:development-duty-1"


@pytest.mark.parametrize(
    ("rotation", "expected"),
    [
        ("{starts: soon, every: 1d, people: []}", "not a local date and time"),
        ("{starts: 2026-01-05T09:00+00:00, every: 1d, people: []}", "has its own time zone"),
        (
            "{starts: 2026-01-05T09:00, every: 5s, people: []}",
            "every: '5s' is too short. Write at least 1m",
        ),
        ("{starts: 2026-01-05T09:00, people: []}", "rotation.every: is required but missing"),
    ],
)
def test_a_mistake_names_its_place(tmp_path: Path, rotation: str, expected: str) -> None:
    file = tmp_path / "schedules.yaml"
    file.write_text(
        f"version: 1\ntime_zone: UTC\nschedules:\n  operations:\n    rotation: {rotation}\n", encoding="utf-8"
    )
    with pytest.raises(DefinitionErrors, match=expected):
        load_schedules(file)
