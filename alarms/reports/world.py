"""One run of the past: the real router, on a store in memory and a clock that goes from event to event.

It tells nobody. Everything happens exactly when it is due, and messages have no text.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from alarms.intake.normalise import IntakeRules
from alarms.intake.worker import IntakeWorker
from alarms.model.alert import Alert, AlertState, digest
from alarms.model.duty import DutyOverride
from alarms.model.errors import AlarmsError, InvalidRequest
from alarms.model.incident import Incident, TransitionKind
from alarms.model.notification import Message
from alarms.model.receipt import Receipt, ReceiptState
from alarms.model.severity import Severity
from alarms.model.silence import Silence
from alarms.notify.compose import Composer
from alarms.policy.policy import RoutingPolicy
from alarms.policy.runbook import Runbooks
from alarms.policy.schedule import Schedules
from alarms.reports.history import Deed
from alarms.reports.page import NO_PAGES, ToldPage, pages_of
from alarms.router.router import Router
from alarms.router.topology import Topology
from alarms.stores.protocol import RouterTransaction
from alarms.stores.record import Told
from alarms.stores.sqlite import SqliteRouterStore
from foundation.clock import ManualClock

ALL = 10_000_000
INSTANT_BEFORE = timedelta(microseconds=1)
RulesOf = Callable[[RoutingPolicy], IntakeRules]


class Wordless(Composer):
    """Nobody reads what is told in a simulation."""

    def message(self, incident: Incident, *_: Any, **__: Any) -> Message:
        return Message(incident.title, incident.title, "", "")


@dataclass(frozen=True, slots=True)
class HeardAlert:
    """What became of one alert of a payload. ``story`` is the alert, whatever the policy makes of it."""

    at: datetime
    story: str
    member: str
    title: str
    firing: bool
    severity: Severity
    incident: str | None
    cycle: int
    one_thing: bool  # all alerts of its incident are: nobody is told of each

    @classmethod
    def of(cls, tx: RouterTransaction, alert: Alert, incident_id: str | None, at: datetime) -> HeardAlert:
        record = tx.alert(alert.member)
        incident = None if incident_id is None else tx.incident(incident_id)
        return cls(
            at=at,
            story=_story(alert),
            member=alert.member,
            title=_title(alert),
            firing=alert.state is AlertState.FIRING,
            severity=Severity.P4 if record is None else record.severity,
            incident=incident_id,
            cycle=0 if incident is None else incident.cycle,
            one_thing=alert.slo_id is not None,
        )


def _story(alert: Alert) -> str:
    told_apart = sorted(alert.labels.items()) if alert.slo_id is None else alert.alert_key
    return digest(alert.environment, alert.source, alert.name, alert.tier or "", told_apart)


def _title(alert: Alert) -> str:
    """With the labels that say where."""
    shown = {name: value for name, value in alert.labels.items() if name not in ("alertname", "severity")}
    where = ", ".join(f"{name}={value}" for name, value in sorted(shown.items())[:4])
    return f"{alert.title or alert.name} ({where})" if where else alert.title or alert.name


class _Router(Router):
    """Says what became of each alert that a payload held."""

    def __init__(
        self,
        store: SqliteRouterStore,
        clock: ManualClock,
        policy: RoutingPolicy,
        schedules: Schedules,
        topology: Topology,
    ) -> None:
        numbers = itertools.count(1)
        super().__init__(
            store,
            policy,
            clock,
            lambda: f"simulated-{next(numbers):08d}",
            schedules=schedules,
            topology=topology,
            composer=Wordless(Runbooks({})),
        )
        self.heard: list[HeardAlert] = []

    def process(
        self, tx: RouterTransaction, alerts: Iterable[Alert], received_at: datetime | None = None
    ) -> list[str | None]:
        listed = list(alerts)
        found = super().process(tx, listed, received_at)
        now = self._clock.now()
        self.heard += [HeardAlert.of(tx, alert, one, now) for alert, one in zip(listed, found, strict=True)]
        return found


class World:
    """``rules_of`` is how payloads read under a policy."""

    def __init__(
        self,
        begins: datetime,
        policy: RoutingPolicy,
        schedules: Schedules,
        topology: Topology,
        rules_of: RulesOf,
    ) -> None:
        self._clock = ManualClock(begins)
        self.store = SqliteRouterStore()
        self.router = _Router(self.store, self._clock, policy, schedules, topology)
        self._rules_of = rules_of
        self._worker = self._worker_of(policy)
        self._numbers = itertools.count(1)

    @property
    def policy(self) -> RoutingPolicy:
        return self.router.policy

    def advance(self, until: datetime) -> None:
        """From deadline to deadline, so that everything happens exactly when it is due."""
        while (deadline := self.store.next_deadline()) is not None and deadline <= until:
            self._clock.current = max(self._clock.current, deadline)
            self.router.tick()
        self._clock.current = max(self._clock.current, until)

    def change_policy(self, policy: RoutingPolicy) -> None:
        self.router.change_policy(policy)
        self._worker = self._worker_of(policy)

    def take(self, receipt: Receipt) -> list[HeardAlert]:
        """A payload, as it came in."""
        self.router.heard = []
        again = replace(
            receipt,
            id=f"{next(self._numbers):010d}",
            state=ReceiptState.PENDING,
            problem=None,
            received_at=self._clock.now(),
        )
        self.store.append_receipts([again])
        self._worker.drain()
        with self.store.writing() as session:  # neither of the two worlds keeps what was read
            session.change("DELETE FROM receipts WHERE state = 'done'")
        return self.router.heard

    def incident_of(self, member: str) -> str | None:
        """That the alert belongs to now."""
        with self.store.transaction() as tx:
            record = tx.alert(member)
        return None if record is None else record.incident_id or None

    def silence(self, silence: Silence) -> None:
        with self.store.transaction() as tx:
            tx.save_silence(silence)
        now = self._clock.now()
        self.router.begin_silences(min(silence.starts_at, now) - INSTANT_BEFORE, now)

    def override_duty(self, override: DutyOverride) -> None:
        with self.store.transaction() as tx:
            tx.save_duty_override(override)

    def is_open(self, incident_id: str) -> bool:
        incident = self.store.incident(incident_id)
        return incident is not None and incident.is_open

    def was_told(self, incident_id: str) -> bool:
        """In its present cycle."""
        incident = self.store.incident(incident_id)
        told = (delivery.notification for delivery in self.store.deliveries(incident_id))
        return incident is not None and any(
            one.cycle == incident.cycle and one.step not in NO_PAGES for one in told
        )

    def do(self, deed: Deed, incident_id: str) -> str:
        """What a person did, on one of ours; why not, in words ("": done)."""
        detail, note = deed.detail, deed.detail.get("note", "")
        try:
            match deed.kind:
                case TransitionKind.ACKNOWLEDGED:
                    self.router.acknowledge(incident_id, deed.by, note)
                case TransitionKind.RESOLVED:
                    self.router.resolve(incident_id, deed.by, note)
                case TransitionKind.REASSIGNED:
                    self.router.reassign(incident_id, detail.get("to", ""), deed.by, note)
                case TransitionKind.SNOOZED:
                    self.router.snooze(incident_id, _instant(detail.get("until", "")), deed.by, note)
                case _:
                    return f"{deed.kind} is nothing that a person does"
        except AlarmsError as refused:
            return str(refused)
        return ""

    def incidents(self) -> Sequence[Incident]:
        return self.store.incidents(limit=ALL)

    def pages(self, since: datetime) -> list[ToldPage]:
        titles = {incident.id: incident.title for incident in self.incidents()}
        told = [
            Told(
                n.incident_id,
                n.transition,
                n.step,
                n.cycle,
                n.target,
                n.severity,
                n.created_at,
                dict(n.attributes),
            )
            for n in (delivery.notification for delivery in self.store.deliveries(limit=ALL))
            if n.created_at >= since
        ]
        return sorted(pages_of(told, titles), key=lambda page: page.at)

    def close(self) -> None:
        self.store.close()

    def _worker_of(self, policy: RoutingPolicy) -> IntakeWorker:
        return IntakeWorker(self.store, self.router, self._rules_of(policy), self._clock)


def _instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidRequest("until", f"{text[:40]!r} is not an instant", "") from error
