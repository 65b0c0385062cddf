"""A router that lives through a past of our making, on a store in a file, and what a replay of it says."""

from __future__ import annotations

import itertools
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from alarms.intake.normalise import IntakeRules, intake_rules
from alarms.intake.worker import IntakeWorker
from alarms.model.ids import SortableIds
from alarms.model.incident import Incident
from alarms.model.receipt import Receipt
from alarms.model.silence import Matcher
from alarms.policy.policy import RoutingPolicy
from alarms.policy.schedule import Schedules
from alarms.reports.replay import Replay, ReplayPlan, replay
from alarms.router.router import Router
from alarms.router.topology import Topology
from alarms.stores.mysql import MysqlRouterStore, open_mysql_record
from alarms.stores.record import open_sqlite_record
from alarms.stores.sqlite import SqliteRouterStore
from foundation.clock import ManualClock
from tests.support.alerts import MONDAY_10
from tests.support.hooks import alert, alertmanager
from tests.support.router import PLATFORM, SHIPPED_POLICY

TICK = timedelta(seconds=5)  # as the running role looks at its timers
MINUTE = timedelta(minutes=1)


class Past:
    """On a file of SQLite's, or on the MySQL at that address."""

    def __init__(
        self,
        path: Path | str,
        policy: RoutingPolicy = SHIPPED_POLICY,
        schedules: Schedules | None = None,
        topology: Topology = PLATFORM,
        begins: datetime = MONDAY_10,
        environment: str = "test",
    ) -> None:
        self.environment = environment
        self.path: Path | str = path
        self.begins = begins
        self.schedules, self.topology = schedules or Schedules(), topology
        self.clock = ManualClock(begins)
        self.store: MysqlRouterStore | SqliteRouterStore = (
            MysqlRouterStore(path, server_time=False) if isinstance(path, str) else SqliteRouterStore(path)
        )
        self.router = Router(
            self.store,
            policy,
            self.clock,
            SortableIds(self.clock),
            schedules=self.schedules,
            topology=topology,
        )
        self._numbers = itertools.count(1)

    def rules_of(self, policy: RoutingPolicy) -> IntakeRules:
        return intake_rules(self.environment, [], policy.severity_words, policy.ignored_labels)

    def fire(self, name: str = "DiskFull", severity: str = "critical", **labels: str) -> None:
        now = self.clock.now()
        self.send(alert(name, "firing", now, None, None, severity=severity, **labels))

    def end(self, name: str = "DiskFull", severity: str = "critical", **labels: str) -> None:
        now = self.clock.now()
        self.send(alert(name, "resolved", now, now, None, severity=severity, **labels))

    def send(self, *alerts: dict[str, Any]) -> None:
        self.take("alertmanager", json.dumps(alertmanager(*alerts)).encode())

    def take(self, kind: str, payload: bytes) -> None:
        self.store.append_receipts([Receipt(f"r-{next(self._numbers):06d}", kind, self.clock.now(), payload)])
        IntakeWorker(self.store, self.router, self.rules_of(self.router.policy), self.clock).drain()

    def pass_time(self, duration: timedelta) -> None:
        """Timers fire when the role looks at them, which is a little late."""
        end = self.clock.now() + duration
        while (deadline := self.store.next_deadline()) is not None and deadline <= end:
            late = (self.begins - deadline) % TICK
            self.clock.current = min(end, max(self.clock.now(), deadline + late))
            self.router.tick()
            if deadline + late > end:
                break
        self.clock.current = end

    def silence(self, text: str, lasts: timedelta, comment: str = "failover") -> str:
        label, _, value = text.partition("=")
        now = self.clock.now()
        made = self.router.silence([Matcher(label, "=", value)], now, now + lasts, "ana", comment)
        return made.id

    @property
    def incident(self) -> Incident:
        return self.router.open_incidents()[0]

    def replay(
        self,
        changed: RoutingPolicy | None = None,
        since: timedelta = timedelta(days=30),
        schedules: Schedules | None = None,
    ) -> Replay:
        path = self.path
        record = open_mysql_record(path) if isinstance(path, str) else open_sqlite_record(path)
        try:
            return replay(
                record,
                ReplayPlan(
                    changed=changed or self.router.policy,
                    changed_schedules=schedules or self.schedules,
                    current=self.router.policy,
                    current_schedules=self.schedules,
                    topology=self.topology,
                    rules_of=self.rules_of,
                    since=self.clock.now() - since,
                    until=self.clock.now() + timedelta(microseconds=1),
                ),
            )
        finally:
            record.close()

    def close(self) -> None:
        self.store.close()
