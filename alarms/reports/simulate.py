"""What would have paged whom, when: recorded alerts through the real router on a clock that is not real."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from alarms.intake.normalise import IntakeRules
from alarms.intake.parsers import PARSERS, parser_of
from alarms.model.alert import Alert
from alarms.model.errors import MalformedPayload
from alarms.model.notification import Notification
from alarms.policy.policy import RoutingPolicy
from alarms.policy.schedule import Schedules
from alarms.router.router import Router
from alarms.router.topology import Topology
from alarms.stores.sqlite import SqliteRouterStore
from foundation.clock import ManualClock
from foundation.errors import Problems
from foundation.located import shown
from foundation.paths import open_file

REPLAY_FIX = 'Write the line as {"at": "2026-03-02T10:00:00Z", "kind": "alertmanager", "payload": {...}}'


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
        DefinitionErrors: the file, or lines of it, cannot be read; each is named.
    """
    problems, found = Problems(), list[RecordedAlerts]()
    with open_file(path) as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                found.append(_recorded(line, rules))
            except MalformedPayload as wrong:
                problems.refuse(str(path), number, wrong.field, wrong.problem, REPLAY_FIX)
    problems.raise_if_any()
    return sorted(found, key=lambda recorded: recorded.at)


def _recorded(line: bytes, rules: IntakeRules) -> RecordedAlerts:
    try:
        entry = msgspec.json.decode(line, type=_Line)
    except msgspec.DecodeError as error:
        raise MalformedPayload("replay", "the line", str(error)) from None
    except (UnicodeDecodeError, RecursionError):
        raise MalformedPayload("replay", "the line", "is not readable JSON") from None
    if entry.at.tzinfo is None:
        raise MalformedPayload("replay", "at", "has no time zone")
    parser = parser_of(entry.kind)
    if parser is None:
        raise MalformedPayload("replay", "kind", f"{shown(entry.kind)} is not one of {', '.join(PARSERS)}")
    try:
        parsed = parser(bytes(entry.payload), rules, entry.at.astimezone(UTC))
    except MalformedPayload as wrong:
        raise MalformedPayload("replay", f"payload: {wrong.field}", wrong.problem) from None
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
