"""What becomes of alerts: one incident each burn, raised at once, lowered late, quiet when it should be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarms.model.alert import Alert
from alarms.model.decision import Stage
from alarms.model.incident import HoldKind, IncidentState, TransitionKind
from alarms.model.severity import Severity
from alarms.model.silence import Matcher
from tests.support.alerts import MONDAY_10, WINDOWS, burn_alert, ended, foreign_alert
from tests.support.router import Scene

MINUTE = timedelta(minutes=1)


def kinds(scene: Scene, incident_id: str) -> list[TransitionKind]:
    return [transition.kind for transition in scene.router.timeline(incident_id)]


def test_all_tiers_of_one_burn_from_all_sources_are_one_incident() -> None:
    scene = Scene()
    found = {
        scene.receive(replace(burn_alert(tier), source=source)).id
        for tier in WINDOWS
        for source in ("evaluator", "alertmanager", "cloudwatch")
    }
    assert len(found) == 1
    assert len(scene.router.explain(found.pop()).alerts) == 12
    assert scene.pager.told() == [("operations", "first")]
    scene.close()


def test_a_repeated_alert_changes_nothing_but_its_count() -> None:
    scene = Scene()
    incident = scene.receive(burn_alert())
    for _ in range(5):
        scene.receive(burn_alert())
    explained = scene.router.explain(incident.id)
    assert explained.alerts[0].times_seen == 6
    assert kinds(scene, incident.id) == [TransitionKind.OPENED]
    assert len(scene.pager.sent) == 1
    scene.close()


def test_a_worse_tier_raises_at_once_and_pages_again_even_if_acknowledged() -> None:
    scene = Scene()
    incident = scene.receive(burn_alert("ticket-slow"))
    assert (incident.severity, incident.owner) == (Severity.P4, "development")
    scene.router.acknowledge(incident.id, "bia")
    raised = scene.receive(burn_alert("page-fast"))
    assert raised.id == incident.id
    assert (raised.severity, raised.state, raised.owner) == (Severity.P1, IncidentState.OPEN, "operations")
    assert scene.pager.told() == [("development", "first"), ("operations", "first")]
    assert len({n.dedup_id for n in scene.pager.sent}) == 2
    scene.pass_time(15 * MINUTE)
    assert scene.told_since(2) == [("data-engineering", "backup")]
    scene.close()


def test_it_is_lowered_only_once_the_milder_severity_has_lasted() -> None:
    scene = Scene()
    scene.receive(burn_alert("page-fast"))
    scene.receive(burn_alert("page-slow"))
    incident = scene.receive(ended(burn_alert("page-fast"), MONDAY_10))
    assert incident.severity is Severity.P1
    scene.pass_time(14 * MINUTE)
    assert scene.router.incident(incident.id).severity is Severity.P1
    scene.pass_time(MINUTE)
    assert scene.router.incident(incident.id).severity is Severity.P2
    scene.close()


def test_getting_worse_again_in_time_keeps_the_severity_and_pages_nobody() -> None:
    scene = Scene()
    scene.receive(burn_alert("page-fast"))
    scene.receive(burn_alert("page-slow"))
    incident = scene.receive(ended(burn_alert("page-fast"), MONDAY_10))
    scene.pass_time(10 * MINUTE)
    scene.receive(burn_alert("page-fast", at=scene.clock.now()))
    scene.pass_time(4 * MINUTE)
    assert scene.router.incident(incident.id).severity is Severity.P1
    assert TransitionKind.SEVERITY_RAISED not in kinds(scene, incident.id)
    scene.close()


def test_a_short_time_to_exhaustion_raises_one_level_and_says_why() -> None:
    scene = Scene()
    incident = scene.receive(burn_alert("page-slow", exhaustion=timedelta(hours=5)))
    assert incident.severity is Severity.P1
    reasons = [d.reason for d in scene.router.explain(incident.id).decisions if d.stage is Stage.CLASSIFY]
    assert reasons == [
        "burn 400 over 6h and 400 over 30m, both above 6: P2",
        "the budget lasts 5.0 h at this burn rate, at most 6:00:00: P2 raised to P1",
    ]
    scene.close()


def test_customers_raise_the_severity_and_an_unknown_number_does_not() -> None:
    scene = Scene()
    hit = scene.receive(replace(burn_alert("page-slow"), customers_affected=100))
    assert hit.severity is Severity.P1
    unknown = scene.receive(burn_alert("page-slow", slo_id="credit/decision-latency"))
    assert (unknown.severity, unknown.customers_affected) == (Severity.P2, None)
    scene.close()


def test_a_component_of_a_lower_tier_is_never_more_severe_than_its_cap() -> None:
    scene = Scene()
    incident = scene.receive(foreign_alert("Lag", Severity.P1, component="redis"))
    assert incident.severity is Severity.P1  # tier 2 has no cap
    labelled = scene.receive(foreign_alert("Break-in", Severity.P4, category="security-violation"))
    assert (labelled.severity, labelled.owner) == (Severity.P1, "operations")
    assert ("security", "inform") in scene.pager.told()
    scene.close()


def test_it_resolves_when_its_last_alert_does_and_tells_who_was_told() -> None:
    scene = Scene()
    scene.receive(burn_alert("page-fast"))
    scene.receive(burn_alert("page-slow"))
    incident = scene.receive(ended(burn_alert("page-fast"), MONDAY_10))
    assert incident.is_open
    over = scene.receive(ended(burn_alert("page-slow"), MONDAY_10))
    assert (over.state, over.resolved_by) == (IncidentState.RESOLVED, "alerts")
    assert scene.pager.told()[-1] == ("operations", "resolved")
    scene.close()


def test_the_same_alert_soon_again_reopens_and_later_is_a_new_incident() -> None:
    scene = Scene()
    first = scene.receive(burn_alert())
    scene.receive(ended(burn_alert(), MONDAY_10 + MINUTE))
    scene.pass_time(9 * MINUTE)
    again = scene.receive(burn_alert(at=scene.clock.now()))
    assert (again.id, again.cycle, again.state) == (first.id, 2, IncidentState.OPEN)
    assert scene.pager.told() == [
        ("operations", "first"),
        ("operations", "resolved"),
        ("operations", "first"),
    ]
    scene.receive(ended(burn_alert(at=scene.clock.now()), scene.clock.now()))
    scene.pass_time(11 * MINUTE)
    assert scene.receive(burn_alert(at=scene.clock.now())).id != first.id
    scene.close()


def test_what_a_person_resolved_reopens_if_it_goes_on_firing() -> None:
    scene = Scene()
    incident = scene.receive(burn_alert())
    scene.router.resolve(incident.id, "ana", "looks fine")
    scene.pass_time(9 * MINUTE)
    assert not scene.receive(burn_alert()).is_open
    scene.pass_time(MINUTE)
    again = scene.receive(burn_alert())
    assert (again.id, again.is_open, again.cycle) == (incident.id, True, 2)
    scene.close()


@pytest.mark.parametrize(
    "news",
    [
        lambda alert, now: replace(alert, starts_at=now),
        lambda alert, now: replace(alert, severity=Severity.P1),
    ],
    ids=["it began again", "it became worse"],
)
def test_what_a_person_resolved_reopens_at_once_if_it_is_not_what_they_knew(
    news: Callable[[Alert, datetime], Alert],
) -> None:
    scene = Scene()
    alert = foreign_alert("DiskFull", Severity.P3)
    incident = scene.receive(alert)
    scene.router.resolve(incident.id, "ana", "cleaned up")
    scene.pass_time(MINUTE)
    assert not scene.receive(alert).is_open
    before = len(scene.pager.sent)
    again = scene.receive(news(alert, scene.clock.now()))
    scene.pass_time(MINUTE)
    assert (again.id, again.is_open, again.cycle) == (incident.id, True, 2)
    assert len(scene.pager.sent) > before
    scene.close()


def test_a_flapping_alert_is_held_after_three_returns_and_paged_once_it_stays() -> None:
    scene = Scene()
    incident = scene.receive(burn_alert())
    for _ in range(3):
        scene.receive(ended(burn_alert(at=scene.clock.now()), scene.clock.now()))
        scene.pass_time(2 * MINUTE)
        incident = scene.receive(burn_alert(at=scene.clock.now()))
    assert incident.hold is not None
    assert incident.hold.kind is HoldKind.FLAPPING
    pages = [told for told in scene.pager.told() if told == ("operations", "first")]
    assert len(pages) == 3  # the third return is the one that is held
    scene.receive(ended(burn_alert(at=scene.clock.now()), scene.clock.now()))
    scene.pass_time(10 * MINUTE)
    assert scene.router.incident(incident.id).is_open
    scene.receive(burn_alert(at=scene.clock.now()))
    before = len(scene.pager.sent)
    scene.pass_time(14 * MINUTE)
    assert scene.told_since(before) == []
    scene.pass_time(MINUTE)
    assert scene.told_since(before) == [("operations", "first")]
    scene.close()


def test_what_comes_back_only_now_and_then_is_paged_each_time() -> None:
    scene = Scene()
    for _ in range(5):
        incident = scene.receive(burn_alert(at=scene.clock.now()))
        scene.pass_time(30 * MINUTE)
        scene.receive(ended(burn_alert(at=scene.clock.now()), scene.clock.now()))
        scene.pass_time(5 * MINUTE)
    assert incident.cycle == 5
    assert [told for told in scene.pager.told() if told[1] == "first"] == [("operations", "first")] * 5
    scene.close()


def test_a_flapping_alert_that_stays_quiet_resolves_itself() -> None:
    scene = Scene()
    incident = scene.receive(burn_alert())
    for _ in range(3):
        scene.receive(ended(burn_alert(at=scene.clock.now()), scene.clock.now()))
        scene.pass_time(2 * MINUTE)
        scene.receive(burn_alert(at=scene.clock.now()))
    scene.receive(ended(burn_alert(at=scene.clock.now()), scene.clock.now()))
    scene.pass_time(15 * MINUTE)
    assert not scene.router.incident(incident.id).is_open
    scene.close()


def test_a_cause_below_explains_the_symptom_which_stays_visible_and_pages_nobody() -> None:
    scene = Scene()
    cause = scene.receive(foreign_alert("AuroraWriterDown", Severity.P1, component="aurora"))
    symptom = scene.receive(burn_alert(slo_id="credit/decision-latency"))
    assert symptom.cause_id == cause.id
    assert symptom.hold is not None
    assert symptom.hold.kind is HoldKind.CAUSE
    assert {incident.id for incident in scene.router.open_incidents()} == {cause.id, symptom.id}
    scene.pass_time(60 * MINUTE)
    assert {n.incident_id for n in scene.pager.sent} == {cause.id}
    scene.close()


def test_a_symptom_whose_cause_clears_first_is_released_and_paged() -> None:
    scene = Scene()
    aurora = foreign_alert("AuroraWriterDown", Severity.P1, component="aurora")
    scene.receive(aurora)
    symptom = scene.receive(burn_alert(slo_id="credit/decision-latency"))
    scene.receive(ended(aurora, MONDAY_10))
    scene.pass_time(MINUTE)
    assert symptom.id not in {n.incident_id for n in scene.pager.sent}
    scene.pass_time(MINUTE)
    released = scene.router.incident(symptom.id)
    assert (released.hold, released.cause_id) == (None, None)
    assert [n.step.value for n in scene.pager.sent if n.incident_id == symptom.id] == ["first"]
    scene.close()


def test_a_symptom_that_clears_with_its_cause_never_pages() -> None:
    scene = Scene()
    aurora = foreign_alert("AuroraWriterDown", Severity.P1, component="aurora")
    scene.receive(aurora)
    symptom = scene.receive(burn_alert(slo_id="credit/decision-latency"))
    scene.receive(ended(aurora, MONDAY_10))
    scene.receive(ended(burn_alert(slo_id="credit/decision-latency"), MONDAY_10))
    scene.pass_time(30 * MINUTE)
    assert symptom.id not in {n.incident_id for n in scene.pager.sent}
    scene.close()


def test_a_symptom_worse_than_its_cause_pages_for_itself() -> None:
    scene = Scene()
    scene.receive(foreign_alert("AuroraSlow", Severity.P3, component="aurora"))
    symptom = scene.receive(burn_alert(slo_id="credit/decision-latency"))
    assert symptom.cause_id is not None
    assert symptom.hold is None
    assert ("operations", "first") in scene.pager.told()
    scene.close()


def test_a_cause_found_later_quietens_the_symptom_that_was_first() -> None:
    scene = Scene()
    symptom = scene.receive(burn_alert(slo_id="credit/decision-latency"))
    scene.pass_time(5 * MINUTE)
    cause = scene.receive(foreign_alert("AuroraWriterDown", Severity.P1, component="aurora"))
    before = len(scene.pager.sent)
    scene.pass_time(20 * MINUTE)
    assert {n.incident_id for n in scene.pager.sent[before:]} == {cause.id}
    assert scene.router.incident(symptom.id).cause_id == cause.id
    scene.close()


def test_a_silence_keeps_the_incident_and_the_page_comes_when_it_ends_while_firing() -> None:
    scene = Scene()
    deploy = [Matcher("slo", "=", "credit/decision-availability")]
    scene.router.silence(deploy, MONDAY_10, MONDAY_10 + 30 * MINUTE, "ana", "deploy")
    incident = scene.receive(burn_alert())
    scene.pass_time(29 * MINUTE)
    assert scene.pager.told() == []
    scene.pass_time(MINUTE)
    assert scene.pager.told() == [("operations", "first")]
    scene.pass_time(15 * MINUTE)
    assert scene.pager.told()[1:] == [("data-engineering", "backup")]
    reasons = [d.reason for d in scene.router.explain(incident.id).decisions if d.stage is Stage.SILENCE]
    assert any("silence" in reason for reason in reasons)
    scene.close()


def test_a_silence_made_later_stops_the_clocks_of_what_it_covers() -> None:
    scene = Scene()
    incident = scene.receive(burn_alert())
    scene.pass_time(5 * MINUTE)
    everything = [Matcher("environment", "=", "test")]
    silence = scene.router.silence(everything, scene.clock.now(), MONDAY_10 + 60 * MINUTE, "ana", "known")
    scene.pass_time(30 * MINUTE)
    assert len(scene.pager.sent) == 1
    scene.router.expire_silence(silence.id, "ana")
    scene.pass_time(MINUTE)
    assert scene.told_since(1) == [("operations", "first")]
    assert scene.router.incident(incident.id).hold is None
    scene.close()


def test_a_storm_of_one_name_is_few_incidents_and_a_p1_in_it_is_paged_by_itself() -> None:
    scene = Scene()
    found = set()
    for number in range(300):
        severity = Severity.P1 if number == 250 else Severity.P3
        alert = foreign_alert("NodeDown", severity, component=f"node-{number}")
        found.add(scene.receive(alert).id)
    assert len(found) == 22  # twenty, their storm, and the P1
    p1 = next(incident for incident in scene.router.open_incidents() if incident.severity is Severity.P1)
    assert [n.incident_id for n in scene.pager.sent if n.severity is Severity.P1] == [p1.id]
    storm = next(i for i in scene.router.open_incidents() if i.title == "Storm of NodeDown")
    assert len(scene.router.explain(storm.id).alerts) == 279
    scene.close()


def test_a_storm_of_many_names_is_few_incidents_too() -> None:
    scene = Scene()
    found = {scene.receive(foreign_alert(f"Alert{number}", Severity.P3)).id for number in range(200)}
    assert len(found) == 61
    scene.close()


def test_an_alert_of_a_storm_stays_in_it_after_the_storm_and_pages_nobody_again() -> None:
    scene = Scene()
    alerts = [foreign_alert("NodeDown", Severity.P3, component=f"node-{number}") for number in range(30)]
    storm = [scene.receive(alert) for alert in alerts][-1]
    assert storm.title == "Storm of NodeDown"
    scene.pass_time(timedelta(hours=2))
    before = len(scene.pager.sent)
    assert scene.receive(alerts[-1]).id == storm.id
    assert scene.told_since(before) == []
    scene.close()


def test_a_storm_that_ends_leaves_nothing_open() -> None:
    scene = Scene()
    alerts = [foreign_alert("NodeDown", Severity.P3, component=f"node-{number}") for number in range(100)]
    for alert in alerts:
        scene.receive(alert)
    for alert in alerts:
        scene.receive(ended(alert, MONDAY_10))
    assert scene.router.open_incidents() == []
    scene.close()


def test_no_page_is_lost_when_a_receiver_refuses_for_good() -> None:
    from alarms.model.errors import PermanentFailure
    from alarms.model.notification import Notification

    def refuse(notification: Notification) -> None:
        if notification.team == "operations":
            raise PermanentFailure("sns", "no such topic")

    scene = Scene()
    scene.pager.failing = refuse
    incident = scene.receive(burn_alert())
    assert scene.pager.told() == [("data-engineering", "backup")]
    assert TransitionKind.UNDELIVERABLE in kinds(scene, incident.id)
    scene.close()


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(sorted(WINDOWS)), st.booleans(), st.integers(0, 20)),
        min_size=1,
        max_size=25,
    )
)
@settings(max_examples=80, deadline=None)
def test_in_any_order_of_events_an_incident_is_open_exactly_while_something_fires(
    steps: list[tuple[str, bool, int]],
) -> None:
    scene = Scene()
    firing: set[str] = set()
    for tier, fires, minutes in steps:
        scene.clock.advance(minutes * MINUTE)
        alert = burn_alert(tier, at=scene.clock.now())
        scene.router.receive(alert if fires else ended(alert, scene.clock.now()))
        (firing.add if fires else firing.discard)(tier)
        scene.router.tick()
    scene.clock.advance(timedelta(hours=2))
    scene.router.tick()
    opened = scene.router.open_incidents()
    assert bool(opened) is bool(firing)
    assert len(opened) <= 1
    for incident in scene.router.incidents():
        numbers = [t.number for t in scene.router.timeline(incident.id)]
        assert numbers == list(range(1, len(numbers) + 1))
        assert incident.number == len(numbers)
    scene.close()
