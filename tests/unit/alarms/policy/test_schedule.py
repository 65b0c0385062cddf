"""Who is on duty."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from alarms.model.duty import DutyOverride
from alarms.policy.people import People, Person
from alarms.policy.schedule import Override, Rotation, Schedule, Schedules
from alarms.policy.schedule_file import load_schedules
from alarms.policy.weekly_hours import WeeklyHours
from foundation.errors import DefinitionErrors

WEEKLY = Schedule(
    "America/Sao_Paulo",
    (Rotation(datetime.fromisoformat("2026-01-05T09:00"), timedelta(weeks=1), ("ana", "bia")),),
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
        "America/New_York",
        (Rotation(datetime.fromisoformat("2026-03-01T09:00"), timedelta(days=1), ("ana", "bia")),),
    )
    assert daily.on_duty(utc(2026, 3, 7, 14, 0)) == "ana"  # 09:00 at UTC-5
    assert daily.on_duty(utc(2026, 3, 8, 12, 59)) == "ana"
    assert daily.on_duty(utc(2026, 3, 8, 13, 0)) == "bia"  # 09:00 at UTC-4


def test_an_override_wins_while_it_lasts() -> None:
    covered = replace(WEEKLY, overrides=(Override("carla", utc(2026, 1, 6), utc(2026, 1, 7)),))
    assert covered.on_duty(utc(2026, 1, 6)) == "carla"
    assert covered.on_duty(utc(2026, 1, 7)) == "ana"


def test_an_empty_schedule_tells_the_whole_team() -> None:
    empty = Schedules(
        {
            "business": Schedule(
                "UTC", (Rotation(datetime.fromisoformat("2026-01-05"), timedelta(days=1), ()),)
            )
        }
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


NIGHTS = Rotation(
    datetime.fromisoformat("2026-01-05T20:00"),
    timedelta(weeks=1),
    ("nina",),
    WeeklyHours((1, 2, 3, 4, 5), time(20), time(8)),
)
LAYERED = Schedules({"operations": replace(WEEKLY, layers=(*WEEKLY.layers, NIGHTS))})


def test_the_last_layer_that_has_somebody_counts() -> None:
    assert LAYERED.on_duty("operations", utc(2026, 1, 6, 22, 59)) == "ana"  # 19:59 in Sao Paulo
    assert LAYERED.on_duty("operations", utc(2026, 1, 6, 23, 0)) == "nina"
    assert LAYERED.on_duty("operations", utc(2026, 1, 7, 10, 59)) == "nina"
    assert LAYERED.on_duty("operations", utc(2026, 1, 7, 11, 0)) == "ana"
    assert LAYERED.on_duty("operations", utc(2026, 1, 10, 23, 0)) == "ana"  # Saturday night


def test_a_gap_between_the_layers_falls_to_the_team() -> None:
    only_nights = Schedules({"operations": replace(WEEKLY, layers=(NIGHTS,))})
    assert only_nights.target("operations", utc(2026, 1, 6, 22, 59)) == "operations"
    assert only_nights.target("operations", utc(2026, 1, 6, 23, 0)) == "operations:nina"


def planned(person: str, starts: datetime, ends: datetime) -> DutyOverride:
    return DutyOverride(person, "operations", person, starts, ends, "chief")


def test_what_is_planned_goes_over_the_file_and_the_last_counts() -> None:
    covered = Schedules(
        {"operations": replace(WEEKLY, overrides=(Override("carla", utc(2026, 1, 6), utc(2026, 1, 8)),))}
    )
    made = [
        planned("dora", utc(2026, 1, 6), utc(2026, 1, 7)),
        planned("eva", utc(2026, 1, 6, 12), utc(2026, 1, 7)),
    ]
    assert covered.on_duty("operations", utc(2026, 1, 6), made) == "dora"
    assert covered.on_duty("operations", utc(2026, 1, 6, 12), made) == "eva"
    assert covered.on_duty("operations", utc(2026, 1, 7), made) == "carla"
    assert covered.on_duty("security", utc(2026, 1, 6), made) is None


def test_spans_say_who_has_the_duty_from_when_to_when() -> None:
    made = [planned("dora", utc(2026, 1, 13), utc(2026, 1, 14))]
    spans = Schedules({"operations": WEEKLY}).spans("operations", utc(2026, 1, 10), utc(2026, 1, 20), made)
    assert [(span.person, span.starts_at, span.ends_at) for span in spans] == [
        ("ana", utc(2026, 1, 10), utc(2026, 1, 12, 12)),
        ("bia", utc(2026, 1, 12, 12), utc(2026, 1, 13)),
        ("dora", utc(2026, 1, 13), utc(2026, 1, 14)),
        ("bia", utc(2026, 1, 14), utc(2026, 1, 19, 12)),
        ("ana", utc(2026, 1, 19, 12), utc(2026, 1, 20)),
    ]
    nobody = Schedules().spans("operations", utc(2026, 1, 10), utc(2026, 1, 11))
    assert [(span.person, span.starts_at, span.ends_at) for span in nobody] == [
        (None, utc(2026, 1, 10), utc(2026, 1, 11))
    ]


NEW_YORK = Schedule(
    "America/New_York",
    (
        Rotation(datetime.fromisoformat("2026-01-01T01:30"), timedelta(days=1), ("ana", "bia")),
        Rotation(
            datetime.fromisoformat("2026-01-01T02:30"),
            timedelta(days=3),
            ("nina", "olga"),
            WeeklyHours((6, 7), time(2, 30), time(4)),
        ),
    ),
)


@pytest.mark.parametrize("day", [utc(2026, 3, 7), utc(2026, 10, 31), utc(2026, 6, 6)])
def test_spans_agree_with_who_is_on_duty_minute_by_minute_when_clocks_change(day: datetime) -> None:
    schedules, until = Schedules({"operations": NEW_YORK}), day + timedelta(days=3)
    spans = schedules.spans("operations", day, until)
    assert [span.ends_at for span in spans[:-1]] == [span.starts_at for span in spans[1:]]
    instant, minute = day, timedelta(minutes=1)
    for span in spans:
        while instant < span.ends_at:
            assert schedules.on_duty("operations", instant) == span.person, instant
            instant += minute
    assert instant == until


def test_when_the_clock_is_put_back_the_duty_is_handed_over_once() -> None:
    second_pass = utc(2026, 11, 1, 6, 10)  # 01:10 for the second time; 01:30 was at 05:30 UTC
    assert NEW_YORK.layers[0].on_duty(second_pass, ZoneInfo("America/New_York")) == NEW_YORK.layers[
        0
    ].on_duty(utc(2026, 11, 1, 5, 30), ZoneInfo("America/New_York"))


def schedules_file(folder: Path, more: str) -> Path:
    file = folder / "schedules.yaml"
    rotation = "{starts: 2026-01-05T09:00, every: 1w, people: [ana]}"
    file.write_text(
        f"version: 1\ntime_zone: UTC\nschedules:\n  operations:\n    rotation: {rotation}\n{more}",
        encoding="utf-8",
    )
    return file


def test_a_layer_is_read_with_its_hours(tmp_path: Path) -> None:
    hours = 'days: [monday, friday], from: "20:00", until: "08:00"'
    layer = f"{{starts: 2026-01-05T20:00, every: 1w, people: [nina], {hours}}}"
    found = load_schedules(schedules_file(tmp_path, f"    layers: [{layer}]\n"))
    assert found.by_team["operations"].layers[1].hours == WeeklyHours((1, 5), time(20), time(8))


ANA = People({"ana": Person("ana", "Ana Souza")})


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (
            "    overrides: [{person: anna, starts: 2996-01-06T00:00, ends: 2996-01-07T00:00}]\n",
            "'anna' is nobody of people.yaml. Did you mean `ana`",
        ),
        (
            "    layers: [{starts: 2026-01-05T09:00, every: 1w, people: [bia]}]\n",
            r"layers\[0\].people\[0\]: 'bia' is nobody of people.yaml. Add this person",
        ),
        (
            "    layers: [{starts: 2026-01-05T09:00, every: 1w, people: [ana], days: [lundi]}]\n",
            "'lundi' is not one of",
        ),
        (
            "    time_zone: Europe/Berlin\n"
            "    overrides: [{person: ana, starts: 2099-03-29T02:15, ends: 2099-03-30T00:00}]\n",
            r"overrides\[0\].starts: does not exist in Europe/Berlin: clocks are put forward over it",
        ),
    ],
)
def test_people_of_a_schedule_are_those_of_people_yaml_once_there_are_any(
    tmp_path: Path, more: str, expected: str
) -> None:
    with pytest.raises(DefinitionErrors, match=expected):
        load_schedules(schedules_file(tmp_path, more), ANA)


def test_an_override_that_is_over_may_name_somebody_who_has_left(tmp_path: Path) -> None:
    left = "    overrides: [{person: bia, starts: 2026-01-06T00:00, ends: 2026-01-07T00:00}]\n"
    file = schedules_file(tmp_path, left)
    assert load_schedules(file, ANA).on_duty("operations", utc(2026, 1, 6, 12)) == "bia"
    with pytest.raises(DefinitionErrors, match="'bia' is nobody"):
        load_schedules(file, ANA, utc(2026, 1, 6, 12))


def test_without_people_yaml_everybody_is_only_a_name(tmp_path: Path) -> None:
    assert (
        load_schedules(schedules_file(tmp_path, ""), People()).on_duty("operations", utc(2026, 1, 6)) == "ana"
    )
