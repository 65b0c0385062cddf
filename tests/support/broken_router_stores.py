"""Router stores that are wrong in one way each: the contract suite has to notice every one of them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

from alarms.model.incident import Incident, Timer, TimerKind, Transition
from alarms.model.notification import Delivery, Notification
from alarms.model.receipt import Receipt, ReceiptState
from alarms.stores.protocol import ListPlace, Page
from alarms.stores.sql_rows import SqlSession, Values, insertion, notification_values
from alarms.stores.sql_transaction import SqlTransaction
from alarms.stores.sqlite import SqliteRouterStore, SqliteSession


class BrokenStore(SqliteRouterStore):
    """In memory, with transactions of its own kind."""

    Transaction: ClassVar[type[SqlTransaction]] = SqlTransaction

    @contextmanager
    def transaction(self) -> Iterator[SqlTransaction]:
        with self.writing() as session:
            yield self.Transaction(session)


class KeepsHalfATransaction(BrokenStore):
    """What was written before the error stays, and nobody waits for anybody."""

    @contextmanager
    def writing(self) -> Iterator[SqlSession]:
        yield SqliteSession(self._writer)


class ForgetsFencing(BrokenStore):
    """A worker whose lease was taken over may still write the outcome."""

    def settle(self, delivery: Delivery) -> bool:
        with self.writing() as session:
            session.change(
                "UPDATE outbox SET state = :state, fence = :fence WHERE sequence = :sequence",
                {"state": delivery.state.value, "fence": delivery.fence, "sequence": delivery.sequence},
            )
        return True


class NeverExpiresALease(BrokenStore):
    """What a dead worker claimed stays claimed."""

    def _lease(self, now: datetime, lease_until: datetime) -> tuple[int, int]:
        begins, ends = super()._lease(now, lease_until)
        with self.writing() as session:
            session.change("UPDATE outbox SET lease_until = :ends WHERE state = 'sending'", {"ends": ends})
        return begins, ends


class OvertakesItself(BrokenStore):
    """The second message to a target may leave before the first."""

    def claim(self, worker: str, now: datetime, lease_until: datetime, limit: int) -> Sequence[Delivery]:
        claimed: list[Delivery] = []
        while more := super().claim(worker, now, lease_until, limit):
            with self.writing() as session:
                session.change("UPDATE outbox SET state = 'sent' WHERE state = 'sending'")
            claimed += more
        with self.writing() as session:
            session.change("UPDATE outbox SET state = 'sending' WHERE state = 'sent'")
        return claimed[:limit]


class EnqueuesTwice(BrokenStore):
    """The same dedup id is taken in again."""

    class Transaction(SqlTransaction):
        def enqueue(self, notification: Notification) -> bool:
            values = dict(notification_values(notification))
            known = "SELECT count(*) FROM outbox WHERE dedup_id LIKE :dedup_id || '%'"
            ((before,),) = self._session.rows(known, values)
            values["dedup_id"] = f"{notification.dedup_id}-{before}" if before else notification.dedup_id
            self._session.change(insertion("outbox", values), values)
            return True


class KeepsWhatAnAttemptLeft(BrokenStore):
    class Transaction(SqlTransaction):
        @contextmanager
        def attempt(self) -> Iterator[None]:
            yield


class ListsTheNewestFirst(BrokenStore):
    """Old and severe ones are on the last page."""

    def open_page(self, limit: int, after: ListPlace | None = None) -> Page:
        return self.newest_page(limit, after)


class LosesReceipts(BrokenStore):
    """Only the last of several receipts is kept."""

    def append_receipts(self, receipts: Sequence[Receipt]) -> None:
        super().append_receipts(receipts[-1:])


class SettlesReceiptsTwice(BrokenStore):
    """Two workers may both believe that they did a receipt."""

    class Transaction(SqlTransaction):
        def settle_receipt(self, receipt_id: str, state: ReceiptState, problem: str | None = None) -> bool:
            super().settle_receipt(receipt_id, state, problem)
            return True


class IgnoresUrgency(BrokenStore):
    """First come, first served, however severe."""

    class Transaction(SqlTransaction):
        def pending_receipts(self, limit: int, urgency: int = 9) -> Sequence[Receipt]:
            return sorted(super().pending_receipts(100_000), key=lambda receipt: receipt.id)[:limit]


class FiresTimersInAnyOrder(BrokenStore):
    class Transaction(SqlTransaction):
        def due_timers(self, now: datetime, limit: int) -> Sequence[Timer]:
            return list(reversed(super().due_timers(now, 100_000)))[:limit]


class KeepsSeveralTimersOfAKind(BrokenStore):
    """A new deadline does not replace the old one."""

    class Transaction(SqlTransaction):
        def set_timer(self, timer: Timer) -> None:
            if timer.kind not in [known.kind for known in self.timers(timer.incident_id)]:
                super().set_timer(timer)


class TakesTheFirstIncidentOfAKey(BrokenStore):
    """Alerts join an incident that was over long ago."""

    class Transaction(SqlTransaction):
        def newest_incident(self, key: str) -> Incident | None:
            found = [incident for incident in self.incidents() if incident.key == key]
            return min(found, key=lambda incident: incident.opened_at, default=None)


class DropsFractionsOfSeconds(BrokenStore):
    """Instants come back rounded."""

    class Transaction(SqlTransaction):
        def save_incident(self, incident: Incident) -> None:
            super().save_incident(replace(incident, opened_at=incident.opened_at.replace(microsecond=0)))


class NumbersTransitionsTwice(BrokenStore):
    class Transaction(SqlTransaction):
        def add_transition(self, transition: Transition) -> None:
            place: Values = {"id": transition.incident_id, "number": transition.number}
            self._session.change(
                "DELETE FROM transitions WHERE incident_id = :id AND number = :number", place
            )
            super().add_transition(transition)


class ClearsEveryTimer(BrokenStore):
    """Acknowledging stops the second clock too."""

    class Transaction(SqlTransaction):
        def clear_timer(self, incident_id: str, kind: TimerKind) -> None:
            for each in TimerKind:
                super().clear_timer(incident_id, each)


class LooksFirstAndTakesLater(BrokenStore):
    """Whoever else looked meanwhile takes the same deliveries."""

    def claim(self, worker: str, now: datetime, lease_until: datetime, limit: int) -> Sequence[Delivery]:
        claimed = super().claim(worker, now, lease_until, limit)
        taken = {f"s{number}": each.sequence for number, each in enumerate(claimed)}
        marks = ", ".join(f":{name}" for name in taken)
        where = f"WHERE sequence IN ({marks})"
        with self.writing() as session:
            session.change(f"UPDATE outbox SET state = 'pending', fence = fence - 1 {where}", taken)
        time.sleep(0.005)
        with self.writing() as session:
            session.change(f"UPDATE outbox SET state = 'sending', fence = fence + 1 {where}", taken)
        return claimed


class TrustsItsOwnClockOnly(BrokenStore):
    """A lease that a clock a moment ahead has set is taken for an old one."""

    def _lease(self, now: datetime, lease_until: datetime) -> tuple[int, int]:
        begins, ends = super()._lease(now, lease_until)
        with self.writing() as session:
            late = {"begins": begins, "ends": ends}
            session.change("UPDATE outbox SET lease_until = :begins WHERE lease_until > :ends", late)
        return begins, ends


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
    KeepsWhatAnAttemptLeft,
    ListsTheNewestFirst,
)
BROKEN_UNDER_A_RACE = (
    KeepsHalfATransaction,
    ForgetsFencing,
    LooksFirstAndTakesLater,
    TrustsItsOwnClockOnly,
)
