"""What would have paged whom, when: recorded alerts through the real router on a clock that is not real."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from alarms.intake.normalise import IntakeRules
from alarms.intake.worker import PARSERS
from alarms.model.alert import Alert
from alarms.model.errors import MalformedPayload
from alarms.model.notification import Notification
from alarms.policy.policy import RoutingPolicy
from alarms.policy.schedule import Schedules
from alarms.router.router import Router
from alarms.router.topology import Topology
from alarms.stores.sqlite import SqliteRouterStore
from foundation.clock import ManualClock


@dataclass(frozen=True, slots=True)
class RecordedAlerts:
    """Alerts as they arrived at ``at``."""

    at: datetime
    alerts: tuple[Alert, ...]


@dataclass(frozen=True, slots=True)
class SimulatedNotification:
    """Somebody would have been told at ``at``."""

    at: datetime
    notification: Notification


class _Line(msgspec.Struct):
    at: datetime
    kind: str
    payload: msgspec.Raw


def read_replay(path: Path, rules: IntakeRules) -> list[RecordedAlerts]:
    """A JSON line each: ``{"at": ISO instant, "kind": "alertmanager", "payload": {...}}``, in time order.

    Kinds: alert (our own shape), alertmanager, cloudwatch, eventbridge.

    Raises:
        MalformedPayload: a line cannot be read; it is named.
    """
    found = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        if line.strip():
            found.append(_recorded(number, line, rules))
    return sorted(found, key=lambda recorded: recorded.at)


def _recorded(number: int, line: bytes, rules: IntakeRules) -> RecordedAlerts:
    try:
        entry = msgspec.json.decode(line, type=_Line)
    except msgspec.DecodeError as error:
        raise MalformedPayload("replay", f"line {number}", str(error)) from error
    if entry.at.tzinfo is None or entry.kind not in PARSERS:
        known = ", ".join(sorted(PARSERS))
        raise MalformedPayload(
            "replay", f"line {number}", f"needs `at` with a time zone, and `kind` as one of {known}"
        )
    parsed = PARSERS[entry.kind](bytes(entry.payload), rules, entry.at.astimezone(UTC))
    return RecordedAlerts(entry.at.astimezone(UTC), parsed.alerts)


def starting_at(recorded: Sequence[RecordedAlerts], start: datetime) -> list[RecordedAlerts]:
    """The same, moved so that the first arrives at ``start``."""
    if not recorded:
        return []
    shift = start - recorded[0].at
    return [
        RecordedAlerts(entry.at + shift, tuple(_moved(a, shift) for a in entry.alerts)) for entry in recorded
    ]


def simulate(
    recorded: Iterable[RecordedAlerts],
    policy: RoutingPolicy,
    schedules: Schedules,
    topology: Topology,
    lasting: timedelta = timedelta(days=1),
) -> list[SimulatedNotification]:
    """Everything that would be told up to ``lasting`` after the last alert, if nobody did anything."""
    listed = list(recorded)
    if not listed:
        return []
    clock, store = ManualClock(listed[0].at), SqliteRouterStore()
    numbers = itertools.count(1)
    router = Router(
        store, policy, clock, lambda: f"simulated-{next(numbers):06d}", schedules=schedules, topology=topology
    )
    for entry in listed:
        _let_time_pass(router, store, clock, entry.at)
        router.receive_all(entry.alerts)
    _let_time_pass(router, store, clock, listed[-1].at + lasting)
    told = [
        SimulatedNotification(d.notification.created_at, d.notification)
        for d in store.deliveries(limit=1_000_000)
    ]
    return sorted(told, key=lambda item: item.at)


def _let_time_pass(router: Router, store: SqliteRouterStore, clock: ManualClock, until: datetime) -> None:
    """From deadline to deadline, so that everything happens exactly when it is due."""
    while (deadline := store.next_deadline()) is not None and deadline <= until:
        clock.current = max(clock.current, deadline)
        router.tick()
    clock.current = max(clock.current, until)


def _moved(alert: Alert, shift: timedelta) -> Alert:
    ends_at = None if alert.ends_at is None else alert.ends_at + shift
    return replace(alert, starts_at=alert.starts_at + shift, ends_at=ends_at)
