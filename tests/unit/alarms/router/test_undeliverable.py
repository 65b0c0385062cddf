"""A page lost on one channel: the next in line is told only if no other channel brings it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alarms.model.errors import PermanentFailure, TemporaryFailure
from alarms.model.incident import TransitionKind
from alarms.model.notification import Notification, NotifyStep
from alarms.notify.dispatcher import Dispatcher
from tests.support.alerts import burn_alert
from tests.support.router import SHIPPED_POLICY, Pager, Scene

TWO_WAYS = replace(
    SHIPPED_POLICY,
    teams=tuple(
        replace(team, channels=("pages", "mail")) if team.id == "operations" else team
        for team in SHIPPED_POLICY.teams
    ),
)


def refuse(_: Notification) -> None:
    raise PermanentFailure("receiver", "gone")


def wait(_: Notification) -> None:
    raise TemporaryFailure("receiver", "throttled")


def scene_with(pages: Pager, mail: Pager) -> Scene:
    scene = Scene(policy=TWO_WAYS)
    scene.dispatcher.close()
    notifiers = {"default": scene.pager, "pages": pages, "mail": mail}
    scene.dispatcher = Dispatcher(
        scene.store, notifiers, scene.clock, "worker", concurrency=1, on_dead=scene.router.undeliverable
    )
    return scene


@pytest.mark.parametrize("other", [Pager(), Pager(failing=wait)], ids=["arrived", "on its way"])
def test_a_page_that_another_channel_brings_wakes_nobody_else(other: Pager) -> None:
    scene = scene_with(other, Pager(failing=refuse))
    incident = scene.receive(burn_alert())
    assert scene.pager.told() == []
    kinds = [entry.kind for entry in scene.router.timeline(incident.id)]
    assert kinds == [TransitionKind.OPENED, TransitionKind.UNDELIVERABLE]
    scene.close()


def test_a_page_that_no_channel_brings_goes_to_the_next_in_line_once() -> None:
    scene = scene_with(Pager(failing=refuse), Pager(failing=refuse))
    scene.receive(burn_alert())
    assert scene.pager.told() == [("data-engineering", "backup")]
    message = scene.pager.sent[0].message
    assert "operations could not be reached" in message.body
    assert "operations não pôde ser avisado" in message.body_pt
    scene.close()


def test_a_loss_that_is_told_of_twice_wakes_the_next_in_line_once() -> None:
    scene = scene_with(Pager(failing=refuse), Pager(failing=refuse))
    scene.receive(burn_alert())
    for delivery in scene.store.deliveries():
        if delivery.notification.team == "operations":
            scene.router.undeliverable(delivery)
    scene.dispatcher.drain()
    assert scene.pager.told() == [("data-engineering", "backup")]
    scene.close()


@pytest.mark.parametrize("resolved_first", [True, False], ids=["an incident that is over", "a resolution"])
def test_what_needs_nobody_any_more_wakes_nobody_when_it_is_lost(resolved_first: bool) -> None:
    scene = scene_with(Pager(failing=wait), Pager(failing=wait))
    incident = scene.receive(burn_alert())
    scene.router.resolve(incident.id, "ana")
    step = NotifyStep.FIRST if resolved_first else NotifyStep.RESOLVED
    lost = [one for one in scene.store.deliveries() if one.notification.step is step]
    for delivery in lost:
        scene.router.undeliverable(delivery)
    with scene.store.transaction() as tx:
        told = {one.notification.target for one in tx.deliveries()}
    assert lost
    assert told == {"operations"}
    scene.close()
