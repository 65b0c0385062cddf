"""``mirante alerts duty`` over the store of a router."""

from __future__ import annotations

import json
from pathlib import Path

import icalendar
import pytest

from app.bootstrap.router import open_router
from app.settings import Settings
from slo.loaders.catalogue_files import load_catalogue
from tests.support.command_line import Ran, mirante

PEOPLE = "version: 1\npeople:\n  ana: {name: Ana Souza}\n  bia: {name: Bia Lima}\n"
SCHEDULES = """version: 1
time_zone: America/Sao_Paulo
schedules:
  operations: {rotation: {starts: 2026-01-05T09:00, every: 1d, people: [ana, bia]}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    alarms = tmp_path / "alarms"
    alarms.mkdir()
    (alarms / "people.yaml").write_text(PEOPLE, encoding="utf-8")
    (alarms / "schedules.yaml").write_text(SCHEDULES, encoding="utf-8")
    open_router(Settings(data_dir=tmp_path, alarm_policy=alarms), load_catalogue()).store.close()
    return tmp_path


def duty(folder: Path, *arguments: object, status: int = 0) -> Ran:
    ran = mirante("--data-dir", folder, "--alarm-policy", folder / "alarms", "alerts", "duty", *arguments)
    assert ran.status == status, ran
    return ran


def test_who_has_the_duty_at_a_time_and_after_it(folder: Path) -> None:
    shown = duty(folder, "--at", "2026-03-02T10:00", "--days", "1", "--team", "operations").out
    lines = [line.split() for line in shown.splitlines()]
    assert lines[1][:2] == ["operations", "then"]
    assert "Ana Souza (ana)" in shown
    assert "Mon 2026-03-02 10:00" in shown
    assert "Tue 2026-03-03 09:00" in shown
    assert "Bia Lima (bia)" in shown


def test_a_team_without_a_schedule_is_told_as_a_whole(folder: Path) -> None:
    assert "the whole team" in duty(folder, "--team", "security").out


def test_an_override_is_made_shown_with_its_reason_and_removed(folder: Path) -> None:
    time = ("--from", "2099-03-02T10:00", "--until", "2099-03-02T12:00")
    said = duty(folder, "override", "operations", "bia", *time, "--why", "doctor", "--by", "chief").out
    assert "bia has the duty of operations from Mon 2099-03-02 10:00" in said
    at = ("--at", "2099-03-02T00:00", "--days", "2")
    made = json.loads(duty(folder, *at, "--team", "operations", "--json").out)[0]["overrides"]
    assert [(one["person"], one["why"], one["created_by"]) for one in made] == [("bia", "doctor", "chief")]
    assert "doctor" in duty(folder, *at).out
    duty(folder, "remove", made[0]["id"])
    assert "doctor" not in duty(folder, *at).out


def test_two_people_swap_their_next_shifts(folder: Path) -> None:
    before = json.loads(duty(folder, "--team", "operations", "--json").out)[0]["spans"]
    said = duty(folder, "swap", "operations", "ana", "bia", "--why", "party").out
    assert said.count("override") == 2
    after = json.loads(duty(folder, "--team", "operations", "--json").out)[0]["spans"]
    assert before[0]["person"] == before[2]["person"] != after[0]["person"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("override", "operations", "anna", "--until", "2099-01-01T00:00"), "nobody is called 'anna'"),
        (("override", "nobody", "ana", "--until", "2099-01-01T00:00"), "'nobody' is not a team"),
        (("override", "operations", "ana", "--until", "soon"), "'soon' is not a time; write"),
        (("override", "operations", "ana", "--until", "2020-01-01T00:00"), "ends_at: it is past"),
        (("remove", "nothing"), "there is no such override"),
        (("export", "nobody"), "'nobody' is neither a team nor a person"),
    ],
)
def test_what_cannot_be_meant_so_is_refused_in_words(
    folder: Path, arguments: tuple[str, ...], expected: str
) -> None:
    assert expected in duty(folder, *arguments, status=2).err


def in_berlin(folder: Path, since: str, until: str, status: int = 0) -> Ran:
    schedules = folder / "alarms" / "schedules.yaml"
    schedules.write_text(SCHEDULES.replace("America/Sao_Paulo", "Europe/Berlin"), encoding="utf-8")
    return duty(folder, "override", "operations", "bia", "--from", since, "--until", until, status=status)


@pytest.mark.parametrize(
    ("since", "until", "option"),
    [("2099-03-29T02:15", "2099-03-29T04:00", "--from"), ("2099-03-29T01:00", "2099-03-29T02:45", "--until")],
)
def test_a_time_that_clocks_leave_out_is_refused(folder: Path, since: str, until: str, option: str) -> None:
    said = " ".join(in_berlin(folder, since, until, status=2).err.split())
    assert f"Invalid value for {option}: '2099-03-29T02:" in said
    assert "does not exist in Europe/Berlin" in said


def test_of_a_time_that_comes_twice_the_first_is_taken_and_said(folder: Path) -> None:
    ran = in_berlin(folder, "2099-10-25T02:15", "2099-10-25T05:00")
    assert "--from: 2099-10-25T02:15 comes twice in Europe/Berlin" in ran.err
    assert "the first is taken, 2099-10-25T02:15+02:00" in ran.err
    at = ("--at", "2099-10-25T00:00", "--days", "1", "--team", "operations", "--json")
    (made,) = json.loads(duty(folder, *at).out)[0]["overrides"]
    assert made["starts_at"].startswith("2099-10-25T00:15:00")


def test_the_other_of_two_times_is_named_by_its_offset(folder: Path) -> None:
    assert in_berlin(folder, "2099-10-25T02:15+01:00", "2099-10-25T05:00").err == ""


@pytest.mark.parametrize("who", ["operations", "ana"])
def test_a_team_and_a_person_are_exported_as_a_calendar(folder: Path, who: str) -> None:
    calendar = icalendar.Calendar.from_ical(duty(folder, "export", who, "--days", "4").out)
    summaries = {str(event["SUMMARY"]) for event in calendar.walk("VEVENT")}
    both = {"operations: Ana Souza", "operations: Bia Lima"}
    assert summaries == (both if who == "operations" else {"operations: Ana Souza"})


def test_a_silence_may_begin_later(folder: Path) -> None:
    base = ("--data-dir", folder, "--alarm-policy", folder / "alarms", "alerts")
    when = ("--from", "2099-01-01T10:00", "--minutes", "60", "--comment", "move")
    made = mirante(*base, "silence", 'component="redis"', *when)
    assert "from 2099-01-01 10:00:00 UTC until 2099-01-01 11:00:00 UTC" in made.out
    assert "2099-01-01 10:00:00" in mirante(*base, "silences").out
    refused = mirante(*base, "silence", 'a="b"', "--from", "soon", "--minutes", "60", "--comment", "x")
    assert (refused.status, "'soon' is not a time" in refused.err) == (2, True)


def test_the_shift_that_runs_keeps_its_entry_from_export_to_export(folder: Path) -> None:
    """As it began, not cut to the time of the export."""

    def running() -> list[tuple[str, str]]:
        calendar = icalendar.Calendar.from_ical(duty(folder, "export", "operations", "--days", "1").out)
        return [(str(event["UID"]), str(event["DTSTART"].to_ical())) for event in calendar.walk("VEVENT")]

    assert running()[0] == running()[0]
    assert running()[0][1].endswith("T120000Z'")  # 09:00 in Sao Paulo
