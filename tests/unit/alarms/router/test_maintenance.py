"""Maintenance that comes back every week is a silence while it lasts, by local time and per alert."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from alarms.model.errors import NotAllowed
from alarms.model.incident import HoldKind
from alarms.model.severity import Severity
from alarms.model.silence import Matcher, Silence
from alarms.policy.maintenance import Maintenance
from alarms.policy.schedule import Schedules
from alarms.policy.schedule_file import load_schedules
from alarms.policy.weekly_hours import WeeklyHours
from foundation.errors import DefinitionErrors
from tests.support.alerts import foreign_alert
from tests.support.router import Scene

MINUTE = timedelta(minutes=1)
SUNDAYS = Maintenance(
    "backup",
    (Matcher("component", "=", "aurora"),),
    WeeklyHours((7,), time(2), time(4)),
    "America/New_York",
    "weekly copy",
    "schedules.yaml",
)
SUNDAY_0140 = datetime(2026, 3, 1, 6, 40, tzinfo=UTC)  # in New York, five hours behind


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene(SUNDAY_0140, schedules=Schedules(maintenance=(SUNDAYS,)))
    yield made
    made.close()


def test_what_fires_in_the_window_is_held_and_paged_at_its_end_if_it_still_fires(scene: Scene) -> None:
    scene.pass_time(30 * MINUTE)  # 02:10
    incident = scene.receive(foreign_alert("Slow", component="aurora"))
    assert incident.hold is not None
    assert (incident.hold.kind, incident.hold.by) == (HoldKind.SILENCE, "maintenance:backup")
    scene.pass_time(109 * MINUTE)
    assert scene.pager.told() == []
    scene.pass_time(MINUTE)  # 04:00
    assert scene.pager.told()[0][1] == "first"
    assert scene.router.incident(incident.id).hold is None


def test_what_is_open_already_is_held_when_the_window_begins(scene: Scene) -> None:
    incident = scene.receive(foreign_alert("Slow", component="aurora"))
    told = len(scene.pager.told())
    scene.pass_time(25 * MINUTE)
    assert scene.router.incident(incident.id).hold is not None
    scene.pass_time(60 * MINUTE)
    assert len(scene.pager.told()) == told


def test_an_alert_that_it_does_not_match_is_paged(scene: Scene) -> None:
    scene.pass_time(30 * MINUTE)
    scene.receive(foreign_alert("Slow", component="redis"))
    assert len(scene.pager.told()) == 1


def test_outside_the_window_nothing_is_held(scene: Scene) -> None:
    scene.receive(foreign_alert("Slow", component="aurora"))
    assert len(scene.pager.told()) == 1


@pytest.mark.parametrize(
    ("day", "begins", "hours"),
    [
        (datetime(2026, 3, 1, 7, tzinfo=UTC), "07:00", 2),
        (datetime(2026, 3, 8, 7, tzinfo=UTC), "07:00", 1),  # 02:00 to 03:00 does not exist
        (datetime(2026, 3, 15, 7, tzinfo=UTC), "06:00", 2),
    ],
)
def test_the_window_goes_by_the_clock_on_the_wall(day: datetime, begins: str, hours: int) -> None:
    found = SUNDAYS.silence_at(day)
    assert isinstance(found, Silence)
    assert f"{found.starts_at:%H:%M}" == begins
    assert found.ends_at - found.starts_at == timedelta(hours=hours)


def test_a_window_over_the_hour_that_comes_twice_lasts_an_hour_longer() -> None:
    night = replace(SUNDAYS, hours=WeeklyHours((6,), time(23), time(3)))
    found = night.silence_at(datetime(2026, 11, 1, 5, 30, tzinfo=UTC))
    assert found is not None
    assert found.ends_at - found.starts_at == timedelta(hours=5)


def test_it_is_listed_with_the_time_it_comes_next_and_cannot_be_ended_by_hand(scene: Scene) -> None:
    (listed,) = scene.router.silences()
    assert (listed.id, listed.starts_at) == ("maintenance:backup", datetime(2026, 3, 1, 7, tzinfo=UTC))
    with pytest.raises(NotAllowed, match="recurring maintenance"):
        scene.router.expire_silence(listed.id, "ana")


def test_a_window_that_fails_silences_nothing_and_is_told_of(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    scene.pass_time(30 * MINUTE)
    monkeypatch.setattr(WeeklyHours, "window", broken)
    incident = scene.receive(foreign_alert("Slow", Severity.P1, component="aurora"))
    assert incident.hold is None
    assert scene.pager.told()[0][1] == "first"
    assert any("maintenance:backup" in one.title for one in scene.router.open_incidents())


def written(folder: Path, window: str) -> Path:
    file = folder / "schedules.yaml"
    file.write_text(
        f"version: 1\ntime_zone: America/New_York\nschedules: {{}}\nmaintenance:\n  - {window}\n",
        encoding="utf-8",
    )
    return file


def test_it_is_read_from_the_file(tmp_path: Path) -> None:
    window = (
        "{name: backup, match: ['component=\"aurora\"'], every: sunday, from: '02:00', until: '04:00', "
        "comment: weekly copy}"
    )
    assert load_schedules(written(tmp_path, window)).maintenance == (SUNDAYS,)


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ("{name: a, match: [], every: day, comment: x}", "this would silence everything"),
        ("{name: a, match: ['a=~\"(\"'], every: day, comment: x}", "maintenance.0..match.0."),
        ("{name: a, match: ['a=\"b\"'], every: fortnight, comment: x}", "'fortnight' is not one of"),
        ("{name: a, match: ['a=\"b\"'], every: day, from: late, comment: x}", "'late' is not a time of day"),
        (
            "{name: a, match: ['a=\"b\"'], every: day, comment: x}\n"
            "  - {name: a, match: ['a=\"b\"'], every: day, comment: x}",
            "there is another maintenance 'a'",
        ),
    ],
)
def test_a_mistake_names_its_place(tmp_path: Path, window: str, expected: str) -> None:
    with pytest.raises(DefinitionErrors, match=expected):
        load_schedules(written(tmp_path, window))
