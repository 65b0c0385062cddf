"""The duty as a calendar, read back by a library that reads calendars."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import icalendar

from alarms.model.duty import DutySpan, TeamDuty
from alarms.reports.duty_calendar import duty_calendar
from foundation.bilingual import Text

NOW = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
DAY = timedelta(days=1)
NAMES = {
    "ana": "Ana Souza, São Paulo; com vírgula e um nome que não cabe em uma linha de setenta e cinco octetos"
}


def team(*people: str | None) -> TeamDuty:
    spans = tuple(
        DutySpan("operations", person, NOW + number * DAY, NOW + (number + 1) * DAY)
        for number, person in enumerate(people)
    )
    return TeamDuty("operations", "America/Sao_Paulo", spans, (), NAMES, Text("Operations", "Operações"))


def events(text: bytes) -> list[Any]:
    return list(icalendar.Calendar.from_ical(text).walk("VEVENT"))


def test_each_shift_is_an_event_with_its_times_and_the_persons_name() -> None:
    first, second = events(duty_calendar([team("ana", None, "bia")], "Duty of operations", NOW))
    assert first["SUMMARY"] == f"operations: {NAMES['ana']}"
    assert (first["DTSTART"].dt, first["DTEND"].dt) == (NOW, NOW + DAY)
    assert second["SUMMARY"] == "operations: bia"


def test_a_person_gets_their_own_shifts_only() -> None:
    (only,) = events(duty_calendar([team("ana", "bia", "carla")], "Duty of bia", NOW, "bia"))
    assert only["DTSTART"].dt == NOW + DAY


def test_a_shift_keeps_its_uid_from_export_to_export_and_no_two_share_one() -> None:
    before = events(duty_calendar([team("ana", "bia")], "Duty", NOW))
    after = events(duty_calendar([team("ana", "carla")], "Duty", NOW + DAY / 2))
    assert [event["UID"] for event in before] == [event["UID"] for event in after]
    assert len({event["UID"] for event in before}) == 2


def test_the_file_is_as_the_standard_wants_it() -> None:
    text = duty_calendar([team("ana")], "Duty", NOW)
    assert all(len(line) <= 75 for line in text.split(b"\r\n"))
    calendar = icalendar.Calendar.from_ical(text)
    assert (calendar["VERSION"], calendar["METHOD"]) == ("2.0", "PUBLISH")
    assert events(text)[0]["DTSTAMP"].dt == NOW


def test_what_is_over_is_left_out() -> None:
    (left,) = events(duty_calendar([team("ana", "bia")], "Duty", NOW + DAY))
    assert left["SUMMARY"] == "operations: bia"


def test_times_are_utc_whatever_zone_they_were_given_in() -> None:
    zone = timezone(-3 * timedelta(hours=1))
    span = DutySpan("operations", "ana", NOW.astimezone(zone), (NOW + DAY).astimezone(zone))
    text = duty_calendar([replace(team(), spans=(span,))], "Duty", NOW)
    assert b"TZID" not in text
    assert b"DTEND:20260303T130000Z" in text
    assert events(text)[0]["UID"] == events(duty_calendar([team("bia")], "Duty", NOW))[0]["UID"]
