"""A service that pages by itself hears of an acknowledgement: it would go on waking people otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from alarms.notify.dispatcher import Dispatcher
from alarms.notify.pagerduty import PagerDutyNotifier
from alarms.policy.channel import PagerDutyChannel
from alarms.router.router import Router
from alarms.stores.sqlite import SqliteRouterStore
from foundation.clock import ManualClock
from tests.support.alerts import MONDAY_10, burn_alert
from tests.support.http_catcher import HttpCatcher, Reply
from tests.support.router import PLATFORM, SHIPPED_POLICY, Pager, numbered_ids

POLICY = replace(
    SHIPPED_POLICY,
    teams=tuple(replace(team, channels=("default", "pager")) for team in SHIPPED_POLICY.teams),
)


class Office:
    """A router whose teams have a chat and a pager service."""

    def __init__(self, server: HttpCatcher, pagers: tuple[str, ...] = ("pager",)) -> None:
        self.server, clock = server, ManualClock(MONDAY_10)
        self.store = SqliteRouterStore()
        self.router = Router(self.store, POLICY, clock, numbered_ids(), topology=PLATFORM, pagers=pagers)
        self.chat, pager = Pager(), PagerDutyNotifier(PagerDutyChannel(server.url), "key")
        self.dispatcher = Dispatcher(self.store, {"default": self.chat, "pager": pager}, clock, "worker")

    def open(self) -> str:
        incident = self.router.receive(burn_alert())
        assert incident is not None
        self.dispatcher.drain()
        return incident

    def events(self) -> list[Any]:
        self.dispatcher.drain()
        return [(e["event_action"], e["dedup_key"]) for e in (json.loads(c.body) for c in self.server.caught)]

    def close(self) -> None:
        self.dispatcher.close()
        self.store.close()


@pytest.fixture
def server() -> Iterator[HttpCatcher]:
    with HttpCatcher(lambda _: Reply(202)) as made:
        yield made


def test_a_pager_service_hears_the_acknowledgement_and_the_end(server: HttpCatcher) -> None:
    office = Office(server)
    incident = office.open()
    assert office.events() == [("trigger", incident)]
    told = len(office.chat.sent)
    office.router.acknowledge(incident, "ana")
    office.router.acknowledge(incident, "ana")
    assert office.events() == [("trigger", incident), ("acknowledge", incident)]
    assert len(office.chat.sent) == told, "people are not told what they did themselves"
    office.router.resolve(incident, "ana")
    assert office.events()[-1] == ("resolve", incident)
    office.close()


def test_an_incident_that_no_pager_service_was_told_of_is_not_acknowledged_there(server: HttpCatcher) -> None:
    office = Office(server, pagers=("another",))
    incident = office.open()
    office.router.acknowledge(incident, "ana")
    assert office.events() == [("trigger", incident)]
    office.close()


def test_the_pager_services_of_a_changed_file_hear_of_it(server: HttpCatcher) -> None:
    office = Office(server, pagers=())
    incident = office.open()
    office.router.change_pagers(["pager"])
    office.router.acknowledge(incident, "ana")
    assert office.events()[-1] == ("acknowledge", incident)
    office.close()
