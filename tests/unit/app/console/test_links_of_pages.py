"""Every link of every notification, followed through a running console."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette

from alarms.model.ids import SortableIds
from alarms.model.incident import TransitionKind
from alarms.model.notification import Notification
from alarms.model.severity import Severity
from alarms.notify.compose import Composer
from alarms.notify.links import ACKNOWLEDGE, Links, LinkSigner
from alarms.policy.policy_file import load_policy
from alarms.policy.runbook import load_runbooks
from alarms.router.one_tap import OneTap
from alarms.router.router import Router
from app.console.one_tap_pages import OneTapPages
from tests.support.alerts import burn_alert
from tests.support.console_browser import BASE_URL, browser, signed_in, text_of
from tests.support.console_world import World

SIGNER = LinkSigner(lambda: b"a key")
LINKS = Links(BASE_URL, SIGNER)
LINK = re.compile(re.escape(BASE_URL) + r"[^\s)>\"]+")


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    composer = Composer(load_runbooks(), LINKS)
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
                links = [link for link in LINK.findall(body) if not is_for_one_tap(link)]
                assert note.message.page in links, body
                for link in links:
                    answer = await client.get(link)
                    assert answer.status_code == 200, link


async def test_every_acknowledge_link_shows_its_page_acknowledges_once_and_then_says_so(world: World) -> None:
    one_tap = OneTap(world.router, world.store, SIGNER, world.clock)
    app = Starlette(routes=OneTapPages(one_tap, LINKS, "test", "UTC").routes())
    incident = world.alert("DiskFull", Severity.P1, instance="a")
    world.clock.advance(timedelta(minutes=16))
    world.router.tick()
    messages = [delivery.notification.message for delivery in world.store.deliveries(incident)]
    assert len({message.acknowledge for message in messages}) == 2, "one for each who is told"
    async with browser(app) as client:
        for message in messages:
            for text in (message.body, message.body_pt):
                assert [link for link in LINK.findall(text) if is_for_one_tap(link)] == [message.acknowledge]
            page = await client.get(message.acknowledge)
            assert (page.status_code, "<button" in page.text) == (200, True)
        first, other = (message.acknowledge for message in messages)
        done = await client.post(first)
        assert (done.status_code, "<button" in done.text) == (200, False)
        for link in (first, other):
            again = await client.post(link)
            assert again.status_code == 409
            assert "This link has been used" in text_of(again.text)
    history = [entry.kind for entry in world.router.timeline(incident)]
    assert history.count(TransitionKind.ACKNOWLEDGED) == 1


def is_for_one_tap(link: str) -> bool:
    return link.startswith(f"{BASE_URL}{ACKNOWLEDGE}/")
