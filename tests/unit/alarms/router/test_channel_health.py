"""A channel that brings nothing is an incident of its own, told by the others, and over when it works."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from alarms.model.alert import Alert
from alarms.model.errors import PermanentFailure, TemporaryFailure
from alarms.model.incident import Incident
from alarms.model.notification import Delivery, DeliveryState, Notification
from alarms.model.severity import Severity
from alarms.notify.dispatcher import Dispatcher
from alarms.policy.policy import RoutingPolicy
from alarms.router.channel_health import ChannelWatch, channel_health
from alarms.router.troubles import CHANNEL_FAILS
from tests.support.alerts import foreign_alert
from tests.support.router import AT_ONCE, Pager, Scene

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
CHANNELS = ("default", "mail", "chat")


def refuse(_: Notification) -> None:
    raise PermanentFailure("smtp", "STARTTLS is refused")


def throttle(_: Notification) -> None:
    raise TemporaryFailure("smtp", "451 later")


def by(*channels: str) -> RoutingPolicy:
    return replace(AT_ONCE, teams=tuple(replace(team, channels=channels) for team in AT_ONCE.teams))


@dataclass
class World:
    scene: Scene
    mail: Pager
    chat: Pager
    watch: ChannelWatch

    def restart(self) -> None:
        scene = self.scene
        scene.dispatcher.close()
        troubles = scene.router.routing.troubles
        self.watch = ChannelWatch(scene.store, troubles, scene.router, scene.clock, CHANNELS)

        def dead(delivery: Delivery) -> None:
            self.watch.settled(delivery)
            scene.router.undeliverable(delivery)

        notifiers = {"default": scene.pager, "mail": self.mail, "chat": self.chat}
        settled = self.watch.settled
        scene.dispatcher = Dispatcher(
            scene.store, notifiers, scene.clock, "w", on_sent=settled, on_failed=settled, on_dead=dead
        )

    def page(self, name: str) -> None:
        alert: Alert = foreign_alert(name, Severity.P1)
        self.scene.receive(alert)
        self.work()

    def work(self) -> None:
        for _ in range(3):
            self.watch.look()
            self.scene.router.tick()
            self.scene.dispatcher.drain()

    def pass_time(self, minutes: int) -> None:
        for _ in range(minutes):
            self.scene.clock.advance(MINUTE)
            self.work()

    def troubles(self) -> list[Incident]:
        """The newest first."""
        return [one for one in self.scene.router.incidents() if one.name == CHANNEL_FAILS]


def world_of(*channels: str) -> World:
    scene = Scene(policy=by(*channels))
    troubles = scene.router.routing.troubles
    watch = ChannelWatch(scene.store, troubles, scene.router, scene.clock, CHANNELS)
    made = World(scene, Pager(), Pager(), watch)
    made.restart()
    return made


@pytest.fixture
def world() -> Iterator[World]:
    made = world_of("mail", "chat")
    yield made
    made.scene.close()


def test_a_channel_that_refuses_everything_is_told_by_the_others_until_it_brings_something(
    world: World,
) -> None:
    world.mail.failing = refuse
    world.page("First")
    (trouble,) = world.troubles()
    assert (trouble.title, trouble.severity) == ("ChannelFails: mail", Severity.P2)
    assert "mail do not arrive: smtp: STARTTLS is refused" in trouble.summary
    assert trouble.id in {one.incident_id for one in world.chat.sent}
    (remark,) = world.watch.remarks()
    assert remark.startswith("messages by mail do not arrive since 2026-")
    assert remark.endswith(": smtp: STARTTLS is refused")
    world.mail.failing = lambda _: None
    world.scene.clock.advance(MINUTE)
    world.page("Second")
    (trouble,) = world.troubles()
    assert not trouble.is_open
    assert "messages arrive again" in trouble.summary
    assert world.watch.remarks() == []


def test_a_trouble_that_does_not_arrive_by_its_own_channel_is_not_met_again(world: World) -> None:
    """Nor by another that fails as well: what is told stays bounded."""
    world.mail.failing = world.chat.failing = refuse
    world.page("First")
    world.pass_time(5)
    assert sorted(one.title for one in world.troubles()) == ["ChannelFails: chat", "ChannelFails: mail"]
    seen = {record.labels["about"]: record.times_seen for record in world.scene.store.firing("self")}
    world.pass_time(120)
    assert all(one.is_open for one in world.troubles())
    again = {record.labels["about"]: record.times_seen for record in world.scene.store.firing("self")}
    assert set(again) == {"mail", "chat"}
    own = {one.id for one in world.troubles()}
    others = [
        one
        for one in world.scene.store.deliveries()
        if one.notification.incident_id not in own and one.last_error is not None
    ]
    assert sum(again.values()) == len(others) >= sum(seen.values())


def test_nobody_takes_a_channel_to_work_because_nothing_was_sent_by_it_for_long(world: World) -> None:
    world.mail.failing = refuse
    world.page("First")
    world.pass_time(180)
    (trouble,) = world.troubles()
    assert trouble.is_open


def test_a_failure_that_may_pass_is_told_once_it_has_lasted(world: World) -> None:
    world.mail.failing = throttle
    world.page("First")
    world.pass_time(9)
    assert world.troubles() == []
    world.pass_time(10)
    (trouble,) = world.troubles()
    assert "smtp: 451 later" in trouble.summary
    world.mail.failing = lambda _: None
    world.pass_time(10)
    assert not world.troubles()[0].is_open


def test_one_address_that_is_refused_while_others_arrive_is_no_fault_of_the_channel() -> None:
    world = world_of("mail")
    world.page("First")
    (delivery, *_) = world.scene.store.deliveries()
    dead = replace(delivery, state=DeliveryState.DEAD, last_error="smtp: no such box", sent_at=None)
    world.watch.settled(dead)
    world.work()
    assert world.troubles() == []
    world.scene.close()


def test_after_a_restart_the_channel_is_still_known_to_fail_and_is_over_by_what_arrives(world: World) -> None:
    world.mail.failing = refuse
    world.page("First")
    world.restart()
    (remark,) = world.watch.remarks()
    assert "STARTTLS is refused" in remark
    world.mail.failing = lambda _: None
    world.scene.clock.advance(MINUTE)
    world.page("Second")
    assert not world.troubles()[0].is_open


def test_a_channel_that_was_taken_out_fails_no_more(world: World) -> None:
    world.mail.failing = refuse
    world.page("First")
    world.watch.change_channels(("default", "chat"))
    world.work()
    assert not world.troubles()[0].is_open
    assert world.watch.remarks() == []


def test_the_health_of_a_channel_is_read_from_its_newest_messages(world: World) -> None:
    world.page("Fine")
    arrived = world.scene.clock.now()
    world.mail.failing = refuse
    world.scene.clock.advance(HOUR)
    world.page("Lost")
    health = channel_health(world.scene.store.deliveries())
    assert health["mail"].arrived_at == arrived
    assert health["mail"].failing_since == arrived + HOUR
    assert health["mail"].reason == "smtp: STARTTLS is refused"
    assert (health["chat"].failing_since, health["chat"].reason) == (None, "")


def test_the_timeline_names_the_channel(world: World) -> None:
    world.mail.failing = refuse
    world.page("Lost")
    (incident,) = [one for one in world.scene.router.incidents() if one.name == "Lost"]
    (entry,) = [one for one in world.scene.router.timeline(incident.id) if one.kind.value == "undeliverable"]
    assert entry.detail["channel"] == "mail"
    assert entry.detail["reason"] == "mail: smtp: STARTTLS is refused"
