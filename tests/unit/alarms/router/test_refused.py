"""What people ask for and cannot mean is refused with a sentence, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from alarms.model.errors import AlarmsError
from alarms.model.severity import Severity
from alarms.policy.schedule import Rotation, Schedule, Schedules
from alarms.router.router import Router
from tests.support.alerts import MONDAY_10, burn_alert, foreign_alert
from tests.support.router import Scene

WEEKLY = Schedule("America/Sao_Paulo", (Rotation(datetime(2026, 1, 5, 9), timedelta(days=7), ("ana",)),))  # noqa: DTZ001


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene(schedules=Schedules({"operations": WEEKLY}))
    yield made
    made.close()


@pytest.mark.parametrize(
    "asked",
    [
        lambda router, one: router.reassign(one, "operations:", "bia"),
        lambda router, one: router.reassign(one, "operations:nobody", "bia"),
        lambda router, one: router.reassign(one, ":ana", "bia"),
        lambda router, one: router.snooze(one, datetime(2036, 1, 1, tzinfo=UTC), "bia"),
        lambda router, one: router.snooze(one, MONDAY_10, "bia"),
        lambda router, one: router.note(one, "bia", "x" * 4_001),
        lambda router, one: router.acknowledge(one, "bia", "x" * 4_001),
    ],
)
def test_it_is_refused(asked: Callable[[Router, str], object], scene: Scene) -> None:
    incident = scene.receive(burn_alert())
    with pytest.raises(AlarmsError) as raised:
        asked(scene.router, incident.id)
    assert str(raised.value).endswith(tuple("abcdefghijklmnopqrstuvwxyz"))
    assert scene.router.incident(incident.id) == incident


@pytest.mark.parametrize("severity", [Severity.P1, Severity.P2])
def test_the_person_on_duty_is_told_by_name_for_the_severe_levels_too(
    scene: Scene, severity: Severity
) -> None:
    scene.receive(foreign_alert("DiskFull", severity))
    assert scene.pager.told() == [("operations:ana", "first")]
