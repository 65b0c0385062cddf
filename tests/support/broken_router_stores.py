"""Router stores that are wrong in one way each: the contract suite has to notice every one of them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from alarms.model.incident import Incident
from alarms.model.notification import Delivery, DeliveryState, Notification
from alarms.model.receipt import Receipt, ReceiptState
from alarms.model.timer import Timer, TimerKind
from alarms.stores.memory import MemoryRouterStore


class KeepsHalfATransaction(MemoryRouterStore):
    """What was written before the error stays."""

    @contextmanager
    def transaction(self) -> Iterator[MemoryRouterStore]:
        yield self


class ForgetsFencing(MemoryRouterStore):
    """A worker whose lease was taken over may still write the outcome."""

    def settle(self, delivery: Delivery) -> bool:
        self._outbox[delivery.notification.dedup_id] = delivery
        return True


class NeverExpiresALease(MemoryRouterStore):
    """What a dead worker claimed stays claimed."""

    def claim(self, worker: str, now: datetime, lease_until: datetime, limit: int) -> Sequence[Delivery]:
        sending = {k: d for k, d in self._outbox.items() if d.state is DeliveryState.SENDING}
        for key in sending:
            del self._outbox[key]
        claimed = super().claim(worker, now, lease_until, limit)
        self._outbox.update(sending)
        return claimed


class OvertakesItself(MemoryRouterStore):
    """The second message to a target may leave before the first."""

    def _waits(self, delivery: Delivery) -> bool:
        return False


class EnqueuesTwice(MemoryRouterStore):
    """The same dedup id is taken in again."""

    def enqueue(self, notification: Notification) -> bool:
        again = notification.dedup_id in self._outbox
        key = f"{notification.dedup_id}-{len(self._outbox)}" if again else notification.dedup_id
        sequence = len(self._outbox) + 1
        self._outbox[key] = Delivery(sequence, notification, DeliveryState.PENDING, notification.created_at)
        return True


class LosesReceipts(MemoryRouterStore):
    """Only the last of several receipts is kept."""

    def append_receipts(self, receipts: Sequence[Receipt]) -> None:
        super().append_receipts(receipts[-1:])


class SettlesReceiptsTwice(MemoryRouterStore):
    """Two workers may both believe that they did a receipt."""

    def settle_receipt(self, receipt_id: str, state: ReceiptState, problem: str | None = None) -> bool:
        super().settle_receipt(receipt_id, state, problem)
        return True


class IgnoresUrgency(MemoryRouterStore):
    """First come, first served, however severe."""

    def pending_receipts(self, limit: int, urgency: int = 9) -> Sequence[Receipt]:
        return sorted(super().pending_receipts(100_000), key=lambda receipt: receipt.id)[:limit]


class FiresTimersInAnyOrder(MemoryRouterStore):
    def due_timers(self, now: datetime, limit: int) -> Sequence[Timer]:
        return list(reversed(super().due_timers(now, 100_000)))[:limit]


class KeepsSeveralTimersOfAKind(MemoryRouterStore):
    """A new deadline does not replace the old one."""

    def set_timer(self, timer: Timer) -> None:
        self._timers.setdefault((timer.incident_id, timer.kind), timer)


class TakesTheFirstIncidentOfAKey(MemoryRouterStore):
    """Alerts join an incident that was over long ago."""

    def newest_incident(self, key: str) -> Incident | None:
        ids = self._by_key.get(key)
        return None if not ids else self._incidents[ids[0]]


class DropsFractionsOfSeconds(MemoryRouterStore):
    """Instants come back rounded."""

    def save_incident(self, incident: Incident) -> None:
        super().save_incident(replace(incident, opened_at=incident.opened_at.replace(microsecond=0)))


class NumbersTransitionsTwice(MemoryRouterStore):
    def add_transition(self, transition: object) -> None:
        self._transitions.setdefault(transition.incident_id, []).append(transition)  # type: ignore[attr-defined,arg-type]


class ClearsEveryTimer(MemoryRouterStore):
    """Acknowledging stops the second clock too."""

    def clear_timer(self, incident_id: str, kind: TimerKind) -> None:
        for each in TimerKind:
            super().clear_timer(incident_id, each)


class LooksFirstAndTakesLater(MemoryRouterStore):
    """Whoever else looked meanwhile takes the same deliveries."""

    def claim(self, worker: str, now: datetime, lease_until: datetime, limit: int) -> Sequence[Delivery]:
        seen = dict(self._outbox)
        claimed = super().claim(worker, now, lease_until, limit)
        keys = [each.notification.dedup_id for each in claimed]
        self._outbox.update({key: seen[key] for key in keys})
        time.sleep(0.005)
        self._outbox.update(zip(keys, claimed, strict=True))
        return claimed


class TrustsItsOwnClockOnly(MemoryRouterStore):
    """A lease that a clock a moment ahead has set is taken for an old one."""

    def claim(self, worker: str, now: datetime, lease_until: datetime, limit: int) -> Sequence[Delivery]:
        for key, delivery in self._outbox.items():
            if delivery.lease_until is not None and delivery.lease_until > lease_until:
                self._outbox[key] = replace(delivery, lease_until=now)
        return super().claim(worker, now, lease_until, limit)


BROKEN = (
    KeepsHalfATransaction,
    ForgetsFencing,
    NeverExpiresALease,
    OvertakesItself,
    EnqueuesTwice,
    LosesReceipts,
    SettlesReceiptsTwice,
    IgnoresUrgency,
    FiresTimersInAnyOrder,
    KeepsSeveralTimersOfAKind,
    TakesTheFirstIncidentOfAKey,
    DropsFractionsOfSeconds,
    NumbersTransitionsTwice,
    ClearsEveryTimer,
)
BROKEN_UNDER_A_RACE = (
    KeepsHalfATransaction,
    ForgetsFencing,
    LooksFirstAndTakesLater,
    TrustsItsOwnClockOnly,
)
