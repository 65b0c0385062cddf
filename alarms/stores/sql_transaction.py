"""Writes of the SQL router stores inside one open transaction.

Transactions are serial: what one has just looked for is still so when it writes. That is why these need no
upsert, which every database spells in its own way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from alarms.model.decision import RoutingDecision
from alarms.model.duty import DutyOverride
from alarms.model.errors import StoreBusy
from alarms.model.incident import AlertRecord, Incident, Timer, TimerKind, Transition
from alarms.model.notification import Notification
from alarms.model.receipt import Receipt, ReceiptState
from alarms.model.severity import Severity
from alarms.model.silence import Silence
from alarms.model.source import SourceReport
from alarms.stores.sql_rows import (
    ALERTS,
    EPOCH,
    INCIDENTS,
    RECEIPT_COLUMNS,
    TIMER_COLUMNS,
    KeptSilences,
    SqlSession,
    Unreadable,
    Values,
    alert_values,
    encode,
    incident_values,
    insertion,
    microseconds,
    notification_values,
    of_component,
    of_slo,
    receipt,
    receipt_values,
    timer,
)
from alarms.stores.sql_senders import SenderWrites
from alarms.stores.sql_store import LATEST, SqlReads


class SqlTransaction(SqlReads, SenderWrites):
    def __init__(
        self, session: SqlSession, unreadable: Unreadable | None = None, kept: KeptSilences | None = None
    ) -> None:
        super().__init__(session, unreadable, kept)
        self._session = session
        self._depth = 0
        self._silences: tuple[datetime, datetime, Sequence[Silence]] | None = None

    @contextmanager
    def attempt(self) -> Iterator[None]:
        self._depth += 1
        name = f"attempt_{self._depth}"
        self._session.change(f"SAVEPOINT {name}")
        try:
            yield
        except StoreBusy:
            raise  # there may be no transaction any more to go back in
        except BaseException:
            self._silences = None
            self._session.change(f"ROLLBACK TO SAVEPOINT {name}")
            raise
        else:
            self._session.change(f"RELEASE SAVEPOINT {name}")
        finally:
            self._depth -= 1

    def newest_incident(self, key: str) -> Incident | None:
        rows = self._session.rows(
            "SELECT id, body FROM incidents WHERE `key` = :key ORDER BY opened_at DESC, id DESC LIMIT 3",
            {"key": key},
        )
        return next(iter(self.unreadable.readable(INCIDENTS, "incidents", rows)), None)

    def faults(self, environment: str, components: Iterable[str]) -> Sequence[Incident]:
        places = [of_component(environment, component) for component in components]
        query = "bears = :place ORDER BY `rank`, opened_at, id"
        return [found for place in places for found in self._incidents(1, query, {"place": place})]

    def unexplained(
        self, environment: str, components: Iterable[str], slos: Iterable[str], limit: int
    ) -> Sequence[Incident]:
        places = [of_component(environment, component) for component in components]
        places += [of_slo(environment, slo_id) for slo_id in slos]
        found: list[Incident] = []
        for place in places:
            query = "leans = :place ORDER BY `rank`, opened_at, id"
            found += self._incidents(limit - len(found), query, {"place": place})
        return found

    def symptoms(self, cause_id: str, limit: int) -> Sequence[Incident]:
        return self._incidents(limit, "cause = :cause ORDER BY id", {"cause": cause_id})

    def _incidents(self, limit: int, query: str, values: Values) -> list[Incident]:
        """As many as can be read; one that cannot be hides no other."""
        found: list[Incident] = []
        passed = 0
        while len(found) < limit:
            rows = self._session.rows(
                f"SELECT id, body FROM incidents WHERE {query} LIMIT :limit OFFSET :passed",  # noqa: S608
                {**values, "limit": limit, "passed": passed},
            )
            found += self.unreadable.readable(INCIDENTS, "incidents", rows)
            passed += len(rows)
            if len(rows) < limit:
                break
        return found[:limit]

    def count_opened(
        self, environment: str, since: datetime, name: str | None = None, p1: bool = False
    ) -> int:
        rows = self._session.rows(
            "SELECT count(*) FROM incidents WHERE environment = :environment AND opened_at >= :since "
            "AND (:name IS NULL OR name = :name) AND p1 >= :p1",
            {"environment": environment, "since": microseconds(since), "name": name, "p1": p1},
        )
        return int(rows[0][0])

    def worst_firing(self, incident_id: str) -> Severity | None:
        ((rank,),) = self._session.rows(
            "SELECT min(`rank`) FROM alerts WHERE incident_id = :id AND state = 'firing'", {"id": incident_id}
        )
        return None if rank is None else Severity(f"P{rank}")

    def save_incident(self, incident: Incident) -> None:
        update = (
            "UPDATE incidents SET state = :state, `rank` = :rank, bears = :bears, leans = :leans, "
            "cause = :cause, body = :body WHERE id = :id"
        )
        self._save("incidents", update, incident_values(incident))

    def add_transition(self, transition: Transition) -> None:
        place: Values = {"incident_id": transition.incident_id, "number": transition.number}
        taken = "SELECT 1 FROM transitions WHERE incident_id = :incident_id AND number = :number"
        if self._session.rows(taken, place):
            raise ValueError(f"{transition.incident_id} already has transition {transition.number}")
        self._insert("transitions", {**place, "body": encode(transition)})

    def add_decisions(self, decisions: Sequence[RoutingDecision]) -> None:
        rows = [{"incident_id": decision.incident_id, "body": encode(decision)} for decision in decisions]
        if rows:
            self._session.change_all(insertion("decisions", rows[0]), rows)

    def alert(self, member: str) -> AlertRecord | None:
        rows = self._session.rows("SELECT member, body FROM alerts WHERE member = :m", {"m": member})
        return next(iter(self.unreadable.readable(ALERTS, "alerts", rows)), None)

    def save_alert(self, record: AlertRecord) -> None:
        self._save(
            "alerts",
            "UPDATE alerts SET incident_id = :incident_id, state = :state, `rank` = :rank, body = :body "
            "WHERE member = :member",
            alert_values(record),
        )

    def set_timer(self, timer: Timer) -> None:
        values = {
            "incident_id": timer.incident_id,
            "kind": timer.kind.value,
            "deadline": microseconds(timer.deadline),
            "step": timer.step,
        }
        self._save(
            "timers",
            "UPDATE timers SET deadline = :deadline, step = :step "
            "WHERE incident_id = :incident_id AND kind = :kind",
            values,
        )

    def clear_timer(self, incident_id: str, kind: TimerKind) -> None:
        self._session.change(
            "DELETE FROM timers WHERE incident_id = :id AND kind = :kind",
            {"id": incident_id, "kind": kind.value},
        )

    def due_timers(self, now: datetime, limit: int) -> Sequence[Timer]:
        rows = self._session.rows(
            f"SELECT {TIMER_COLUMNS} FROM timers WHERE deadline <= :now "  # noqa: S608
            "ORDER BY deadline, incident_id, kind LIMIT :limit",
            {"now": microseconds(now), "limit": limit},
        )
        return [timer(row) for row in rows]

    def enqueue(self, notification: Notification) -> bool:
        values = notification_values(notification)
        if self._session.rows("SELECT 1 FROM outbox WHERE dedup_id = :dedup_id", values):
            return False
        self._insert("outbox", values)
        return True

    def count_enqueued(self, target: str, since: datetime) -> int:
        rows = self._session.rows(
            "SELECT count(*) FROM outbox WHERE target = :target AND created_at >= :since",
            {"target": target, "since": microseconds(since)},
        )
        return int(rows[0][0])

    def silences(self, *, ending_after: datetime | None = None) -> Sequence[Silence]:
        """Read once as long as none of them has ended: only the transaction itself can change them."""
        after = EPOCH if ending_after is None else ending_after
        if self._silences is None or not self._silences[0] <= after < self._silences[1]:
            found = super().silences(ending_after=after)
            self._silences = after, min((one.ends_at for one in found), default=LATEST), found
        return self._silences[2]

    def save_silence(self, silence: Silence) -> None:
        self._silences = None
        self._save(
            "silences",
            "UPDATE silences SET ends_at = :ends_at, body = :body WHERE id = :id",
            {"id": silence.id, "ends_at": microseconds(silence.ends_at), "body": encode(silence)},
        )

    def save_source_report(self, report: SourceReport) -> None:
        update = "UPDATE source_reports SET body = :body WHERE name = :name"
        self._save("source_reports", update, {"name": report.name, "body": encode(report)})

    def save_duty_override(self, override: DutyOverride) -> None:
        self._save(
            "duty_overrides",
            "UPDATE duty_overrides SET ends_at = :ends_at, body = :body WHERE id = :id",
            {"id": override.id, "ends_at": microseconds(override.ends_at), "body": encode(override)},
        )

    def save_policy(self, policy_id: str, canonical: bytes) -> None:
        if self.policy(policy_id) is None:
            self._insert("policies", {"id": policy_id, "body": canonical})

    def pending_receipts(self, limit: int, urgency: int = 9) -> Sequence[Receipt]:
        rows = self._session.rows(
            f"SELECT {RECEIPT_COLUMNS} FROM receipts WHERE state = 'pending' AND urgency <= :urgency "  # noqa: S608
            "ORDER BY urgency, received_at, id LIMIT :limit",
            {"urgency": urgency, "limit": limit},
        )
        return [receipt(row) for row in rows]

    def keep_receipt(self, receipt: Receipt) -> None:
        if not self._session.rows("SELECT 1 FROM receipts WHERE id = :id", {"id": receipt.id}):
            self._insert("receipts", receipt_values(receipt))

    def requeue_receipt(self, receipt: Receipt) -> bool:
        requeued = self._session.change(
            "UPDATE receipts SET state = 'pending', problem = NULL, payload = :payload, urgency = :urgency, "
            "received_at = :received_at WHERE id = :id AND state = 'quarantined'",
            receipt_values(receipt),
        )
        return requeued == 1

    def settle_receipt(self, receipt_id: str, state: ReceiptState, problem: str | None = None) -> bool:
        settled = self._session.change(
            "UPDATE receipts SET state = :state, problem = :problem WHERE id = :id AND state = 'pending'",
            {"id": receipt_id, "state": state.value, "problem": problem},
        )
        return settled == 1

    def _save(self, table: str, update: str, values: Values) -> None:
        """The row as it is now, whether it was there before or not."""
        if self._session.change(update, values) == 0:
            self._insert(table, values)

    def _insert(self, table: str, values: Values) -> None:
        self._session.change(insertion(table, values), values)
