"""The escalation matrix (7.3.2, C.3) minute by minute: who is told what, in and out of hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from zoneinfo import ZoneInfo

import pytest

from alarms.model.alert import Alert
from alarms.model.incident import IncidentState
from alarms.model.severity import Severity
from alarms.policy.escalation import BusinessCalendar
from alarms.policy.schedule import Rotation, Schedule, Schedules
from tests.support.alerts import burn_alert, foreign_alert
from tests.support.router import SHIPPED_POLICY, Scene

MINUTE = timedelta(minutes=1)
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
MONDAY_10 = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)  # 10:00 in São Paulo
ANA = Schedules(
    {
        "operations": Schedule(
            "America/Sao_Paulo",
            (Rotation(datetime.fromisoformat("2026-01-05T09:00"), timedelta(days=7), ("ana",)),),
        )
    }
)

# Level and local time at which it begins, sometimes the minute at which ana acknowledges; then everybody who
# is told anything at all, in local time. It is open from 09:00 to 18:00, Monday to Friday; 2026-04-21 and
# 2026-04-03 are holidays. Nobody resolves anything. A P1 is told in its very second, the others after their
# first wait, which is over within the same minute; the other deadlines do not wait.
MATRIX = """
P1 2026-03-02 10:00
    2026-03-02 10:00 operations:ana first
    2026-03-02 10:15 data-engineering backup
    2026-03-02 10:30 data-engineering escalation
    2026-03-02 11:00 operations:ana reminder
    2026-03-02 11:00 data-engineering escalation
    2026-03-02 11:30 operations:ana reminder
    2026-03-02 11:30 data-engineering escalation
    2026-03-02 12:00 operations:ana reminder
    2026-03-02 12:00 data-engineering escalation
P1 2026-03-07 03:00
    2026-03-07 03:00 operations:ana first
    2026-03-07 03:15 data-engineering backup
    2026-03-07 03:30 data-engineering escalation
    2026-03-07 04:00 operations:ana reminder
    2026-03-07 04:00 data-engineering escalation
    2026-03-07 04:30 operations:ana reminder
    2026-03-07 04:30 data-engineering escalation
    2026-03-07 05:00 operations:ana reminder
    2026-03-07 05:00 data-engineering escalation
P1 2026-03-02 10:00 acknowledged 10:05
    2026-03-02 10:00 operations:ana first
    2026-03-02 10:30 data-engineering escalation
P1 2026-03-07 03:00 acknowledged 03:40
    2026-03-07 03:00 operations:ana first
    2026-03-07 03:15 data-engineering backup
    2026-03-07 03:30 data-engineering escalation
P2 2026-03-02 10:00
    2026-03-02 10:00 operations:ana first
    2026-03-02 10:30 development backup
    2026-03-02 12:00 development escalation
    2026-03-02 12:00 data-engineering inform
P2 2026-03-02 10:00 acknowledged 10:29
    2026-03-02 10:00 operations:ana first
    2026-03-02 12:00 development escalation
    2026-03-02 12:00 data-engineering inform
P2 2026-03-06 17:00
    2026-03-06 17:00 operations:ana first
    2026-03-06 17:30 development backup
    2026-03-09 10:00 development escalation
    2026-03-09 10:00 data-engineering inform
P2 2026-03-07 03:00
    2026-03-07 03:00 operations:ana first
    2026-03-09 09:30 development backup
    2026-03-09 11:00 development escalation
    2026-03-09 11:00 data-engineering inform
P2 2026-04-20 17:30
    2026-04-20 17:30 operations:ana first
    2026-04-20 18:00 development backup
    2026-04-22 10:30 development escalation
    2026-04-22 10:30 data-engineering inform
P3 2026-03-02 10:00
    2026-03-02 10:00 operations:ana first
    2026-03-02 18:00 operations:ana backup
    2026-03-04 16:00 operations:ana escalation
    2026-03-04 16:00 data-engineering inform
P3 2026-03-02 10:00 acknowledged 17:59
    2026-03-02 10:00 operations:ana first
    2026-03-04 16:00 operations:ana escalation
    2026-03-04 16:00 data-engineering inform
P3 2026-03-06 17:00
    2026-03-06 17:00 operations:ana first
    2026-03-09 16:00 operations:ana backup
    2026-03-11 14:00 operations:ana escalation
    2026-03-11 14:00 data-engineering inform
P3 2026-03-07 03:00
    2026-03-07 03:00 operations:ana first
    2026-03-09 17:00 operations:ana backup
    2026-03-11 15:00 operations:ana escalation
    2026-03-11 15:00 data-engineering inform
P3 2026-04-02 17:00
    2026-04-02 17:00 operations:ana first
    2026-04-06 16:00 operations:ana backup
    2026-04-08 14:00 operations:ana escalation
    2026-04-08 14:00 data-engineering inform
P4 2026-03-02 10:00
    2026-03-02 10:00 operations:ana first
    2026-03-04 16:00 operations:ana reminder
    2026-03-04 16:00 data-engineering inform
    2026-03-12 10:00 operations:ana reminder
    2026-03-12 10:00 data-engineering inform
P4 2026-03-02 10:00 acknowledged 11:00
    2026-03-02 10:00 operations:ana first
    2026-03-12 10:00 operations:ana reminder
    2026-03-12 10:00 data-engineering inform
P4 2026-03-06 17:00
    2026-03-06 17:00 operations:ana first
    2026-03-11 14:00 operations:ana reminder
    2026-03-11 14:00 data-engineering inform
    2026-03-18 17:00 operations:ana reminder
    2026-03-18 17:00 data-engineering inform
P4 2026-03-07 03:00
    2026-03-07 03:00 operations:ana first
    2026-03-11 15:00 operations:ana reminder
    2026-03-11 15:00 data-engineering inform
    2026-03-18 18:00 operations:ana reminder
    2026-03-18 18:00 data-engineering inform
"""


def rows() -> dict[str, list[str]]:
    """Each case of the matrix, by its first line, with everything that is told in it."""
    found: dict[str, list[str]] = {}
    for line in MATRIX.strip().splitlines():
        if line.startswith(" "):
            found[list(found)[-1]].append(line.strip())
        else:
            found[line] = []
    return found


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SAO_PAULO).astimezone(UTC)


def alert(severity: Severity, at: datetime) -> Alert:
    return foreign_alert("SomethingBroke", severity, at)


@pytest.mark.parametrize("case", rows())
def test_who_is_told_what_minute_by_minute(case: str) -> None:
    level, day, time, *acknowledged = case.split()
    start = local(f"{day} {time}")
    scene = Scene(start, schedules=ANA, policy=SHIPPED_POLICY)
    incident = scene.receive(alert(Severity(level), start))
    steps = chain([SHIPPED_POLICY.first_wait, MINUTE - SHIPPED_POLICY.first_wait], repeat(MINUTE))
    told: list[str] = []
    end = local(rows()[case][-1][:16]) + timedelta(days=1)
    while scene.clock.now() < end:
        now = scene.clock.now().astimezone(SAO_PAULO)
        told += [f"{now:%Y-%m-%d %H:%M} {target} {step}" for target, step in scene.told_since(len(told))]
        if acknowledged and now == local(f"{day} {acknowledged[1]}"):
            scene.router.acknowledge(incident.id, "ana")
        scene.pass_time(next(steps))
    assert told == rows()[case]
    scene.close()


@pytest.mark.parametrize("severity", Severity)
def test_only_a_p1_is_told_in_its_very_second(severity: Severity) -> None:
    scene = Scene(MONDAY_10, policy=SHIPPED_POLICY)
    scene.receive(alert(severity, MONDAY_10))
    assert bool(scene.pager.told()) is (severity is Severity.P1)
    scene.close()


def test_the_table_has_every_level_in_and_out_of_hours_and_acknowledged() -> None:
    calendar = BusinessCalendar(SHIPPED_POLICY.hours)
    seen = {
        (level, "acknowledged" if more else calendar.is_open(local(f"{day} {time}")))
        for level, day, time, *more in map(str.split, rows())
    }
    assert seen == {(level.value, how) for level in Severity for how in (True, False, "acknowledged")}


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
