"""Tables of the in-memory router store, and what is read from them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from alarms.model.alert import AlertState
from alarms.model.decision import RoutingDecision
from alarms.model.incident import OPEN_STATES, AlertRecord, Incident, IncidentState, Transition
from alarms.model.notification import Delivery
from alarms.model.receipt import Receipt
from alarms.model.silence import Silence
from alarms.model.timer import Timer, TimerKind


class MemoryReads:
    """Values are immutable, so a reader never sees half of one."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._undo: list[Callable[[], None]] = []
        self._incidents: dict[str, Incident] = {}
        self._opened_as_p1: set[str] = set()
        self._by_key: dict[str, list[str]] = {}
        self._transitions: dict[str, list[Transition]] = {}
        self._decisions: dict[str, list[RoutingDecision]] = {}
        self._alerts: dict[str, AlertRecord] = {}
        self._timers: dict[tuple[str, TimerKind], Timer] = {}
        self._outbox: dict[str, Delivery] = {}
        self._silences: dict[str, Silence] = {}
        self._policies: dict[str, bytes] = {}
        self._receipts: dict[str, Receipt] = {}

    def incident(self, incident_id: str) -> Incident | None:
        return self._incidents.get(incident_id)

    def incidents(
        self,
        *,
        states: Sequence[IncidentState] = tuple(IncidentState),
        since: datetime | None = None,
        limit: int = 1000,
    ) -> Sequence[Incident]:
        with self._lock:
            found = [
                incident
                for incident in self._incidents.values()
                if incident.state in states and (since is None or incident.opened_at >= since)
            ]
        return sorted(found, key=lambda i: (i.opened_at, i.id), reverse=True)[:limit]

    def open_incidents(self) -> Sequence[Incident]:
        return self.incidents(states=OPEN_STATES, limit=100_000)

    def transitions(self, incident_id: str) -> Sequence[Transition]:
        return sorted(self._transitions.get(incident_id, []), key=lambda t: t.number)

    def decisions(self, incident_id: str) -> Sequence[RoutingDecision]:
        return list(self._decisions.get(incident_id, []))

    def alerts(self, incident_id: str) -> Sequence[AlertRecord]:
        with self._lock:
            found = [record for record in self._alerts.values() if record.incident_id == incident_id]
        return sorted(found, key=lambda record: record.member)

    def firing(self, source: str) -> Sequence[AlertRecord]:
        with self._lock:
            found = [
                record
                for record in self._alerts.values()
                if record.source == source and record.state is AlertState.FIRING
            ]
        return sorted(found, key=lambda record: record.member)

    def timers(self, incident_id: str) -> Sequence[Timer]:
        with self._lock:
            found = [timer for timer in self._timers.values() if timer.incident_id == incident_id]
        return sorted(found, key=timer_order)

    def deliveries(self, incident_id: str | None = None, *, limit: int = 1000) -> Sequence[Delivery]:
        with self._lock:
            found = [
                delivery
                for delivery in self._outbox.values()
                if incident_id is None or delivery.notification.incident_id == incident_id
            ]
        return sorted(found, key=lambda d: d.sequence)[-limit:]

    def silences(self, *, ending_after: datetime | None = None) -> Sequence[Silence]:
        with self._lock:
            found = [s for s in self._silences.values() if ending_after is None or s.ends_at > ending_after]
        return sorted(found, key=lambda silence: silence.id)

    def policy(self, policy_id: str) -> bytes | None:
        return self._policies.get(policy_id)


def timer_order(timer: Timer) -> tuple[datetime, str, str]:
    return timer.deadline, timer.incident_id, timer.kind.value
