"""A page speaks for the worst firing alert that no silence covers, in words, place and severity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from alarms.model.alert import Alert
from alarms.model.incident import IncidentState
from alarms.model.notification import Notification
from alarms.model.severity import Severity
from alarms.model.silence import Matcher
from tests.support.alerts import MONDAY_10, ended, foreign_alert
from tests.support.router import Scene

MINUTE = timedelta(minutes=1)


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.close()


def host(name: str, severity: Severity = Severity.P1) -> Alert:
    made = foreign_alert("Loud", severity)
    return replace(made, labels={"instance": name}, tier=name, summary=f"text for {name}")


def quieten(scene: Scene, name: str, minutes: int = 60) -> str:
    now = scene.clock.now()
    made = scene.router.silence([Matcher("instance", "=", name)], now, now + minutes * MINUTE, "ana", "known")
    return made.id


def texts(told: Notification) -> str:
    message = told.message
    parts = (message.subject, message.body, message.short, message.subject_pt, message.body_pt)
    return "\n".join((*parts, message.short_pt))


def test_a_page_is_headed_by_the_alert_that_is_not_silenced(scene: Scene) -> None:
    quieten(scene, "quiet1")
    scene.receive(host("quiet1"))
    incident = scene.receive(host("loud2"))
    (told,) = scene.pager.sent
    assert "text for loud2" in told.message.body.splitlines()[0]
    assert "instance=loud2" in told.message.short
    assert "quiet1" not in texts(told)
    assert "more alert" not in texts(told)
    assert incident.labels["instance"] == "loud2"


def test_a_silenced_critical_alert_lends_no_severity_to_a_warning(scene: Scene) -> None:
    quieten(scene, "quiet1", minutes=30)
    scene.receive(host("quiet1", Severity.P1))
    incident = scene.receive(host("loud2", Severity.P2))
    (told,) = scene.pager.sent
    assert (incident.severity, told.severity) == (Severity.P2, Severity.P2)
    assert told.message.short.startswith("P2 ")
    scene.pass_time(29 * MINUTE)
    assert scene.router.incident(incident.id).severity is Severity.P2
    scene.pass_time(2 * MINUTE)
    assert scene.router.incident(incident.id).severity is Severity.P1
    raised = next(one for one in scene.pager.sent if one.severity is Severity.P1)
    assert "text for quiet1" in raised.message.body.splitlines()[0]


def test_a_silence_ended_by_hand_raises_it_at_once(scene: Scene) -> None:
    silence = quieten(scene, "quiet1")
    scene.receive(host("quiet1", Severity.P1))
    incident = scene.receive(host("loud2", Severity.P2))
    scene.router.acknowledge(incident.id, "ana")
    scene.router.expire_silence(silence, "ana")
    scene.router.tick()
    found = scene.router.incident(incident.id)
    assert (found.severity, found.state) == (Severity.P1, IncidentState.OPEN)


def test_a_silenced_critical_alert_that_joins_a_loud_warning_raises_nothing(scene: Scene) -> None:
    quieten(scene, "quiet1", minutes=30)
    scene.receive(host("loud2", Severity.P2))
    told = len(scene.pager.sent)
    incident = scene.receive(host("quiet1", Severity.P1))
    assert incident.severity is Severity.P2
    assert scene.told_since(told) == []
    scene.router.receive(ended(host("loud2", Severity.P2), MONDAY_10))
    assert scene.router.incident(incident.id).severity is Severity.P2
    assert scene.told_since(told) == []
    scene.pass_time(31 * MINUTE)
    assert scene.router.incident(incident.id).severity is Severity.P1
    assert "text for quiet1" in scene.pager.sent[-1].message.body.splitlines()[0]


def test_a_silence_for_the_worst_of_an_open_incident_lowers_it(scene: Scene) -> None:
    scene.receive(host("a", Severity.P1))
    incident = scene.receive(host("b", Severity.P3))
    quieten(scene, "a")
    assert scene.router.incident(incident.id).severity is Severity.P3


def test_an_alert_that_raises_it_heads_the_page_with_its_place(scene: Scene) -> None:
    scene.receive(host("i1", Severity.P3))
    scene.receive(host("i2", Severity.P1))
    raised = scene.pager.sent[-1]
    assert "instance=i2" in raised.message.short
    assert "instance=i1" not in raised.message.body.splitlines()[0]


def test_it_goes_on_speaking_for_one_alert_while_that_is_as_bad_as_any(scene: Scene) -> None:
    first = scene.receive(host("z1"))
    for number in range(12):
        scene.receive(host(f"a{number}"))
    assert scene.router.incident(first.id).labels["instance"] == "z1"
    scene.router.receive(ended(host("z1"), MONDAY_10))
    scene.pass_time(40 * MINUTE)
    assert "text for a" in scene.pager.sent[-1].message.body.splitlines()[0]
