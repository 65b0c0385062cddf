"""What is open here and no longer reported there is closed as that; each rule that keeps it from closing too
much has a test that fails without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from alarms.model.alert import Alert
from alarms.model.severity import Severity
from tests.support.alerts import foreign_alert
from tests.support.asked import CLOSE_AFTER, DAYS, EVERY, Watched
from tests.support.router import Scene

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DISK = foreign_alert("DiskFull", Severity.P1)


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.close()


@pytest.fixture
def watched(scene: Scene) -> Watched:
    return Watched(scene, "DiskFull")


def seen_and_gone(watched: Watched, alert: Alert = DISK) -> str:
    """The id of its incident: it was sent, seen to be reported, and is reported no longer."""
    incident = watched.scene.receive(alert)
    watched.manager.fires(alert)
    watched.look()
    watched.manager.fires()
    return incident.id


def is_open(watched: Watched, incident_id: str) -> bool:
    return watched.scene.router.incident(incident_id).is_open


def test_it_is_closed_as_no_longer_reported_after_the_stated_time(scene: Scene, watched: Watched) -> None:
    incident_id = seen_and_gone(watched)
    watched.pass_time(CLOSE_AFTER)
    incident = scene.router.incident(incident_id)
    assert not incident.is_open
    assert incident.resolved_by == "no longer reported"
    last = scene.router.timeline(incident_id)[-1]
    assert (last.kind.value, dict(last.detail)) == ("resolved", {"note": "its source no longer reports it"})
    reasons = [decision.reason for decision in scene.router.explain(incident_id).decisions]
    assert "its source no longer reports it" in reasons


def test_less_than_the_stated_time_closes_nothing(watched: Watched) -> None:
    incident_id = seen_and_gone(watched)
    watched.pass_time(CLOSE_AFTER - EVERY)
    assert is_open(watched, incident_id)


def test_the_time_begins_anew_when_it_is_reported_again(watched: Watched) -> None:
    incident_id = seen_and_gone(watched)
    watched.pass_time(CLOSE_AFTER - MINUTE)
    watched.manager.fires(DISK)
    watched.look()
    watched.manager.fires()
    watched.pass_time(CLOSE_AFTER - MINUTE)
    assert is_open(watched, incident_id)


def test_the_time_begins_anew_when_it_is_sent_again(scene: Scene, watched: Watched) -> None:
    incident_id = seen_and_gone(watched)
    watched.pass_time(CLOSE_AFTER - MINUTE)
    scene.receive(DISK)
    watched.pass_time(CLOSE_AFTER - MINUTE)
    assert is_open(watched, incident_id)


def manager_down(watched: Watched) -> None:
    watched.manager.silent = True


def prometheus_down(watched: Watched) -> None:
    """Alertmanager forgets what its Prometheus no longer says: that is not the end of it."""
    watched.prometheus.silent = True


def manager_restarted(watched: Watched) -> None:
    watched.manager.says(up_for=CLOSE_AFTER)


def prometheus_restarted(watched: Watched) -> None:
    """It has been up for long, and not for longer than its longest `for`."""
    watched.prometheus.says(up_for=HOUR)


def restarted_with_rules_that_fire_at_once(watched: Watched) -> None:
    """Up for as long as it has to be silent, and no longer."""
    watched.prometheus.says(longest_for=timedelta(), up_for=CLOSE_AFTER)


def rule_gone(watched: Watched) -> None:
    watched.prometheus.says(judged=frozenset({"Other"}))


def empty(watched: Watched) -> None:
    """No rules at all: a configuration was lost."""
    watched.prometheus.says(judged=frozenset())


def odd_there(watched: Watched) -> None:
    """What cannot be read may be that alert."""
    watched.manager.says(odd=1, remark="1 of 1 parts of its answer cannot be read")


def pending_there(watched: Watched) -> None:
    watched.prometheus.says(listed=frozenset({DISK.member}))


def suppressed_there(watched: Watched) -> None:
    watched.manager.fires(aside=[DISK])


@pytest.mark.parametrize(
    "why",
    [
        manager_down,
        prometheus_down,
        manager_restarted,
        prometheus_restarted,
        restarted_with_rules_that_fire_at_once,
        rule_gone,
        empty,
        odd_there,
        pending_there,
        suppressed_there,
    ],
    ids=lambda why: why.__name__,
)
def test_it_closes_nothing(watched: Watched, why: Callable[[Watched], None]) -> None:
    incident_id = seen_and_gone(watched)
    why(watched)
    watched.pass_time(3 * CLOSE_AFTER)
    assert is_open(watched, incident_id)


def test_an_answer_now_and_then_closes_nothing(watched: Watched) -> None:
    """The time of silence in between counts for nothing."""
    incident_id = seen_and_gone(watched)
    for _ in range(10):
        watched.manager.silent = False
        watched.pass_time(2 * MINUTE)
        watched.manager.silent = True
        watched.look()
    assert is_open(watched, incident_id)


@pytest.mark.parametrize(
    "other",
    [
        DISK,
        replace(DISK, environment="elsewhere", alert_key="another"),
        replace(DISK, source="cloudwatch"),
        replace(DISK, source="evaluator"),
    ],
    ids=["never seen there", "another environment", "another source", "our own"],
)
def test_what_it_was_never_seen_to_report_is_not_its_to_close(
    scene: Scene, watched: Watched, other: Alert
) -> None:
    """Another sender may have the same rule."""
    incident = scene.receive(other)
    watched.manager.fires()
    watched.pass_time(3 * CLOSE_AFTER)
    assert is_open(watched, incident.id)


def test_alertmanager_alone_knows_no_rules_and_closes_nothing(scene: Scene, watched: Watched) -> None:
    watched.prometheus.says(judged=None)
    incident_id = seen_and_gone(watched)
    watched.pass_time(3 * CLOSE_AFTER)
    assert is_open(watched, incident_id)


def test_that_it_was_seen_there_outlives_a_restart_and_the_next_message(
    scene: Scene, watched: Watched
) -> None:
    incident = scene.receive(DISK)
    watched.manager.fires(DISK)
    watched.look()
    scene.receive(DISK)
    watched.manager.fires()
    watched.start()
    watched.pass_time(CLOSE_AFTER)
    assert not is_open(watched, incident.id)


def test_one_of_two_alerts_is_cleared_and_the_incident_stays(scene: Scene, watched: Watched) -> None:
    other = replace(DISK, labels={"host": "b"}, tier="b")
    incident = scene.receive(DISK)
    scene.receive(other)
    watched.manager.fires(DISK, other)
    watched.look()
    watched.manager.fires(other)
    watched.pass_time(CLOSE_AFTER)
    assert is_open(watched, incident.id)
    states = sorted(record.state.value for record in scene.router.explain(incident.id).alerts)
    assert states == ["firing", "resolved"]


def test_it_comes_back_when_it_fires_again(scene: Scene, watched: Watched) -> None:
    incident_id = seen_and_gone(watched)
    watched.pass_time(CLOSE_AFTER)
    assert scene.receive(DISK).is_open
    assert is_open(watched, incident_id)
    assert [n.step.value for n in scene.pager.sent].count("first") == 2


def test_a_source_that_has_been_there_for_days_is_believed(watched: Watched) -> None:
    watched.prometheus.says(up_for=DAYS)
    incident_id = seen_and_gone(watched)
    watched.pass_time(CLOSE_AFTER)
    assert not is_open(watched, incident_id)
