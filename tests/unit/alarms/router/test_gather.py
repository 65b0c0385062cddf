"""Alerts that join are told: together, at once when there are ten times as many or it is worse, and named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from alarms.model.alert import Alert
from alarms.model.notification import Notification
from alarms.model.severity import Severity
from alarms.model.silence import Matcher
from tests.support.alerts import MONDAY_10, ended, foreign_alert
from tests.support.router import AT_ONCE, Scene

MINUTE = timedelta(minutes=1)


def host(number: int, severity: Severity = Severity.P2) -> Alert:
    made = foreign_alert("HostDown", severity)
    name = f"h{number}"
    return replace(made, labels={"instance": name}, tier=name, summary=f"{name} is down")


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.close()


def more(scene: Scene) -> list[Notification]:
    return [n for n in scene.pager.sent if n.attributes.get("kind") == "more-alerts"]


def test_hosts_that_join_after_the_acknowledgement_are_told_together_and_named(scene: Scene) -> None:
    incident = scene.receive(host(1))
    scene.router.acknowledge(incident.id, "ana")
    for number in range(2, 6):
        scene.receive(host(number))
    assert more(scene) == []
    scene.pass_time(5 * MINUTE)
    (told,) = more(scene)
    assert "4, 5 in all: instance=h2; instance=h3; instance=h4; instance=h5" in told.message.body
    assert "4, 5 ao todo" in told.message.body_pt
    scene.pass_time(30 * MINUTE)
    assert len(more(scene)) == 1
    assert scene.router.incident(incident.id).acknowledged_by == "ana", "clocks and state stay"


def test_growth_is_told_at_once_and_boundedly(scene: Scene) -> None:
    for number in range(1, 121):
        scene.receive(host(number))
    assert [n.message.body.split(" in all")[0].split(", ")[-1] for n in more(scene)] == ["10", "100"]
    assert "and 70 more" in more(scene)[-1].message.body
    scene.pass_time(5 * MINUTE)
    assert len(more(scene)) == 3
    assert "Joined since the last message: 20, 120 in all" in more(scene)[-1].message.body


def test_a_raise_is_told_at_once_with_the_text_of_the_alert_that_raised_it(scene: Scene) -> None:
    scene.receive(host(1, Severity.P3))
    scene.receive(host(2, Severity.P3))
    scene.receive(host(3, Severity.P1))
    body = scene.pager.sent[-1].message.body
    assert "h3 is down" in body
    assert "instance=h2; instance=h3" in body
    scene.pass_time(6 * MINUTE)
    assert more(scene) == [], "they were named already"


def test_who_joins_silenced_is_not_told(scene: Scene) -> None:
    scene.receive(host(1))
    quiet = [Matcher("instance", "=", "h2")]
    scene.router.silence(quiet, MONDAY_10, MONDAY_10 + 60 * MINUTE, "ana", "known")
    scene.receive(host(2))
    scene.pass_time(10 * MINUTE)
    assert more(scene) == []


def test_who_joins_what_is_held_is_named_when_it_is_released(scene: Scene) -> None:
    quiet = [Matcher("alertname", "=", "HostDown")]
    scene.router.silence(quiet, MONDAY_10, MONDAY_10 + 10 * MINUTE, "ana", "known")
    scene.receive(host(1))
    scene.receive(host(2))
    scene.pass_time(11 * MINUTE)
    assert [n.step.value for n in scene.pager.sent] == ["first"]
    assert more(scene) == []


def test_the_next_cycle_counts_anew_in_its_own_words(scene: Scene) -> None:
    first = replace(host(1), summary_pt="h1 caiu")
    for alert in (first, host(2)):
        scene.receive(alert)
    for alert in (first, host(2)):
        scene.router.receive(ended(alert, MONDAY_10))
    scene.clock.advance(MINUTE)
    again = scene.receive(replace(host(3), summary_pt="h3 caiu"))
    assert (again.members, again.untold_count, again.summary_pt) == (1, 0, "h3 caiu")


def test_the_wait_is_the_policys(scene: Scene) -> None:
    scene.router.change_policy(replace(AT_ONCE, tell_more_after=timedelta(minutes=1)))
    scene.receive(host(1))
    scene.receive(host(2))
    scene.pass_time(MINUTE)
    assert len(more(scene)) == 1


def test_alerts_of_two_namespaces_are_two_incidents_by_default(scene: Scene) -> None:
    found = {
        scene.receive(replace(host(n), labels={"namespace": name}, tier=name)).id
        for n, name in enumerate(("shop", "bank", "shop"))
    }
    assert len(found) == 2


def seen_by(server: str, instance: str = "h1") -> Alert:
    labels = {"instance": instance, "prometheus_replica": server}
    tier = f"instance={instance},prometheus_replica={server}"
    return replace(foreign_alert("HostDown", Severity.P2), labels=labels, tier=tier)


def test_what_a_second_server_sees_too_is_no_further_alert(scene: Scene) -> None:
    incident = scene.receive(seen_by("a"))
    scene.receive(seen_by("b"))
    scene.receive(seen_by("a", "h2"))
    scene.receive(seen_by("b", "h2"))
    assert scene.router.incident(incident.id).members == 2
    scene.pass_time(10 * MINUTE)
    (told,) = more(scene)
    assert "1, 2 in all: instance=h2" in told.message.body


def test_what_one_server_says_is_over_goes_on_for_the_other(scene: Scene) -> None:
    incident = scene.receive(seen_by("a"))
    scene.receive(seen_by("b"))
    scene.receive(ended(seen_by("a"), MONDAY_10 + MINUTE))
    assert scene.router.incident(incident.id).is_open
    scene.receive(ended(seen_by("b"), MONDAY_10 + 2 * MINUTE))
    assert not scene.router.incident(incident.id).is_open
