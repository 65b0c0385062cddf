"""What the SQL router stores have in common; each brings its connections, and how it locks.

Names that some database reserves stand in backticks, which SQLite takes, too.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from itertools import product

from alarms.model.decision import RoutingDecision
from alarms.model.duty import DutyOverride
from alarms.model.errors import UnreadableRow
from alarms.model.incident import OPEN_STATES, AlertRecord, Incident, IncidentState, Timer, Transition
from alarms.model.notification import Delivery
from alarms.model.receipt import Receipt, ReceiptState
from alarms.model.severity import Severity
from alarms.model.silence import Silence
from alarms.model.source import SourceReport
from alarms.stores.protocol import FAR, ListPlace, Page
from alarms.stores.sql_rows import (
    ALERTS,
    DECISIONS,
    DELIVERY_COLUMNS,
    DUTY_OVERRIDES,
    EPOCH,
    INCIDENTS,
    RECEIPT_COLUMNS,
    SILENCES,
    SOURCE_REPORTS,
    TIMER_COLUMNS,
    TRANSITIONS,
    KeptSilences,
    SqlReader,
    SqlSession,
    Unreadable,
    Values,
    delivery,
    insertion,
    instant,
    microseconds,
    optional_instant,
    outcome_values,
    receipt,
    receipt_values,
    timer,
)
from alarms.stores.sql_senders import SenderReads

MOST_OPEN = 100_000
AT_ONCE = 100  # rows of what is read until somebody has seen enough
NAMED_AT_ONCE = 500
OPEN_AFTER = "state IN ('open', 'acknowledged') AND (`rank`, opened_at, id) > (:rank, :at, :id)"
LATEST = datetime(9000, 1, 1, tzinfo=UTC)
# A lease more than one lease's length beyond a new one was set by a clock that has gone back since. Less is
# two workers that looked at the clock in one order and at the outbox in the other, or clocks a little apart.
IS_DUE = (
    "((state = 'pending' AND (next_attempt_at <= :now OR next_attempt_at > :far)) "
    "OR (state = 'sending' AND (lease_until <= :begins OR lease_until > :latest)))"
)
PRECEDED_BY_NONE = """NOT EXISTS (
    SELECT 1 FROM outbox AS earlier
    WHERE earlier.incident_id = mine.incident_id AND earlier.target = mine.target
      AND earlier.channel = mine.channel AND earlier.sequence < mine.sequence
      AND earlier.state IN ('pending', 'sending'))"""
DUE = f"""
SELECT sequence FROM outbox AS mine
WHERE state IN ('pending', 'sending') AND {IS_DUE} AND {PRECEDED_BY_NONE}
ORDER BY `rank`, sequence LIMIT :limit
"""  # noqa: S608 - constant text
TAKE = (
    "UPDATE outbox SET state = 'sending', worker = :worker, lease_until = :ends, fence = fence + 1 "
    "WHERE sequence = :sequence"
)
TAKEN = f"SELECT {DELIVERY_COLUMNS} FROM outbox WHERE sequence = :sequence"  # noqa: S608 - constant columns
SETTLE = (
    "UPDATE outbox SET state = :state, next_attempt_at = :next_attempt_at, attempts = :attempts, "
    "worker = :worker, lease_until = :lease_until, sent_at = :sent_at, provider_id = :provider_id, "
    "last_error = :last_error WHERE dedup_id = :dedup_id AND fence = :fence AND state = 'sending'"
)


class SqlReads(SenderReads):
    """``reading`` is what to read through: snapshots of its own, or the open transaction."""

    def __init__(
        self, reading: SqlReader, unreadable: Unreadable | None = None, kept: KeptSilences | None = None
    ) -> None:
        self._reading = reading
        self.unreadable = unreadable or Unreadable()
        self.kept_silences = kept or KeptSilences()

    def incident(self, incident_id: str) -> Incident | None:
        rows = self._reading.rows("SELECT body FROM incidents WHERE id = :id", {"id": incident_id})
        return self.unreadable.decoded(INCIDENTS, "incidents", incident_id, rows[0][0]) if rows else None

    def incidents(
        self,
        *,
        states: Sequence[IncidentState] = tuple(IncidentState),
        since: datetime | None = None,
        limit: int = 1000,
    ) -> Sequence[Incident]:
        wanted = {f"state{number}": state.value for number, state in enumerate(states)}
        marks = ", ".join(f":{name}" for name in wanted)
        rows = self._reading.rows(
            f"SELECT id, body FROM incidents WHERE state IN ({marks}) AND opened_at >= :since "  # noqa: S608 - marks only
            "ORDER BY opened_at DESC, id DESC LIMIT :limit",
            {**wanted, "since": microseconds(since or EPOCH), "limit": limit},
        )
        return self.unreadable.readable(INCIDENTS, "incidents", rows)

    def open_incidents(self) -> Sequence[Incident]:
        return self.incidents(states=OPEN_STATES, limit=MOST_OPEN)

    def open_page(self, limit: int, after: ListPlace | None = None) -> Page:
        return self._page(OPEN_AFTER, "`rank`, opened_at, id", _open_after(after), limit)

    def open_places(self, limit: int, after: ListPlace | None = None) -> Sequence[ListPlace]:
        return self._places(OPEN_AFTER, "`rank`, opened_at, id", _open_after(after), limit)

    def newest_page(self, limit: int, after: ListPlace | None = None) -> Page:
        begins = after or ListPlace(0, LATEST, "")
        values = {"at": microseconds(begins.opened_at), "id": begins.incident_id}
        return self._page("(opened_at, id) < (:at, :id)", "opened_at DESC, id DESC", values, limit)

    def _page(self, place: str, order: str, values: Values, limit: int) -> Page:
        """Places first, which an index has, then the bodies of those that are shown. One that cannot be read
        is counted with those that can: what is left is never less than it is."""
        places = self._places(place, order, values, limit)
        ((count,),) = self._reading.rows(f"SELECT count(*) FROM incidents WHERE {place}", values)  # noqa: S608
        left = max(0, count - len(places))
        last = places[-1] if places and left else None
        return Page(self.named([one.incident_id for one in places]), left, last)

    def _places(self, place: str, order: str, values: Values, limit: int) -> list[ListPlace]:
        rows = self._reading.rows(
            f"SELECT `rank`, opened_at, id FROM incidents WHERE {place} ORDER BY {order} LIMIT :limit",  # noqa: S608
            {**values, "limit": limit},
        )
        return [ListPlace(rank, instant(at), incident_id) for rank, at, incident_id in rows]

    def named(self, incident_ids: Sequence[str]) -> list[Incident]:
        found: dict[str, Incident] = {}
        for start in range(0, len(incident_ids), NAMED_AT_ONCE):
            batch = incident_ids[start : start + NAMED_AT_ONCE]
            names = {f"id{number}": incident_id for number, incident_id in enumerate(batch)}
            marks = ", ".join(f":{name}" for name in names)
            rows = self._reading.rows(f"SELECT id, body FROM incidents WHERE id IN ({marks})", names)  # noqa: S608
            found |= {one.id: one for one in self.unreadable.readable(INCIDENTS, "incidents", rows)}
        return [found[incident_id] for incident_id in incident_ids if incident_id in found]

    def count_incidents(
        self, *, states: Sequence[IncidentState] = tuple(IncidentState), since: datetime | None = None
    ) -> Mapping[Severity, int]:
        counts = dict.fromkeys(Severity, 0)
        for state, severity in product(states, Severity):  # of each an index knows how many
            ((count,),) = self._reading.rows(
                "SELECT count(*) FROM incidents "
                "WHERE state = :state AND `rank` = :rank AND opened_at >= :since",
                {"state": state.value, "rank": severity.rank, "since": microseconds(since or EPOCH)},
            )
            counts[severity] += count
        return counts

    def transitions(self, incident_id: str) -> Sequence[Transition]:
        rows = self._reading.rows(
            "SELECT number, body FROM transitions WHERE incident_id = :id ORDER BY number",
            {"id": incident_id},
        )
        return self.unreadable.readable(TRANSITIONS, f"transitions of {incident_id}", rows)

    def decisions(self, incident_id: str) -> Sequence[RoutingDecision]:
        rows = self._reading.rows(
            "SELECT sequence, body FROM decisions WHERE incident_id = :id ORDER BY sequence",
            {"id": incident_id},
        )
        return self.unreadable.readable(DECISIONS, "decisions", rows)

    def alerts(self, incident_id: str) -> Sequence[AlertRecord]:
        rows = self._reading.rows(
            "SELECT member, body FROM alerts WHERE incident_id = :id ORDER BY member", {"id": incident_id}
        )
        return self.unreadable.readable(ALERTS, "alerts", rows)

    def firing_of(self, incident_id: str) -> Iterator[AlertRecord]:
        rank, member = 0, ""
        while True:
            rows = self._reading.rows(
                "SELECT member, body, `rank` FROM alerts WHERE incident_id = :id AND state = 'firing' "
                "AND `rank` >= :rank AND (`rank` > :rank OR member > :member) "
                "ORDER BY `rank`, member LIMIT :limit",
                {"id": incident_id, "rank": rank, "member": member, "limit": AT_ONCE},
            )
            yield from self.unreadable.readable(ALERTS, "alerts", [row[:2] for row in rows])
            if len(rows) < AT_ONCE:
                return
            member, _, rank = rows[-1]

    def firing(self, source: str) -> Sequence[AlertRecord]:
        rows = self._reading.rows(
            "SELECT member, body FROM alerts WHERE source = :source AND state = 'firing' ORDER BY member",
            {"source": source},
        )
        return self.unreadable.readable(ALERTS, "alerts", rows)

    def timers(self, incident_id: str) -> Sequence[Timer]:
        rows = self._reading.rows(
            f"SELECT {TIMER_COLUMNS} FROM timers WHERE incident_id = :id ORDER BY deadline, kind",  # noqa: S608
            {"id": incident_id},
        )
        return [timer(row) for row in rows]

    def deliveries(self, incident_id: str | None = None, *, limit: int = 1000) -> Sequence[Delivery]:
        where = "" if incident_id is None else "WHERE incident_id = :id "
        rows = self._reading.rows(
            f"SELECT {DELIVERY_COLUMNS} FROM outbox {where}ORDER BY sequence DESC LIMIT :limit",  # noqa: S608
            {"id": incident_id, "limit": limit},
        )
        return [delivery(row) for row in reversed(rows)]

    def silences(self, *, ending_after: datetime | None = None) -> Sequence[Silence]:
        after = -1 if ending_after is None else microseconds(ending_after)
        rows = self._reading.rows(
            "SELECT id, body FROM silences WHERE ends_at > :after ORDER BY id", {"after": after}
        )
        before, silences = self.kept_silences.last
        if rows != before:
            silences = tuple(self.unreadable.readable(SILENCES, "silences", rows))
            self.kept_silences.last = rows, silences
        return silences

    def source_reports(self) -> Sequence[SourceReport]:
        rows = self._reading.rows("SELECT name, body FROM source_reports ORDER BY name")
        return self.unreadable.readable(SOURCE_REPORTS, "source_reports", rows)

    def duty_overrides(self, *, ending_after: datetime) -> Sequence[DutyOverride]:
        rows = self._reading.rows(
            "SELECT id, body FROM duty_overrides WHERE ends_at > :after ORDER BY id",
            {"after": microseconds(ending_after)},
        )
        return self.unreadable.readable(DUTY_OVERRIDES, "duty_overrides", rows)

    def receipt(self, receipt_id: str) -> Receipt | None:
        rows = self._reading.rows(
            f"SELECT {RECEIPT_COLUMNS} FROM receipts WHERE id = :id",  # noqa: S608 - constant columns
            {"id": receipt_id},
        )
        return receipt(rows[0]) if rows else None

    def in_quarantine(self) -> Sequence[tuple[str, str]]:
        rows = self._reading.rows(
            "SELECT DISTINCT sender, kind, problem FROM receipts WHERE state = 'quarantined'"
        )
        return [(sender or kind, problem or "") for sender, kind, problem in rows]

    def policy(self, policy_id: str) -> bytes | None:
        rows = self._reading.rows("SELECT body FROM policies WHERE id = :id", {"id": policy_id})
        return bytes(rows[0][0]) if rows else None


def _open_after(place: ListPlace | None) -> Values:
    begins = place or ListPlace(0, EPOCH, "")
    return {"rank": begins.rank, "at": microseconds(begins.opened_at), "id": begins.incident_id}


class SqlRouterStore(SqlReads, ABC):
    or_else_leave_it: str  # how the database says that an insertion passes over a key it has

    @abstractmethod
    def writing(self) -> AbstractContextManager[SqlSession]:
        """A durable change of receipts or of the outbox alone; raises ``StoreBusy`` as a transaction does."""

    def unreadable_rows(self) -> Sequence[UnreadableRow]:
        return list(self.unreadable.found.values())

    def forget_unreadable_rows(self) -> None:
        self.unreadable.found.clear()

    def append_receipts(self, receipts: Sequence[Receipt]) -> None:
        rows = [receipt_values(receipt) for receipt in receipts]
        if rows:
            with self.writing() as session:
                session.change_all(f"{insertion('receipts', rows[0])} {self.or_else_leave_it}", rows)

    def receipts(self, state: ReceiptState, limit: int = 100) -> Sequence[Receipt]:
        rows = self._reading.rows(
            f"SELECT {RECEIPT_COLUMNS} FROM receipts WHERE state = :state "  # noqa: S608
            "ORDER BY received_at DESC, id DESC LIMIT :limit",
            {"state": state.value, "limit": limit},
        )
        return [receipt(row) for row in rows]

    def is_pending(self, urgency: int) -> bool:
        waiting = "SELECT 1 FROM receipts WHERE state = 'pending' AND urgency <= :urgency LIMIT 1"
        return bool(self._reading.rows(waiting, {"urgency": urgency}))

    def oldest_pending(self) -> datetime | None:
        rows = self._reading.rows("SELECT min(received_at) FROM receipts WHERE state = 'pending'")
        return optional_instant(rows[0][0])

    def count_receipts(self, state: ReceiptState) -> int:
        rows = self._reading.rows(
            "SELECT count(*) FROM receipts WHERE state = :state", {"state": state.value}
        )
        return int(rows[0][0])

    def prune_receipts(self, state: ReceiptState, keep: int) -> int:
        if state is ReceiptState.PENDING:
            raise ValueError("pending receipts are never dropped")
        with self.writing() as session:
            newest_to_go = session.rows(
                "SELECT received_at, id FROM receipts WHERE state = :state "
                "ORDER BY received_at DESC, id DESC LIMIT 1 OFFSET :keep",
                {"state": state.value, "keep": keep},
            )
            if not newest_to_go:
                return 0
            ((at, last),) = newest_to_go
            return session.change(
                "DELETE FROM receipts WHERE state = :state "
                "AND (received_at < :at OR (received_at = :at AND id <= :last))",
                {"state": state.value, "at": at, "last": last},
            )

    def drop_done(self, before: datetime, limit: int) -> Sequence[int]:
        with self.writing() as session:
            going = session.rows(
                "SELECT received_at, id, LENGTH(payload) FROM receipts WHERE state = 'done' "
                "AND received_at < :before ORDER BY received_at, id LIMIT :limit",
                {"before": microseconds(before), "limit": limit},
            )
            if going:
                session.change(
                    "DELETE FROM receipts WHERE state = 'done' "
                    "AND (received_at < :at OR (received_at = :at AND id <= :last))",
                    {"at": going[-1][0], "last": going[-1][1]},
                )
            return [size for _, _, size in going]

    def done_bytes(self) -> int:
        rows = self._reading.rows(
            "SELECT COALESCE(SUM(LENGTH(payload)), 0) FROM receipts WHERE state = 'done'"
        )
        return int(rows[0][0])

    def claim(self, worker: str, now: datetime, lease_until: datetime, limit: int) -> Sequence[Delivery]:
        begins, ends = self._lease(now, lease_until)
        when = {
            "now": microseconds(now),
            "far": microseconds(now + FAR),
            "begins": begins,
            "latest": ends + (ends - begins),
        }
        if not self._reading.rows(DUE, {**when, "limit": 1}):
            return []  # without asking for a lock, which others need
        with self.writing() as session:
            found = [row[0] for row in session.rows(DUE, {**when, "limit": limit})]
            taken = [{"sequence": sequence} for sequence in self._hold(session, found, when)]
            session.change_all(TAKE, [{**each, "worker": worker, "ends": ends} for each in taken])
            return [delivery(row) for each in taken for row in session.rows(TAKEN, each)]

    def settle(self, delivery: Delivery) -> bool:
        with self.writing() as session:
            return session.change(SETTLE, outcome_values(delivery)) == 1

    def oldest_undelivered(self) -> datetime | None:
        rows = self._reading.rows("SELECT min(created_at) FROM outbox WHERE state IN ('pending', 'sending')")
        return optional_instant(rows[0][0])

    def next_attempt(self) -> datetime | None:
        rows = self._reading.rows(
            "SELECT min(COALESCE(lease_until, next_attempt_at)) FROM outbox AS mine "  # noqa: S608
            f"WHERE state IN ('pending', 'sending') AND {PRECEDED_BY_NONE}"
        )
        return optional_instant(rows[0][0])

    def next_deadline(self) -> datetime | None:
        rows = self._reading.rows("SELECT deadline FROM timers ORDER BY deadline LIMIT 1")
        return instant(rows[0][0]) if rows else None

    def _lease(self, now: datetime, lease_until: datetime) -> tuple[int, int]:
        """From when until when it runs, in microseconds, by the clock that all who share the store go by."""
        return microseconds(now), microseconds(lease_until)

    def _hold(self, session: SqlSession, found: Sequence[int], when: Values) -> Sequence[int]:
        """Those of the deliveries that nobody else can take any more."""
        return found
