"""Time against the router: its clock jumps, days lack an hour or have one twice, it was away for days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from foundation.workspace import SHIPPED
from tests.support.aws_emulator import needs_emulator
from tests.support.router_judge import Judge

FACTOR = 60.0  # a minute is a second
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
EVERY_DAY = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

pytestmark = needs_emulator


def on_the_minute(judge: Judge, step: str, due: datetime) -> dict[str, str]:
    """The message of that step, which arrives once it is due and not before."""
    judge.clock.set(due - MINUTE)
    judge.until(lambda: step in [message["step"] for message in judge.arrived()], f"the {step} arrives")
    message = next(message for message in judge.arrived() if message["step"] == step)
    assert judge.arrived_at(message) >= due
    history = judge.show(message["incident"])["timeline"]
    kept = [datetime.fromisoformat(entry["due_at"]) for entry in history if entry["due_at"]]
    assert kept[-1] == due
    return message


def test_a_clock_put_back_an_hour_delays_no_page_and_repeats_none(tmp_path: Path) -> None:
    with Judge(tmp_path, factor=5.0) as judge:  # an hour is twelve minutes: a page that waits for it is late
        judge.start()
        judge.send("Before", severity="P1")
        judge.until(judge.arrived, "the page")
        (before,) = judge.incidents()
        judge.clock.move(-HOUR)
        judge.send("While", severity="P1")
        judge.until(lambda: len(judge.arrived()) == 2, "the page of what began meanwhile")
        assert judge.told(before["id"]) == [("operations", "first")]
        judge.clock.move(HOUR + 35 * MINUTE)
        escalated = ["opened", "acknowledgement-missed", "escalated"]
        judge.until(lambda: judge.kinds(before["id"])[:3] == escalated, "the matrix goes on")
        judge.clock.move(-HOUR)
        history = judge.show(before["id"])["timeline"]
        assert [entry["at"] for entry in history] == sorted(entry["at"] for entry in history)
        for incident in judge.incidents():
            kinds = judge.kinds(incident["id"])
            assert (kinds.count("acknowledgement-missed"), kinds.count("escalated")) == (1, 1)
        judge.verdict()


def test_a_clock_put_forward_an_hour_makes_each_missed_step_happen_once_and_in_order(tmp_path: Path) -> None:
    with Judge(tmp_path, FACTOR) as judge:
        judge.start()
        judge.send("Jumped", severity="P1")
        judge.until(judge.arrived, "the page")
        judge.clock.move(HOUR)
        told = [
            ("operations", "first"),
            ("data-engineering", "backup"),
            ("data-engineering", "escalation"),
            ("operations", "reminder"),
            ("data-engineering", "escalation"),
        ]
        judge.until(lambda: len(judge.told()) == len(told), "everything that was missed")
        assert sorted(judge.told()) == sorted(told)
        (incident,) = judge.incidents()
        expected = ["opened", "acknowledgement-missed", "escalated", "escalation-repeated"]
        assert judge.kinds(incident["id"]) == expected
        judge.verdict()


def test_after_three_days_down_each_step_that_was_missed_happens_once_and_in_order(tmp_path: Path) -> None:
    with Judge(tmp_path, FACTOR) as judge:
        judge.start()
        judge.send("Left", severity="P1")
        judge.until(judge.arrived, "the page")
        judge.kill()
        judge.clock.move(timedelta(days=3))
        judge.start()
        repeats = [("operations", "reminder"), ("data-engineering", "escalation")] * 3
        judge.until(lambda: len(judge.told()) == 3 + len(repeats), "everything that was missed")
        assert judge.told()[0] == ("operations", "first")
        backup = [m["step"] for m in judge.arrived("data-engineering")]
        assert backup == ["backup", "escalation", "escalation", "escalation", "escalation"]
        (incident,) = judge.incidents()
        steps = [entry for entry in judge.show(incident["id"])["timeline"] if entry["due_at"]]
        opened = datetime.fromisoformat(incident["opened_at"])
        due = [(datetime.fromisoformat(entry["due_at"]) - opened) // MINUTE for entry in steps]
        assert due == [15, 30, 60, 90, 120]
        judge.send("Next", severity="P1")
        judge.until(lambda: ("operations", "first") in judge.told()[3 + len(repeats) :], "it pages again")
        judge.verdict()


@dataclass(frozen=True, slots=True)
class Day:
    """A P2 at ``at``: the backup's minute and the escalation's, in a zone with these hours.

    It begins a moment after ``at``, and so do its clocks, unless it is ``closed`` then: at the opening.
    """

    zone: str
    start: str
    end: str
    at: datetime
    backup: datetime
    escalation: datetime
    closed: bool = False

    def policy(self, folder: Path) -> Path:
        document = yaml.safe_load((SHIPPED.alarms / "policy.yaml").read_text(encoding="utf-8"))
        hours = {"time_zone": self.zone, "days": EVERY_DAY, "start": self.start, "end": self.end}
        file = folder / "policy.yaml"
        noise = {**document["noise"], "first_wait": "0"}
        text = yaml.safe_dump({**document, "business_hours": hours, "noise": noise})
        file.write_text(text, encoding="utf-8")
        return file


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


NEW_YORK = ("America/New_York", "01:00", "04:00")
DAYS = {
    # 01:45 EST; at 02:00 it is 03:00 EDT, and 04:00 comes two real hours after 01:00.
    "New York, an hour is missing": Day(
        *NEW_YORK, utc("2026-03-08T06:45"), utc("2026-03-08T07:15"), utc("2026-03-09T05:45")
    ),
    # 01:45 EDT; at 02:00 it is 01:00 EST: half an hour later is 01:15 once more, two hours later 02:45.
    "New York, an hour comes twice": Day(
        *NEW_YORK, utc("2026-11-01T05:45"), utc("2026-11-01T06:15"), utc("2026-11-01T07:45")
    ),
    # 23:45 the evening before, closed; there is no midnight: it opens at 01:00, UTC-2 from now on.
    "Sao Paulo 2018, an hour is missing": Day(
        *("America/Sao_Paulo", "00:00", "03:00"),
        *(utc("2018-11-04T02:45"), utc("2018-11-04T03:30"), utc("2018-11-04T05:00")),
        closed=True,
    ),
    # 22:45 at UTC-2; it closes when 23:30 strikes first, and opens again at 22:00, UTC-3 from now on.
    "Sao Paulo 2018, an hour comes twice": Day(
        *("America/Sao_Paulo", "22:00", "23:30"),
        *(utc("2018-02-18T00:45"), utc("2018-02-18T01:15"), utc("2018-02-19T02:15")),
    ),
}


@pytest.mark.parametrize("name", DAYS)
def test_clocks_of_business_hours_count_real_minutes_where_the_day_has_more_or_fewer(
    tmp_path: Path, name: str
) -> None:
    day = DAYS[name]
    with Judge(tmp_path, FACTOR, at=day.at) as judge:
        judge.start(more={"policy": day.policy(tmp_path)})
        judge.wait_until_up()
        judge.clock.set(day.at)
        judge.send("Degraded", severity="P2")
        judge.until(judge.arrived, "the page")
        opened = datetime.fromisoformat(judge.incidents()[0]["opened_at"])
        began = timedelta(0) if day.closed else opened - day.at
        assert on_the_minute(judge, "backup", day.backup + began)["queue"] == "development"
        assert on_the_minute(judge, "escalation", day.escalation + began)["queue"] == "development"
        judge.verdict()


def test_a_holiday_stops_the_clocks(tmp_path: Path) -> None:
    eve = utc("2026-04-20T20:15")  # Monday 17:15 in São Paulo; Tuesday is Tiradentes
    with Judge(tmp_path, FACTOR, at=eve) as judge:
        judge.start()
        judge.wait_until_up()
        judge.clock.set(eve)
        judge.send("Eve", severity="P2")
        judge.until(judge.arrived, "the page")
        began = datetime.fromisoformat(judge.incidents()[0]["opened_at"]) - eve
        on_the_minute(judge, "backup", utc("2026-04-20T20:45") + began)
        on_the_minute(judge, "escalation", utc("2026-04-22T13:15") + began)  # Wednesday 10:15
        judge.verdict()


def test_an_empty_schedule_tells_the_whole_team(tmp_path: Path) -> None:
    monday = utc("2026-03-02T12:30")  # 09:30: eight open hours end the same day
    schedules = tmp_path / "schedules.yaml"
    rotation = {"starts": "2026-01-05T09:00", "every": "1w", "people": []}
    document = {
        "version": 1,
        "time_zone": "America/Sao_Paulo",
        "schedules": {"operations": {"rotation": rotation}},
    }
    schedules.write_text(yaml.safe_dump(document), encoding="utf-8")
    with Judge(tmp_path, FACTOR, at=monday) as judge:
        judge.start(more={"schedules": schedules})
        judge.send("Assigned", severity="P3")
        judge.until(judge.arrived, "the page")
        assert judge.told() == [("operations", "first")]
        opened = datetime.fromisoformat(judge.incidents()[0]["opened_at"])
        on_the_minute(judge, "backup", opened + 8 * HOUR)
        judge.verdict()
