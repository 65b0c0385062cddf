"""A person on duty is told in steps: each once, and none once somebody has it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alarms.model.errors import PermanentFailure
from alarms.model.incident import IncidentState, Timer, TimerKind, TransitionKind
from alarms.model.notification import Notification
from alarms.model.severity import Severity
from alarms.model.silence import Matcher
from alarms.notify.dispatcher import Dispatcher
from alarms.policy.people import ContactStep, People, Person
from alarms.policy.schedule import Rotation, Schedule, Schedules
from alarms.router.escalate import fire
from tests.support.alerts import burn_alert, foreign_alert
from tests.support.router import Pager, Scene

MINUTE = timedelta(minutes=1)


def always(person: str) -> Schedule:
    return Schedule(
        "UTC", (Rotation(datetime.fromisoformat("2026-01-05T09:00"), timedelta(days=7), (person,)),)
    )


def steps(person: str) -> tuple[ContactStep, ...]:
    return (
        ContactStep("mail", f"{person}@example.org"),
        ContactStep("sms", f"+55 {person}", 5 * MINUTE),
        ContactStep("sms", f"+55 {person}", 10 * MINUTE),
    )


PEOPLE = People({name: Person(name, name.title(), steps(name)) for name in ("ana", "bia")})
DUTY = Schedules(
    {"operations": always("ana"), "data-engineering": always("bia"), "development": always("carla")}, PEOPLE
)


class Contacts(Scene):
    """A scene in which mail and SMS go out as well as the teams' own channel."""

    def __init__(self) -> None:
        super().__init__(schedules=DUTY)
        self.dispatcher.close()
        self.refused: set[tuple[str, str]] = set()
        self.pager = Pager(failing=self._refuse)
        notifiers = dict.fromkeys(("default", "mail", "sms"), self.pager)
        self.dispatcher = Dispatcher(
            self.store, notifiers, self.clock, "worker", concurrency=1, on_dead=self.router.undeliverable
        )

    def _refuse(self, notification: Notification) -> None:
        if (notification.target, notification.channel) in self.refused:
            raise PermanentFailure("receiver", "gone")

    def ways(self) -> list[tuple[str, str, str]]:
        return [(one.target, one.channel, one.address) for one in self.pager.sent]

    def minutes(self) -> list[tuple[int, str, str]]:
        began = self.pager.sent[0].created_at
        return [
            ((one.created_at - began) // MINUTE, one.target.partition(":")[2], one.channel)
            for one in self.pager.sent
        ]


def nothing_is_to_come(scene: Scene, incident_id: str) -> bool:
    timers = {timer.kind for timer in scene.store.timers(incident_id)}
    return scene.router.incident(incident_id).contacts == () and TimerKind.CONTACT not in timers


@pytest.fixture
def scene() -> Iterator[Contacts]:
    made = Contacts()
    yield made
    made.close()


def test_a_page_goes_to_the_persons_own_address_and_the_next_steps_follow_in_their_time(
    scene: Contacts,
) -> None:
    scene.receive(burn_alert())
    assert scene.ways() == [("operations:ana", "mail", "ana@example.org")]
    scene.pass_time(14 * MINUTE)
    assert scene.minutes() == [(0, "ana", "mail"), (5, "ana", "sms"), (10, "ana", "sms")]
    assert scene.pager.sent[-1].address == "+55 ana"
    assert len({one.dedup_id for one in scene.pager.sent}) == 3


def test_nothing_more_is_sent_once_somebody_has_acknowledged(scene: Contacts) -> None:
    incident = scene.receive(burn_alert())
    scene.pass_time(6 * MINUTE)
    scene.router.acknowledge(incident.id, "ana")
    assert nothing_is_to_come(scene, incident.id)
    scene.pass_time(20 * MINUTE)
    assert scene.minutes() == [(0, "ana", "mail"), (5, "ana", "sms")]


def test_a_step_that_is_due_just_after_the_acknowledgement_is_not_sent(scene: Contacts) -> None:
    """The timer had been read already, or a process with an older mind set it anew."""
    incident = scene.receive(burn_alert())
    waiting = incident.contacts
    scene.router.acknowledge(incident.id, "ana")
    late = Timer(incident.id, TimerKind.CONTACT, scene.clock.now())
    with scene.store.transaction() as tx:
        acknowledged = replace(scene.router.incident(incident.id), contacts=waiting)
        tx.save_incident(acknowledged)
        tx.set_timer(late)
    scene.pass_time(20 * MINUTE)
    assert [channel for _, _, channel in scene.minutes() if channel == "sms"] == []


def test_the_same_step_fired_twice_is_sent_once(scene: Contacts) -> None:
    incident = scene.receive(burn_alert())
    timer = next(t for t in scene.store.timers(incident.id) if t.kind is TimerKind.CONTACT)
    scene.clock.advance(5 * MINUTE)
    with scene.store.transaction() as tx:
        fire(scene.router._update_of(tx, incident), timer)
        fire(scene.router._update_of(tx, incident), timer)  # as it was before the first
    scene.dispatcher.drain()
    assert scene.minutes() == [(0, "ana", "mail"), (5, "ana", "sms")]


def test_a_process_that_was_away_sends_each_step_once(scene: Contacts) -> None:
    scene.receive(burn_alert())
    scene.jump(12 * MINUTE)
    scene.jump(MINUTE)
    assert [(person, channel) for _, person, channel in scene.minutes()] == [
        ("ana", "mail"),
        ("ana", "sms"),
        ("ana", "sms"),
    ]


def test_backup_and_first_are_told_side_by_side_each_in_their_own_steps(scene: Contacts) -> None:
    scene.receive(burn_alert())
    scene.pass_time(29 * MINUTE)
    assert scene.minutes() == [
        (0, "ana", "mail"),
        (5, "ana", "sms"),
        (10, "ana", "sms"),
        (15, "bia", "mail"),
        (20, "bia", "sms"),
        (25, "bia", "sms"),
    ]


@pytest.mark.parametrize("severity", list(Severity))
def test_every_level_reaches_the_person_on_duty_by_name(scene: Contacts, severity: Severity) -> None:
    scene.receive(foreign_alert("Anything", severity, service="credit"))
    team = "operations" if severity in (Severity.P1, Severity.P2) else "development"
    person = "ana" if team == "operations" else "carla"
    assert scene.pager.sent[0].target == f"{team}:{person}"


def test_who_has_no_contacts_is_reached_by_the_teams_channels(scene: Contacts) -> None:
    scene.receive(foreign_alert("Anything", Severity.P3, service="credit"))
    assert scene.ways() == [("development:carla", "default", "")]


def test_another_page_never_puts_off_what_is_to_come(scene: Contacts) -> None:
    incident = scene.receive(foreign_alert("Anything", Severity.P2))
    scene.pass_time(4 * MINUTE)
    scene.receive(foreign_alert("Anything", Severity.P1))
    assert scene.router.incident(incident.id).severity is Severity.P1
    scene.pass_time(2 * MINUTE)
    assert scene.minutes() == [(0, "ana", "mail"), (4, "ana", "mail"), (5, "ana", "sms")]


def test_a_silence_takes_back_what_is_to_come(scene: Contacts) -> None:
    incident = scene.receive(burn_alert())
    now = scene.clock.now()
    covers_all = [Matcher("alertname", "=~", ".+")]
    scene.router.silence(covers_all, now, now + 60 * MINUTE, "ana", "known", everything=True)
    assert nothing_is_to_come(scene, incident.id)
    scene.pass_time(20 * MINUTE)
    assert scene.minutes() == [(0, "ana", "mail")]


def test_a_snooze_puts_it_off(scene: Contacts) -> None:
    incident = scene.receive(burn_alert())
    scene.router.snooze(incident.id, scene.clock.now() + 8 * MINUTE, "ana")
    scene.pass_time(9 * MINUTE)
    assert scene.minutes() == [(0, "ana", "mail"), (8, "ana", "sms")]


def test_whoever_had_it_before_is_left_alone_once_it_is_reassigned(scene: Contacts) -> None:
    incident = scene.receive(burn_alert())
    scene.router.reassign(incident.id, "data-engineering:bia", "ana")
    scene.pass_time(9 * MINUTE)
    assert scene.minutes() == [(0, "ana", "mail"), (0, "bia", "mail"), (5, "bia", "sms")]


def test_that_it_is_over_is_told_where_it_was_told_that_it_began(scene: Contacts) -> None:
    incident = scene.receive(burn_alert())
    scene.pass_time(MINUTE)
    scene.router.resolve(incident.id, "bia")
    scene.dispatcher.drain()
    assert scene.minutes() == [(0, "ana", "mail"), (1, "ana", "mail")]
    scene.pass_time(20 * MINUTE)
    assert len(scene.pager.sent) == 2


def test_a_way_that_does_not_work_brings_the_next_one_at_once(scene: Contacts) -> None:
    scene.refused.add(("operations:ana", "mail"))
    scene.receive(burn_alert())
    scene.router.tick()
    scene.dispatcher.drain()
    assert scene.minutes() == [(0, "ana", "sms")]


def test_somebody_nobody_can_reach_is_followed_by_the_team_and_then_the_backup_by_name(
    scene: Contacts,
) -> None:
    for channel in ("mail", "sms"):
        scene.refused.add(("operations:ana", channel))
    incident = scene.receive(burn_alert())
    for _ in range(3):
        scene.router.tick()
        scene.dispatcher.drain()
    assert scene.pager.told() == [("operations", "backup")]
    scene.refused.add(("operations", "default"))
    with scene.store.transaction() as tx:
        delivery = tx.deliveries(incident.id)[-1]
    scene.router.undeliverable(delivery)
    scene.dispatcher.drain()
    assert scene.pager.told()[-1] == ("data-engineering:bia", "backup")


def test_the_auditor_winds_a_lost_clock_again(scene: Contacts) -> None:
    incident = scene.receive(burn_alert())
    with scene.store.transaction() as tx:
        tx.clear_timer(incident.id, TimerKind.CONTACT)
    assert len(scene.router.audit()) == 1
    assert scene.router.audit() == []
    scene.pass_time(6 * MINUTE)
    assert scene.minutes() == [(0, "ana", "mail"), (5, "ana", "sms")]


def test_what_comes_next_says_who_is_told_and_how(scene: Contacts) -> None:
    incident = scene.receive(burn_alert())
    assert any("operations:ana is told by sms" in step for step in scene.router.explain(incident.id).future)
    assert incident.state is IncidentState.OPEN


def test_a_page_without_text_or_stages_still_reaches_the_persons_own_contacts(
    scene: Contacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alarms.router import notify

    def broken(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(notify, "tell", broken)
    incident = scene.receive(foreign_alert("Anything", Severity.P1))
    ways = {(one.target, one.channel) for one in scene.pager.sent if one.incident_id == incident.id}
    assert {("operations", "default"), ("operations:ana", "mail"), ("operations:ana", "sms")} <= ways
    assert TransitionKind.FAILED_OPEN in {t.kind for t in scene.router.timeline(incident.id)}


def test_only_what_goes_to_the_own_address_is_in_the_own_language() -> None:
    made = Contacts()
    known = replace(PEOPLE.by_id["ana"], language="pt", time_zone="Asia/Tokyo")
    own = replace(known, steps=(*known.steps[:1], ContactStep("default")))
    made.router.change_schedules(replace(DUTY, people=People({"ana": own})))
    made.receive(foreign_alert("DiskFull", Severity.P1))
    told = {one.channel: one.message for one in made.pager.sent if one.target == "operations:ana"}
    assert (told["mail"].language, told["default"].language) == ("pt", "")
    assert "JST" in told["mail"].short
    assert "JST" not in told["default"].short
    made.close()
