"""Silences and holds are per alert, by its own labels: an incident is silent only if all that fires is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from alarms.model.alert import Alert
from alarms.model.incident import HoldKind
from alarms.model.severity import Severity
from alarms.model.silence import Matcher
from tests.support.alerts import MONDAY_10, ended, foreign_alert
from tests.support.router import Scene

MINUTE = timedelta(minutes=1)


def host(name: str, severity: Severity = Severity.P1) -> Alert:
    """Hosts of one problem share its key, as the labels that tell replicas apart are ignored."""
    made = foreign_alert("HostDown", severity)
    return replace(made, labels={"instance": name}, tier=name, summary=f"{name} is down")


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.close()


def quieten(scene: Scene, *names: str, minutes: int = 60) -> None:
    now = scene.clock.now()
    for name in names:
        scene.router.silence([Matcher("instance", "=", name)], now, now + minutes * MINUTE, "ana", "known")


def test_an_alert_that_no_silence_covers_is_paged_though_it_joins_a_silenced_incident(scene: Scene) -> None:
    quieten(scene, "quiet1")
    quiet = scene.receive(host("quiet1"))
    assert quiet.hold is not None
    assert scene.pager.told() == []
    loud = scene.receive(host("loud2"))
    assert loud.id == quiet.id
    assert loud.hold is None
    assert scene.pager.told() == [("operations", "first")]
    scene.pass_time(15 * MINUTE)
    assert scene.pager.told()[1:] == [("data-engineering", "backup")]


def test_further_alerts_that_are_all_silenced_stay_silent(scene: Scene) -> None:
    quieten(scene, "quiet1", "quiet2")
    for name in ("quiet1", "quiet2", "quiet1"):
        scene.receive(host(name))
    scene.pass_time(59 * MINUTE)
    assert scene.pager.told() == []
    scene.pass_time(2 * MINUTE)
    assert scene.pager.told() == [("operations", "first")]


def test_it_is_looked_at_again_when_the_first_of_several_silences_ends(scene: Scene) -> None:
    quieten(scene, "quiet1", minutes=60)
    quieten(scene, "quiet2", minutes=10)
    scene.receive(host("quiet1"))
    scene.receive(host("quiet2"))
    scene.pass_time(9 * MINUTE)
    assert scene.pager.told() == []
    scene.pass_time(52 * MINUTE)
    assert scene.pager.told()[0] == ("operations", "first")


def test_ending_any_of_the_silences_pages(scene: Scene) -> None:
    quieten(scene, "quiet1", "quiet2")
    scene.receive(host("quiet1"))
    scene.receive(host("quiet2"))
    scene.router.expire_silence(scene.router.silences()[0].id, "ana")
    scene.pass_time(MINUTE)
    assert scene.pager.told() == [("operations", "first")]


def test_a_new_silence_quietens_only_what_it_covers_whole(scene: Scene) -> None:
    scene.receive(host("a"))
    scene.receive(host("b"))
    quieten(scene, "a")
    assert scene.router.open_incidents()[0].hold is None
    quieten(scene, "b")
    hold = scene.router.open_incidents()[0].hold
    assert hold is not None
    assert hold.kind is HoldKind.SILENCE


def test_when_the_only_loud_alert_clears_it_is_quiet_again(scene: Scene) -> None:
    quieten(scene, "quiet1")
    scene.receive(host("quiet1"))
    scene.receive(host("loud2"))
    scene.router.receive(ended(host("loud2"), MONDAY_10))
    told = len(scene.pager.sent)
    scene.pass_time(40 * MINUTE)
    assert scene.told_since(told) == []
    assert scene.router.open_incidents()[0].hold is not None


def test_a_severer_alert_that_is_silenced_itself_stays_silent(scene: Scene) -> None:
    quieten(scene, "quiet1", "quiet2")
    scene.receive(host("quiet1", Severity.P3))
    scene.receive(host("quiet2", Severity.P1))
    assert scene.pager.told() == []
    scene.receive(host("loud3", Severity.P4))
    assert scene.pager.told() == [("operations", "first")]


def test_an_alert_of_another_component_is_not_held_for_a_cause_that_does_not_explain_it(scene: Scene) -> None:
    scene.receive(foreign_alert("AuroraDown", Severity.P1, component="aurora"))
    shared = foreign_alert("Slow", Severity.P2)
    api = replace(shared, component="decision-api", labels={"team": "x"}, tier="api")
    web = replace(shared, component="web", labels={"team": "x"}, tier="web")
    policy = replace(
        scene.router.policy, routes=(replace(scene.router.policy.routes[-1], group_by=("alertname",)),)
    )
    scene.router.change_policy(policy)
    held = scene.receive(api)
    assert held.hold is not None
    assert held.hold.kind is HoldKind.CAUSE
    told = len(scene.pager.sent)
    joined = scene.receive(web)
    assert joined.id == held.id
    assert joined.hold is None
    assert scene.told_since(told) == [("operations", "first")]


def test_a_silence_that_starts_later_quietens_what_is_open_by_then(scene: Scene) -> None:
    incident = scene.receive(host("a"))
    start = MONDAY_10 + 5 * MINUTE
    scene.router.silence([Matcher("instance", "=", "a")], start, start + 60 * MINUTE, "ana", "maintenance")
    scene.pass_time(4 * MINUTE)
    assert scene.router.incident(incident.id).hold is None
    scene.pass_time(2 * MINUTE)
    hold = scene.router.incident(incident.id).hold
    assert hold is not None
    assert hold.kind is HoldKind.SILENCE
    told = len(scene.pager.sent)
    scene.pass_time(40 * MINUTE)
    assert scene.told_since(told) == []
