"""What the router needs of a store: one contract, kept by every adapter.

A transaction is all or nothing and serial: two of them never see each other half done.
``append_receipts`` and the end of a transaction return only once the data survives a power cut
(one in memory, which survives nothing, is for tests and simulation).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from alarms.model.access_token import AccessToken
from alarms.model.decision import RoutingDecision
from alarms.model.duty import DutyOverride
from alarms.model.errors import UnreadableRow
from alarms.model.expected_beat import LastHeard
from alarms.model.incident import AlertRecord, Incident, IncidentState, Timer, TimerKind, Transition
from alarms.model.notification import Delivery, Notification
from alarms.model.receipt import Receipt, ReceiptState
from alarms.model.severity import Severity
from alarms.model.silence import Silence
from alarms.model.source import SourceReport

# No wait between two attempts is longer than this.
FAR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class ListPlace:
    """Where in a listing an incident stands."""

    rank: int
    opened_at: datetime
    incident_id: str

    @classmethod
    def of(cls, incident: Incident) -> ListPlace:
        return cls(incident.severity.rank, incident.opened_at, incident.id)


@dataclass(frozen=True, slots=True)
class Page:
    """``left`` is how many more there are; ``last`` stands before them (None: there are no more)."""

    incidents: Sequence[Incident]
    left: int
    last: ListPlace | None


class ReadSide(Protocol):
    """Reads see what was committed (and, inside a transaction, its own writes).

    Lists go without rows that cannot be read; ``RouterStore.unreadable_rows`` has those.
    """

    def incident(self, incident_id: str) -> Incident | None:
        """Raises ``UnreadableRow``."""
        ...

    def incidents(
        self,
        *,
        states: Sequence[IncidentState] = tuple(IncidentState),
        since: datetime | None = None,
        limit: int = 1000,
    ) -> Sequence[Incident]:
        """Newest first; ``since`` compares with ``opened_at``."""
        ...

    def open_incidents(self) -> Sequence[Incident]:
        """All of them, newest first."""
        ...

    def open_page(self, limit: int, after: ListPlace | None = None) -> Page:
        """Open ones, the most severe first, then the oldest; from the one that follows ``after`` on."""
        ...

    def open_places(self, limit: int, after: ListPlace | None = None) -> Sequence[ListPlace]:
        """Where the next open ones stand, in the order of ``open_page``."""
        ...

    def newest_page(self, limit: int, after: ListPlace | None = None) -> Page:
        """All of them, newest first; from the one that follows ``after`` on."""
        ...

    def count_incidents(
        self, *, states: Sequence[IncidentState] = tuple(IncidentState), since: datetime | None = None
    ) -> Mapping[Severity, int]:
        """By the severity they have now; ``since`` compares with ``opened_at``."""
        ...

    def named(self, incident_ids: Sequence[str]) -> Sequence[Incident]:
        """Those of them that are there and can be read."""
        ...

    def transitions(self, incident_id: str) -> Sequence[Transition]:
        """In number order."""
        ...

    def decisions(self, incident_id: str) -> Sequence[RoutingDecision]:
        """In the order they were taken."""
        ...

    def alerts(self, incident_id: str) -> Sequence[AlertRecord]: ...

    def firing_of(self, incident_id: str) -> Iterator[AlertRecord]:
        """Its firing alerts, the most severe first, read as far as they are asked for."""
        ...

    def firing(self, source: str) -> Sequence[AlertRecord]:
        """Alerts of that source that were firing when last heard of."""
        ...

    def timers(self, incident_id: str) -> Sequence[Timer]:
        """By deadline."""
        ...

    def deliveries(self, incident_id: str | None = None, *, limit: int = 1000) -> Sequence[Delivery]:
        """In outbox order; without an incident the newest ``limit``."""
        ...

    def silences(self, *, ending_after: datetime | None = None) -> Sequence[Silence]: ...

    def source_reports(self) -> Sequence[SourceReport]:
        """The newest of each source that is asked what fires, by name."""
        ...

    def duty_overrides(self, *, ending_after: datetime) -> Sequence[DutyOverride]:
        """In the order they were made."""
        ...

    def receipt(self, receipt_id: str) -> Receipt | None: ...

    def in_quarantine(self) -> Sequence[tuple[str, str]]:
        """Origin and problem of the receipts there, each pair once."""
        ...

    def policy(self, policy_id: str) -> bytes | None:
        """The canonical text of a policy snapshot."""
        ...

    def tokens(self) -> Sequence[AccessToken]:
        """By name, then by age; revoked ones, too."""
        ...

    def heard(self) -> Mapping[str, LastHeard]:
        """Every source that was ever expected, by name."""
        ...

    def listened_until(self) -> datetime | None:
        """When a router was last known to be there to be told."""
        ...


class RouterTransaction(ReadSide, Protocol):
    def attempt(self) -> AbstractContextManager[None]:
        """A part of the transaction that leaves nothing of itself when it raises; the rest goes on.

        After ``StoreBusy`` nothing goes on: let it through.
        """
        ...

    def newest_incident(self, key: str) -> Incident | None:
        """The last incident opened with this key that can be read, open or not."""
        ...

    def faults(self, environment: str, components: Iterable[str]) -> Sequence[Incident]:
        """Of each of the components the open incident that may be a cause, the most severe, then oldest: it
        is of no SLO, and nothing explains it."""
        ...

    def unexplained(
        self, environment: str, components: Iterable[str], slos: Iterable[str], limit: int
    ) -> Sequence[Incident]:
        """Open incidents of these SLOs, or of these components and no SLO, that nothing explains."""
        ...

    def symptoms(self, cause_id: str, limit: int) -> Sequence[Incident]:
        """Open incidents that this one explains."""
        ...

    def count_opened(
        self, environment: str, since: datetime, name: str | None = None, p1: bool = False
    ) -> int:
        """Incidents opened at or after ``since``; only of one alert name, or P1 at once, if asked so."""
        ...

    def worst_firing(self, incident_id: str) -> Severity | None:
        """The worst severity of its firing alerts; None when none fires."""
        ...

    def save_incident(self, incident: Incident) -> None:
        """Insert or replace."""
        ...

    def add_transition(self, transition: Transition) -> None:
        """Raises ``ValueError`` if the incident already has that number."""
        ...

    def add_decisions(self, decisions: Sequence[RoutingDecision]) -> None: ...

    def alert(self, member: str) -> AlertRecord | None:
        """None: never seen, or what is known of it cannot be read."""
        ...

    def save_alert(self, record: AlertRecord) -> None: ...

    def set_timer(self, timer: Timer) -> None:
        """Replaces the incident's timer of the same kind."""
        ...

    def clear_timer(self, incident_id: str, kind: TimerKind) -> None: ...

    def due_timers(self, now: datetime, limit: int) -> Sequence[Timer]:
        """Timers with ``deadline <= now``, earliest first."""
        ...

    def enqueue(self, notification: Notification) -> bool:
        """Into the outbox; False, and nothing changed, if its dedup id is there already."""
        ...

    def count_enqueued(self, target: str, since: datetime) -> int:
        """Notifications to that target created at or after ``since``."""
        ...

    def save_silence(self, silence: Silence) -> None: ...

    def save_source_report(self, report: SourceReport) -> None:
        """Replaces the one of that name."""
        ...

    def save_duty_override(self, override: DutyOverride) -> None:
        """Insert or replace."""
        ...

    def save_policy(self, policy_id: str, canonical: bytes) -> None: ...

    def save_token(self, token: AccessToken) -> None:
        """Insert or replace."""
        ...

    def expect(self, name: str, since: datetime) -> None:
        """A source that has to be heard from; one that is known already is left as it is."""
        ...

    def hear(self, name: str, at: datetime) -> None:
        """It was heard from then, if not later; one that nobody expected yet is from now on."""
        ...

    def unexpect(self, name: str) -> None:
        """Nobody expects to hear from it any more; if somebody does again, it is as one that is new."""
        ...

    def listen(self, until: datetime) -> None:
        """A router is there to be told, at least until then."""
        ...

    def pending_receipts(self, limit: int, urgency: int = 9) -> Sequence[Receipt]:
        """The most urgent first, then the oldest; none less urgent (a higher number) than ``urgency``."""
        ...

    def keep_receipt(self, receipt: Receipt) -> None:
        """A part of another one, by itself. One whose id is known already is left as it is."""
        ...

    def requeue_receipt(self, receipt: Receipt) -> bool:
        """From quarantined to pending, as it is now; False if it is not in quarantine."""
        ...

    def settle_receipt(self, receipt_id: str, state: ReceiptState, problem: str | None = None) -> bool:
        """From pending to done or quarantined; False if somebody else did."""
        ...


class RouterStore(ReadSide, Protocol):
    def transaction(self) -> AbstractContextManager[RouterTransaction]:
        """Commits when the block ends, rolls back when it raises.

        Raises:
            StoreBusy: the store cannot take the write; nothing of the block is kept. When a database server
                goes away in the very commit, nobody can know: all of it may have been kept, never a part,
                so the block has to be one that may be run again.
        """
        ...

    def append_receipts(self, receipts: Sequence[Receipt]) -> None:
        """All of them durable, or none. One whose id is known already is left as it is.

        Raises:
            StoreBusy: the store cannot take the write; send it again (it may be kept all the same).
        """
        ...

    def token(self, identity: str) -> AccessToken | None:
        """Raises ``UnreadableRow``."""
        ...

    def receipts(self, state: ReceiptState, limit: int = 100) -> Sequence[Receipt]:
        """Newest first."""
        ...

    def is_pending(self, urgency: int) -> bool:
        """Whether a receipt waits to be worked off that is at least as urgent (its number is no higher)."""
        ...

    def oldest_pending(self) -> datetime | None:
        """``received_at`` of the receipt that has waited longest to be worked off."""
        ...

    def count_receipts(self, state: ReceiptState) -> int: ...

    def prune_receipts(self, state: ReceiptState, keep: int) -> int:
        """Drop all but the newest ``keep``; how many went. Never of pending ones (``ValueError``)."""
        ...

    def drop_done(self, before: datetime, limit: int) -> Sequence[int]:
        """Drop the oldest receipts that are done and came in before then; how large each was, in bytes."""
        ...

    def done_bytes(self) -> int:
        """How much the receipts that are done take. Looks at each of them."""
        ...

    def claim(self, worker: str, now: datetime, lease_until: datetime, limit: int) -> Sequence[Delivery]:
        """Take deliveries that are due: the most severe first, then the oldest.

        Taken are pending ones whose next attempt is due and sending ones whose lease ran out. One whose
        predecessor for the same incident, target and channel is not settled waits its turn.
        An attempt more than ``FAR`` ahead, or a lease that ends more than its own length after
        ``lease_until``, was set by a clock that has gone back since: it counts as due. (Less is only two
        workers whose clocks differ, or who looked at one in turn.) Each claim raises ``fence``.
        """
        ...

    def settle(self, delivery: Delivery) -> bool:
        """Write back state, attempts, next attempt and outcome; False if its fence is no longer current."""
        ...

    def oldest_undelivered(self) -> datetime | None:
        """``created_at`` of the oldest delivery that is neither sent nor dead."""
        ...

    def next_attempt(self) -> datetime | None:
        """When the first that nothing precedes is to be tried, or its lease ends; None: nothing waits.

        Far in the past: it is not tried, whatever keeps the receivers and however many come after it.
        """
        ...

    def next_deadline(self) -> datetime | None:
        """The earliest timer, so that the ticker knows how long it may sleep."""
        ...

    def unreadable_rows(self) -> Sequence[UnreadableRow]:
        """Rows that this process has come across lately and cannot read."""
        ...

    def forget_unreadable_rows(self) -> None:
        """What is still met and still cannot be read is noted anew."""
        ...

    def close(self) -> None: ...
