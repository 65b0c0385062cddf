"""The escalation matrix (7.3.2, C.3) minute by minute: who is told what, in and out of hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alarms.incident import IncidentState
from alarms.schedule import Schedule, Schedules
from alarms.severity import Severity
from tests.support.alerts import burn_alert, foreign_alert
from tests.support.router import Scene

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
MONDAY_10 = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)  # 10:00 in São Paulo
FRIDAY_17 = datetime(2026, 3, 6, 20, 0, tzinfo=UTC)  # 17:00, an hour before closing
SATURDAY_3 = datetime(2026, 3, 7, 6, 0, tzinfo=UTC)  # 03:00, closed until Monday 09:00
MONDAY_9 = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
ANA = Schedules(
    {
        "operations": Schedule(
            "America/Sao_Paulo", datetime.fromisoformat("2026-01-05T09:00"), timedelta(days=7), ("ana",)
        )
    }
)

Told = tuple[timedelta, str, str]


def alert(severity: Severity, at: datetime):  # type: ignore[no-untyped-def]
    return foreign_alert("SomethingBroke", severity, at)


def minute_by_minute(
    severity: Severity, start: datetime, duration: timedelta, *, acknowledged_after: timedelta | None = None
) -> list[Told]:
    """(time since the alert, target, step) for everything told, ticking once a minute."""
    scene = Scene(start, schedules=ANA)
    incident = scene.receive(alert(severity, start))
    log: list[Told] = [(timedelta(0), target, step) for target, step in scene.pager.told()]
    while scene.clock.now() - start < duration:
        if acknowledged_after is not None and scene.clock.now() - start == acknowledged_after:
            scene.router.acknowledge(incident.id, "ana")
        before = len(scene.pager.sent)
        scene.pass_time(MINUTE)
        elapsed = scene.clock.now() - start
        log += [(elapsed, target, step) for target, step in scene.told_since(before)]
    scene.close()
    return log


def test_p1_tells_operations_the_backup_at_15_and_escalates_at_30_then_repeats() -> None:
    assert minute_by_minute(Severity.P1, MONDAY_10, 3 * HOUR) == [
        (0 * MINUTE, "operations", "first"),
        (15 * MINUTE, "data-engineering", "backup"),
        (30 * MINUTE, "data-engineering", "escalation"),
        (60 * MINUTE, "operations", "reminder"),
        (60 * MINUTE, "data-engineering", "escalation"),
        (90 * MINUTE, "operations", "reminder"),
        (90 * MINUTE, "data-engineering", "escalation"),
        (120 * MINUTE, "operations", "reminder"),
        (120 * MINUTE, "data-engineering", "escalation"),
    ]


def test_p1_never_pauses() -> None:
    in_hours = minute_by_minute(Severity.P1, MONDAY_10, HOUR)
    assert minute_by_minute(Severity.P1, SATURDAY_3, HOUR) == in_hours


def test_p1_acknowledged_is_not_told_to_the_backup_but_still_escalates_at_30() -> None:
    told = minute_by_minute(Severity.P1, MONDAY_10, 3 * HOUR, acknowledged_after=5 * MINUTE)
    assert told == [(0 * MINUTE, "operations", "first"), (30 * MINUTE, "data-engineering", "escalation")]


def test_p2_in_hours() -> None:
    assert minute_by_minute(Severity.P2, MONDAY_10, 5 * HOUR) == [
        (0 * MINUTE, "operations", "first"),
        (30 * MINUTE, "development", "backup"),
        (120 * MINUTE, "development", "escalation"),
        (120 * MINUTE, "data-engineering", "inform"),
    ]


def test_p2_on_friday_at_17_goes_on_on_monday() -> None:
    told = minute_by_minute(Severity.P2, FRIDAY_17, timedelta(days=4))
    assert told == [
        (0 * MINUTE, "operations", "first"),
        (30 * MINUTE, "development", "backup"),
        (MONDAY_9 + HOUR - FRIDAY_17, "development", "escalation"),
        (MONDAY_9 + HOUR - FRIDAY_17, "data-engineering", "inform"),
    ]


def test_p2_on_saturday_is_told_at_once_and_its_clocks_begin_on_monday() -> None:
    told = minute_by_minute(Severity.P2, SATURDAY_3, timedelta(days=3))
    assert told == [
        (0 * MINUTE, "operations", "first"),
        (MONDAY_9 + 30 * MINUTE - SATURDAY_3, "development", "backup"),
        (MONDAY_9 + 120 * MINUTE - SATURDAY_3, "development", "escalation"),
        (MONDAY_9 + 120 * MINUTE - SATURDAY_3, "data-engineering", "inform"),
    ]


def test_p3_goes_to_the_person_on_duty_then_to_operations() -> None:
    told = minute_by_minute(Severity.P3, MONDAY_10, timedelta(days=4))
    tuesday_16 = MONDAY_10 + timedelta(days=1, hours=6)
    assert told == [
        (0 * MINUTE, "operations:ana", "first"),
        (8 * HOUR, "operations", "backup"),
        # 8 open hours on Monday, 9 on Tuesday, 7 on Wednesday
        (tuesday_16 + timedelta(days=1) - MONDAY_10, "operations", "escalation"),
        (tuesday_16 + timedelta(days=1) - MONDAY_10, "data-engineering", "inform"),
    ]


def test_p4_has_no_backup_so_its_owner_is_reminded_and_the_accountable_team_informed() -> None:
    told = minute_by_minute(Severity.P4, MONDAY_10, timedelta(days=12))
    wednesday_16 = MONDAY_10 + timedelta(days=2, hours=6)
    thursday_10 = MONDAY_10 + timedelta(days=10)  # 8 + 7 x 9 + 1 open hours
    assert told[:3] == [
        (0 * MINUTE, "operations:ana", "first"),
        (wednesday_16 - MONDAY_10, "operations:ana", "reminder"),
        (wednesday_16 - MONDAY_10, "data-engineering", "inform"),
    ]
    assert [entry[1:] for entry in told[3:]] == [
        ("operations:ana", "reminder"),
        ("data-engineering", "inform"),
    ]
    assert told[3][0] == thursday_10 - MONDAY_10


@pytest.mark.parametrize("severity", [Severity.P1, Severity.P2, Severity.P3, Severity.P4])
def test_a_missed_acknowledgement_flags_the_incident_as_overdue(severity: Severity) -> None:
    scene = Scene(MONDAY_10)
    incident = scene.receive(alert(severity, MONDAY_10))
    assert not incident.overdue
    scene.jump(timedelta(days=20))
    assert scene.router.incident(incident.id).overdue
    scene.close()


def test_the_backup_hears_nothing_before_its_minute() -> None:
    scene = Scene(MONDAY_10)
    scene.receive(alert(Severity.P1, MONDAY_10))
    scene.pass_time(14 * MINUTE)
    assert scene.pager.told() == [("operations", "first")]
    scene.pass_time(MINUTE)
    assert scene.pager.told()[1:] == [("data-engineering", "backup")]
    scene.close()


def test_acknowledging_stops_the_first_clock_and_never_the_second() -> None:
    scene = Scene(MONDAY_10)
    incident = scene.receive(burn_alert())
    scene.pass_time(10 * MINUTE)
    acknowledged = scene.router.acknowledge(incident.id, "ana", "looking")
    assert acknowledged.state is IncidentState.ACKNOWLEDGED
    assert acknowledged.acknowledged_by == "ana"
    assert [timer.kind.value for timer in scene.store.timers(incident.id)] == ["unresolved"]
    scene.close()


def test_a_holiday_is_a_closed_day() -> None:
    tiradentes_eve = datetime(2026, 4, 20, 20, 30, tzinfo=UTC)  # Monday 17:30; Tuesday 21 April is a holiday
    told = minute_by_minute(Severity.P2, tiradentes_eve, timedelta(days=2))
    wednesday_1030 = datetime(2026, 4, 22, 13, 30, tzinfo=UTC)
    assert told[1] == (30 * MINUTE, "development", "backup")
    assert told[2] == (wednesday_1030 - tiradentes_eve, "development", "escalation")
