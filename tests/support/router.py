"""A router on a clock that moves by hand, with a store and a pager that can be looked into."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from alarms.model.alert import Alert
from alarms.model.incident import Incident
from alarms.model.notification import Notification
from alarms.model.receipt import Receipt
from alarms.notify.dispatcher import Dispatcher
from alarms.policy.policy import RoutingPolicy
from alarms.policy.policy_file import load_policy
from alarms.policy.schedule import Schedules
from alarms.router.router import Router
from alarms.router.topology import Topology
from alarms.stores.protocol import RouterStore
from alarms.stores.sqlite import SqliteRouterStore
from foundation.clock import ManualClock
from slo.model.entities import Component
from tests.support.alerts import MONDAY_10

SHIPPED_POLICY = load_policy()
AT_ONCE = replace(SHIPPED_POLICY, first_wait=timedelta(0))
PLATFORM = Topology(
    [
        Component(
            "decision-api",
            "API",
            "API",
            "api",
            1,
            "development",
            ("aurora", "redis"),
            ("credit/decision-availability", "credit/decision-latency"),
        ),
        Component("aurora", "Aurora", "Aurora", "store", 1, "data-engineering"),
        Component("redis", "Redis", "Redis", "cache", 2, "data-engineering"),
    ]
)


@dataclass
class Pager:
    """A notifier that remembers; ``failing`` may raise instead."""

    sent: list[Notification] = field(default_factory=list)
    failing: Callable[[Notification], None] = lambda _: None

    def send(self, notification: Notification) -> str:
        self.failing(notification)
        self.sent.append(notification)
        return f"message-{len(self.sent)}"

    def told(self) -> list[tuple[str, str]]:
        """(target, step) in order of arrival."""
        return [(notification.target, notification.step.value) for notification in self.sent]


def numbered_ids(prefix: str = "incident-") -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"{prefix}{next(numbers):06d}"


class Scene:
    """Everything a routing test needs; ``pass_time`` ticks each minute as the real process would.

    Without the first wait, unless the ``policy`` has one: most tests are of what is told, not of when.
    """

    def __init__(
        self,
        start: datetime = MONDAY_10,
        store: RouterStore | None = None,
        policy: RoutingPolicy = AT_ONCE,
        schedules: Schedules | None = None,
        topology: Topology = PLATFORM,
        readable: Callable[[Receipt], None] = lambda _: None,
    ) -> None:
        self.clock = ManualClock(start)
        self.store: RouterStore = store or SqliteRouterStore()
        self.router = Router(
            self.store,
            policy,
            self.clock,
            numbered_ids(),
            schedules=schedules,
            topology=topology,
            readable=readable,
        )
        self.pager = Pager()
        self.dispatcher = Dispatcher(
            self.store, {"default": self.pager}, self.clock, "worker-1", on_dead=self.router.undeliverable
        )

    def receive(self, alert: Alert) -> Incident:
        incident_id = self.router.receive(alert)
        assert incident_id is not None
        self.dispatcher.drain()
        return self.router.incident(incident_id)

    def pass_time(self, duration: timedelta, step: timedelta = timedelta(minutes=1)) -> None:
        end = self.clock.now() + duration
        while self.clock.now() < end:
            self.clock.advance(min(step, end - self.clock.now()))
            self.router.tick()
            self.dispatcher.drain()

    def jump(self, duration: timedelta) -> None:
        """The process was not there meanwhile."""
        self.clock.current += duration
        self.router.tick()
        self.dispatcher.drain()

    def told_since(self, count: int) -> list[tuple[str, str]]:
        return self.pager.told()[count:]

    def close(self) -> None:
        self.dispatcher.close()
        self.store.close()


def asking(notification: Notification) -> Notification:
    """With the links that a page has where the console's address is known."""
    links = {"page": "https://mirante.example/i", "acknowledge": "https://mirante.example/ack/t"}
    return replace(notification, message=replace(notification.message, **links))
