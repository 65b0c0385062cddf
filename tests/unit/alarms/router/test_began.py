"""Since when a page says that it burns: as its source says, where that can be meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from alarms.model.alert import AlertState
from alarms.model.severity import Severity
from tests.support.alerts import MONDAY_10, foreign_alert
from tests.support.router import Scene

HOUR = timedelta(hours=1)
DISK = replace(foreign_alert("DiskFull", Severity.P1), starts_at=MONDAY_10 - 2 * HOUR)


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.close()


def test_a_page_says_since_when_its_source_says_it_burns_and_deadlines_go_by_ours(scene: Scene) -> None:
    incident = scene.receive(DISK)
    assert (incident.began_at, incident.opened_at) == (MONDAY_10 - 2 * HOUR, MONDAY_10)
    (sent,) = scene.pager.sent
    other = Scene()
    other.receive(replace(DISK, starts_at=MONDAY_10))
    assert sent.message.body != other.pager.sent[0].message.body
    assert "since" in sent.message.body
    other.close()


@pytest.mark.parametrize(
    "off", [timedelta(days=-31), timedelta(days=-20_000), timedelta(minutes=5), 9000 * HOUR]
)
def test_a_time_that_cannot_be_meant_is_the_one_at_which_it_came(scene: Scene, off: timedelta) -> None:
    assert scene.receive(replace(DISK, starts_at=MONDAY_10 + off)).began_at == MONDAY_10


def test_a_clock_that_is_a_little_fast_says_now(scene: Scene) -> None:
    assert scene.receive(replace(DISK, starts_at=MONDAY_10 + timedelta(minutes=1))).began_at == MONDAY_10


def test_what_comes_back_began_when_it_came_back(scene: Scene) -> None:
    scene.receive(DISK)
    scene.clock.advance(timedelta(minutes=1))
    scene.receive(replace(DISK, state=AlertState.RESOLVED, ends_at=scene.clock.now()))
    scene.clock.advance(timedelta(minutes=1))
    again = scene.receive(DISK)
    assert (again.cycle, again.began_at) == (2, scene.clock.now())
