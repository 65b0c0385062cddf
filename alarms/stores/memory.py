"""The router's store in memory: for tests and for simulation. It survives nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from alarms.model.alert import AlertState
from alarms.model.decision import RoutingDecision
from alarms.model.incident import AlertRecord, Incident, Transition
from alarms.model.notification import Delivery, DeliveryState, Notification
from alarms.model.receipt import Receipt, ReceiptState
from alarms.model.severity import Severity
from alarms.model.silence import Silence
from alarms.model.timer import Timer, TimerKind
from alarms.stores.memory_reads import MemoryReads, timer_order
from alarms.stores.protocol import FAR

UNSETTLED = (DeliveryState.PENDING, DeliveryState.SENDING)
Key = TypeVar("Key")
Value = TypeVar("Value")


class MemoryRouterStore(MemoryReads):
    """Every change notes how to undo it, so that a transaction that raises leaves no trace."""

    @contextmanager
    def transaction(self) -> Iterator[MemoryRouterStore]:
        with self._lock:
            self._undo = []
            try:
                yield self
            except BaseException:
                for undo in reversed(self._undo):
                    undo()
                raise
            finally:
                self._undo = []

    # -- writes of a transaction

    def newest_incident(self, key: str) -> Incident | None:
        ids = self._by_key.get(key)
        return None if not ids else max((self._incidents[i] for i in ids), key=lambda i: (i.opened_at, i.id))

    def count_opened(
        self, environment: str, since: datetime, name: str | None = None, p1: bool = False
    ) -> int:
        return sum(
            incident.environment == environment
            and incident.opened_at >= since
            and name in (None, incident.name)
            and (not p1 or incident.id in self._opened_as_p1)
            for incident in self._incidents.values()
        )

    def worst_firing(self, incident_id: str) -> Severity | None:
        firing = [record.severity for record in self.alerts(incident_id) if record.state is AlertState.FIRING]
        return min(firing, key=lambda severity: severity.rank, default=None)

    def save_incident(self, incident: Incident) -> None:
        if incident.id not in self._incidents:
            if incident.severity is Severity.P1:
                self._opened_as_p1.add(incident.id)
            ids = self._by_key.setdefault(incident.key, [])
            ids.append(incident.id)
            self._undo.append(lambda: ids.remove(incident.id))
        self._put(self._incidents, incident.id, incident)

    def add_transition(self, transition: Transition) -> None:
        history = self._transitions.setdefault(transition.incident_id, [])
        if any(other.number == transition.number for other in history):
            raise ValueError(f"{transition.incident_id} already has transition {transition.number}")
        history.append(transition)
        self._undo.append(lambda: history.remove(transition))

    def add_decisions(self, decisions: Sequence[RoutingDecision]) -> None:
        for decision in decisions:
            kept = self._decisions.setdefault(decision.incident_id, [])
            kept.append(decision)
            self._undo.append(partial(kept.__delitem__, -1))

    def alert(self, member: str) -> AlertRecord | None:
        return self._alerts.get(member)

    def save_alert(self, record: AlertRecord) -> None:
        self._put(self._alerts, record.member, record)

    def set_timer(self, timer: Timer) -> None:
        self._put(self._timers, (timer.incident_id, timer.kind), timer)

    def clear_timer(self, incident_id: str, kind: TimerKind) -> None:
        previous = self._timers.pop((incident_id, kind), None)
        if previous is not None:
            self._undo.append(lambda: self._timers.__setitem__((incident_id, kind), previous))

    def due_timers(self, now: datetime, limit: int) -> Sequence[Timer]:
        return sorted((t for t in self._timers.values() if t.deadline <= now), key=timer_order)[:limit]

    def enqueue(self, notification: Notification) -> bool:
        if notification.dedup_id in self._outbox:
            return False
        sequence = len(self._outbox) + 1
        delivery = Delivery(sequence, notification, DeliveryState.PENDING, notification.created_at)
        self._put(self._outbox, notification.dedup_id, delivery)
        return True

    def count_enqueued(self, target: str, since: datetime) -> int:
        sent = [delivery.notification for delivery in self._outbox.values()]
        return sum(each.target == target and each.created_at >= since for each in sent)

    def save_silence(self, silence: Silence) -> None:
        self._put(self._silences, silence.id, silence)

    def save_policy(self, policy_id: str, canonical: bytes) -> None:
        self._put(self._policies, policy_id, canonical)

    def pending_receipts(self, limit: int, urgency: int = 9) -> Sequence[Receipt]:
        waiting = [r for r in self._receipts.values() if r.state is ReceiptState.PENDING]
        pending = [receipt for receipt in waiting if receipt.urgency <= urgency]
        return sorted(pending, key=lambda r: (r.urgency, r.received_at, r.id))[:limit]

    def settle_receipt(self, receipt_id: str, state: ReceiptState, problem: str | None = None) -> bool:
        receipt = self._receipts.get(receipt_id)
        if receipt is None or receipt.state is not ReceiptState.PENDING:
            return False
        self._put(self._receipts, receipt_id, replace(receipt, state=state, problem=problem))
        return True

    # -- the store itself

    def append_receipts(self, receipts: Sequence[Receipt]) -> None:
        with self._lock:
            for receipt in receipts:
                self._receipts.setdefault(receipt.id, receipt)

    def receipts(self, state: ReceiptState, limit: int = 100) -> Sequence[Receipt]:
        with self._lock:
            found = [receipt for receipt in self._receipts.values() if receipt.state is state]
        return sorted(found, key=lambda r: (r.received_at, r.id), reverse=True)[:limit]

    def count_receipts(self, state: ReceiptState) -> int:
        with self._lock:
            return sum(receipt.state is state for receipt in self._receipts.values())

    def prune_receipts(self, state: ReceiptState, keep: int) -> int:
        if state is ReceiptState.PENDING:
            raise ValueError("pending receipts are never dropped")
        with self._lock:
            surplus = self.receipts(state, limit=len(self._receipts))[keep:]
            for receipt in surplus:
                del self._receipts[receipt.id]
        return len(surplus)

    def claim(self, worker: str, now: datetime, lease_until: datetime, limit: int) -> Sequence[Delivery]:
        with self._lock:
            due = [d for d in self._outbox.values() if _is_due(d, now, lease_until) and not self._waits(d)]
            due.sort(key=lambda d: (d.notification.severity.rank, d.sequence))
            claimed = [
                replace(
                    delivery,
                    state=DeliveryState.SENDING,
                    worker=worker,
                    lease_until=lease_until,
                    fence=delivery.fence + 1,
                )
                for delivery in due[:limit]
            ]
            self._outbox.update({delivery.notification.dedup_id: delivery for delivery in claimed})
            return claimed

    def settle(self, delivery: Delivery) -> bool:
        with self._lock:
            current = self._outbox.get(delivery.notification.dedup_id)
            if (
                current is None
                or current.fence != delivery.fence
                or current.state is not DeliveryState.SENDING
            ):
                return False
            self._outbox[delivery.notification.dedup_id] = delivery
            return True

    def oldest_undelivered(self) -> datetime | None:
        with self._lock:
            waiting = [d.notification.created_at for d in self._outbox.values() if d.state in UNSETTLED]
        return min(waiting, default=None)

    def next_deadline(self) -> datetime | None:
        with self._lock:
            return min((timer.deadline for timer in self._timers.values()), default=None)

    def close(self) -> None:
        """Nothing to let go of."""

    def _waits(self, delivery: Delivery) -> bool:
        """An earlier message of the same incident to the same place is still on its way."""
        mine = delivery.notification
        return any(
            other.sequence < delivery.sequence
            and other.state in UNSETTLED
            and other.notification.incident_id == mine.incident_id
            and (other.notification.target, other.notification.channel) == (mine.target, mine.channel)
            for other in self._outbox.values()
        )

    def _put(self, table: dict[Key, Value], key: Key, value: Value) -> None:
        if key in table:
            previous = table[key]
            self._undo.append(lambda: table.__setitem__(key, previous))
        else:
            self._undo.append(lambda: table.__delitem__(key))
        table[key] = value


def _is_due(delivery: Delivery, now: datetime, lease_until: datetime) -> bool:
    if delivery.state is DeliveryState.PENDING:
        return not now < delivery.next_attempt_at <= now + FAR
    if delivery.state is not DeliveryState.SENDING or delivery.lease_until is None:
        return False
    return not now < delivery.lease_until <= lease_until + (lease_until - now)
