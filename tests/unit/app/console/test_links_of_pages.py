"""Every link of every notification, followed through a running console."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from alarms.model.ids import SortableIds
from alarms.model.notification import Notification
from alarms.model.severity import Severity
from alarms.notify.compose import Composer
from alarms.notify.links import Links
from alarms.policy.policy_file import load_policy
from alarms.policy.runbook import load_runbooks
from alarms.router.router import Router
from tests.support.alerts import burn_alert
from tests.support.console_browser import BASE_URL, signed_in
from tests.support.console_world import World

LINK = re.compile(re.escape(BASE_URL) + r"[^\s)>\"]+")


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    composer = Composer(load_runbooks(), Links(BASE_URL))
    made.router = Router(
        made.store, load_policy(), made.clock, SortableIds(made.clock, "I"), composer=composer
    )
    return made


def told(world: World) -> list[Notification]:
    """Of every step: pages, missed and escalated ones, joiners, what is over."""
    world.router.receive(burn_alert(at=world.clock.now()))
    world.alert("DiskFull", Severity.P2, instance="a")
    for minute in (16, 15, 31, 31):
        world.clock.advance(timedelta(minutes=minute))
        world.router.tick()
    for incident in world.router.open_incidents():
        world.router.resolve(incident.id, "ana")
    return [delivery.notification for delivery in world.store.deliveries()]


async def test_every_link_of_every_notification_is_a_page_of_the_console(world: World) -> None:
    notifications = told(world)
    assert {note.step.value for note in notifications} >= {"first", "backup", "escalation", "resolved"}
    async with signed_in(world) as client:
        for note in notifications:
            for body in (note.message.body, note.message.body_pt):
                links = LINK.findall(body)
                assert any("/console/incidents/" in link for link in links), body
                for link in links:
                    answer = await client.get(link)
                    assert answer.status_code == 200, link
