"""The acknowledge link of a message: each rule that keeps it from doing what its receiver did not ask for."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from alarms.model.alert import Alert
from alarms.model.incident import Incident, IncidentState, TransitionKind
from alarms.model.severity import Severity
from alarms.notify.compose import Composer
from alarms.notify.links import LIFETIME, AcknowledgeLink, Links, LinkSigner, mark_of
from alarms.policy.people import People, Person
from alarms.policy.runbook import load_runbooks
from alarms.policy.schedule import Override, Schedule, Schedules
from alarms.router.one_tap import BROKEN, LinkState, OneTap
from alarms.router.router import Router
from tests.support.alerts import MONDAY_10, ended, foreign_alert
from tests.support.router import SHIPPED_POLICY, Scene, numbered_ids

MINUTE = timedelta(minutes=1)
SIGNER = LinkSigner(lambda: b"a key")
ALERT = foreign_alert("DiskFull", Severity.P2, instance="db2")
WORSE = replace(ALERT, severity=Severity.P1)
ANA = Schedule("UTC", (), (Override("ana", MONDAY_10, MONDAY_10 + timedelta(days=30)),))


class Desk:
    """A router whose pages have links, and what a tap on them does."""

    def __init__(self) -> None:
        self.scene = scene = Scene()
        schedules = Schedules({"operations": ANA}, people=People({"ana": Person("ana", "Ana Souza")}))
        composer = Composer(load_runbooks(), Links("https://m.example", SIGNER))
        scene.router = Router(
            scene.store,
            SHIPPED_POLICY,
            scene.clock,
            numbered_ids(),
            schedules=schedules,
            composer=composer,
        )
        self.one_tap = OneTap(scene.router, scene.store, SIGNER, scene.clock)

    def fire(self, alert: Alert = ALERT) -> Incident:
        incident = self.scene.receive(replace(alert, starts_at=self.scene.clock.now()))
        self.scene.pass_time(3 * MINUTE)  # a P2 waits a moment before its page
        return self.scene.router.incident(incident.id)

    def token(self, number: int = -1) -> str:
        """Of the last message that has one."""
        links = [sent.message.acknowledge for sent in self.scene.pager.sent if sent.message.acknowledge]
        return links[number].rpartition("/")[2]

    def acknowledged(self, incident: Incident) -> list[str]:
        """By whom, each time."""
        history = self.scene.router.timeline(incident.id)
        return [entry.actor for entry in history if entry.kind is TransitionKind.ACKNOWLEDGED]


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.scene.close()


def test_a_tap_acknowledges_in_the_name_of_whom_the_message_was_for(desk: Desk) -> None:
    incident = desk.fire()
    tap = desk.one_tap.acknowledge(desk.token())
    assert (tap.state, tap.by) == (LinkState.READY, "Ana Souza")
    now = desk.scene.router.incident(incident.id)
    assert (now.state, now.acknowledged_by) == (IncidentState.ACKNOWLEDGED, "Ana Souza (link)")
    assert desk.acknowledged(incident) == ["Ana Souza (link)"]
    before = len(desk.scene.pager.sent)
    desk.scene.pass_time(40 * MINUTE)
    assert not [n for n in desk.scene.pager.sent[before:] if n.step.value == "backup"], "its clock stands"


def test_a_team_that_is_told_as_one_acknowledges_as_one(desk: Desk) -> None:
    incident = desk.fire(WORSE)
    desk.scene.pass_time(15 * MINUTE)
    assert desk.scene.pager.sent[-1].target == "data-engineering"
    desk.one_tap.acknowledge(desk.token())
    assert desk.acknowledged(incident) == ["data-engineering (link)"]


def test_to_look_changes_nothing_however_often(desk: Desk) -> None:
    incident = desk.fire()
    history = desk.scene.router.timeline(incident.id)
    for _ in range(5):
        assert desk.one_tap.look(desk.token()).state is LinkState.READY
    assert desk.scene.router.timeline(incident.id) == history
    assert desk.scene.router.incident(incident.id).state is IncidentState.OPEN


def test_a_link_works_once_and_then_says_who_and_when(desk: Desk) -> None:
    incident = desk.fire()
    at = desk.scene.clock.now()
    desk.one_tap.acknowledge(desk.token())
    desk.scene.pass_time(MINUTE)
    for tap in (desk.one_tap.look(desk.token()), desk.one_tap.acknowledge(desk.token())):
        assert (tap.state, tap.by, tap.at) == (LinkState.USED, "Ana Souza (link)", at)
    assert len(desk.acknowledged(incident)) == 1


def test_a_used_link_stays_used_when_the_incident_asks_again(desk: Desk) -> None:
    incident = desk.fire()
    desk.one_tap.acknowledge(desk.token())
    used = desk.token()
    desk.fire(WORSE)
    assert desk.scene.router.incident(incident.id).state is IncidentState.OPEN
    assert desk.one_tap.acknowledge(used).state is LinkState.USED
    assert desk.scene.router.incident(incident.id).state is IncidentState.OPEN
    assert desk.one_tap.acknowledge(desk.token()).state is LinkState.READY, "the new page's own link"
    assert len(desk.acknowledged(incident)) == 2


def test_an_acknowledgement_by_other_ways_spends_every_link_there_was(desk: Desk) -> None:
    incident = desk.fire()
    desk.scene.router.acknowledge(incident.id, "bruno")
    tap = desk.one_tap.acknowledge(desk.token())
    assert (tap.state, tap.by) == (LinkState.USED, "bruno")


def test_of_many_taps_at_once_one_acknowledges(desk: Desk) -> None:
    incident = desk.fire()
    with ThreadPoolExecutor(8) as pool:
        taps = list(pool.map(desk.one_tap.acknowledge, [desk.token()] * 16))
    states = [tap.state for tap in taps]
    assert (states.count(LinkState.READY), states.count(LinkState.USED)) == (1, 15)
    assert len(desk.acknowledged(incident)) == 1


def test_a_link_expires_and_shows_nothing_from_then_on(desk: Desk) -> None:
    incident = desk.fire()
    issued = SIGNER.read(desk.token())
    assert issued.expires_at - incident.updated_at <= LIFETIME
    desk.scene.clock.current = issued.expires_at
    tap = desk.one_tap.acknowledge(desk.token())
    assert (tap.state, tap.incident) == (LinkState.EXPIRED, None)
    assert desk.acknowledged(incident) == []


def test_a_link_of_an_earlier_cycle_does_nothing(desk: Desk) -> None:
    incident = desk.fire()
    old = desk.token()
    desk.scene.receive(ended(ALERT, desk.scene.clock.now()))
    desk.fire()
    assert desk.scene.router.incident(incident.id).cycle == 2
    assert desk.one_tap.acknowledge(old).state is LinkState.OTHER_CYCLE
    assert desk.acknowledged(incident) == []


def test_a_resolved_incident_stays_resolved(desk: Desk) -> None:
    incident = desk.fire()
    desk.scene.router.resolve(incident.id, "bruno")
    tap = desk.one_tap.acknowledge(desk.token())
    assert (tap.state, tap.by) == (LinkState.RESOLVED, "bruno")
    assert desk.scene.router.incident(incident.id).state is IncidentState.RESOLVED
    assert desk.acknowledged(incident) == []


def changed(token: str) -> list[str]:
    """Every part of it changed, cut, or left out."""
    parts = token.split(".")
    swapped = [[*parts[:n], part[:-1] + "0", *parts[n + 1 :]] for n, part in enumerate(parts)]
    missing = [parts[:n] + parts[n + 1 :] for n in range(len(parts))]
    made = [".".join(one) for one in swapped + missing]
    return [*made, *(token[:n] for n in range(len(token))), token + "0", token * 9, "", ".", "\udcff." * 30]


def test_a_link_that_was_changed_is_broken_and_shows_nothing(desk: Desk) -> None:
    incident = desk.fire()
    token = desk.token()
    for forged in changed(token):
        if forged == token:
            continue
        assert desk.one_tap.look(forged) == BROKEN, forged
        assert desk.one_tap.acknowledge(forged) == BROKEN, forged
    assert desk.acknowledged(incident) == []


def test_what_another_key_has_signed_is_broken(desk: Desk) -> None:
    desk.fire()
    strange = LinkSigner(lambda: b"another key").token(SIGNER.read(desk.token()))
    assert desk.one_tap.acknowledge(strange) == BROKEN


def test_a_link_is_for_who_was_told_in_that_cycle_of_an_incident_that_is(desk: Desk) -> None:
    incident = desk.fire()
    issued = SIGNER.read(desk.token())
    for strange in (
        replace(issued, mark=mark_of("operations:mallory")),
        replace(issued, incident_id="incident-999999"),
    ):
        assert desk.one_tap.acknowledge(SIGNER.token(strange)) == BROKEN
    assert desk.acknowledged(incident) == []


def test_a_forged_link_costs_no_look_into_the_store(desk: Desk) -> None:
    desk.fire()
    token = desk.token()
    desk.scene.store.close()
    assert desk.one_tap.look(token[:-1] + "0") == BROKEN


def test_a_token_is_read_as_it_was_made_and_is_plain_letters() -> None:
    link = AcknowledgeLink("01KJQA4N40A4BSVE3NFRC5GK92", 3, 41, mark_of("operations:ana"), MONDAY_10)
    token = SIGNER.token(link)
    assert SIGNER.read(token) == link
    assert len(token) < 70
    assert all(c.isascii() and (c.isalnum() or c in ".-") for c in token)
    assert token[-1].isalnum(), "a chat does not cut it off"


def test_every_message_of_an_incident_has_its_own_link(desk: Desk) -> None:
    desk.fire(WORSE)
    desk.scene.pass_time(31 * MINUTE)
    links = [sent.message.acknowledge for sent in desk.scene.pager.sent if sent.message.acknowledge]
    assert len(links) > 2
    assert all(one != other for one, other in pairwise(links))


def test_others_read_the_messages_without_the_link(desk: Desk) -> None:
    incident = desk.fire()
    token = desk.token()
    shown = [
        *desk.scene.router.notifications(incident.id),
        *desk.scene.router.notifications(),
        *desk.scene.router.explain(incident.id).deliveries,
    ]
    assert len(shown) >= 3
    for delivery in shown:
        message = delivery.notification.message
        assert "/ack/..." in message.body, "that there was one is seen"
        texts = (message.body, message.body_pt, message.short, message.short_pt, message.acknowledge)
        assert not [text for text in texts if token in text]
