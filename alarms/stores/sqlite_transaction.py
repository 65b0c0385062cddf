"""Writes of the SQLite router store inside one open transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

import msgspec

from alarms.decision import Decision
from alarms.incident import AlertRecord, Incident, Transition
from alarms.notification import DeliveryState, Notification
from alarms.receipt import Receipt, ReceiptState
from alarms.severity import Severity
from alarms.silence import Silence
from alarms.stores.sqlite_reads import ALERTS, INCIDENTS, SqliteReads, microseconds, receipt, timer
from alarms.timer import Timer, TimerKind

encode = msgspec.json.Encoder().encode
RECEIPT_COLUMNS = "id, kind, received_at, urgency, state, problem, payload"


class SqliteTransaction(SqliteReads):
    def newest_incident(self, key: str) -> Incident | None:
        row = self._connection.execute(
            "SELECT body FROM incidents WHERE key = ? ORDER BY opened_at DESC, id DESC LIMIT 1", (key,)
        ).fetchone()
        return None if row is None else INCIDENTS.decode(row[0])

    def count_opened(
        self, environment: str, since: datetime, name: str | None = None, p1: bool = False
    ) -> int:
        row = self._connection.execute(
            "SELECT count(*) FROM incidents WHERE environment = ? AND opened_at >= ? "
            "AND (? IS NULL OR name = ?) AND p1 >= ?",
            (environment, microseconds(since), name, name, p1),
        ).fetchone()
        return int(row[0])

    def worst_firing(self, incident_id: str) -> Severity | None:
        row = self._connection.execute(
            "SELECT min(rank) FROM alerts WHERE incident_id = ? AND state = 'firing'", (incident_id,)
        ).fetchone()
        return None if row[0] is None else Severity(f"P{row[0]}")

    def save_incident(self, incident: Incident) -> None:
        self._connection.execute(
            "INSERT INTO incidents (id, key, environment, name, p1, state, opened_at, body) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body",
            (
                incident.id,
                incident.key,
                incident.environment,
                incident.name,
                incident.severity is Severity.P1,
                incident.state.value,
                microseconds(incident.opened_at),
                encode(incident),
            ),
        )

    def add_transition(self, transition: Transition) -> None:
        try:
            self._connection.execute(
                "INSERT INTO transitions (incident_id, number, body) VALUES (?, ?, ?)",
                (transition.incident_id, transition.number, encode(transition)),
            )
        except sqlite3.IntegrityError as error:
            raise ValueError(
                f"{transition.incident_id} already has transition {transition.number}"
            ) from error

    def add_decisions(self, decisions: Sequence[Decision]) -> None:
        self._connection.executemany(
            "INSERT INTO decisions (incident_id, body) VALUES (?, ?)",
            [(decision.incident_id, encode(decision)) for decision in decisions],
        )

    def alert(self, member: str) -> AlertRecord | None:
        row = self._connection.execute("SELECT body FROM alerts WHERE member = ?", (member,)).fetchone()
        return None if row is None else ALERTS.decode(row[0])

    def save_alert(self, record: AlertRecord) -> None:
        self._connection.execute(
            "INSERT INTO alerts (member, incident_id, source, state, rank, body) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (member) DO UPDATE SET incident_id = excluded.incident_id, state = excluded.state, "
            "rank = excluded.rank, body = excluded.body",
            (
                record.member,
                record.incident_id,
                record.source,
                record.state.value,
                record.severity.rank,
                encode(record),
            ),
        )

    def set_timer(self, timer: Timer) -> None:
        self._connection.execute(
            "INSERT INTO timers (incident_id, kind, deadline, step) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (incident_id, kind) DO UPDATE "
            "SET deadline = excluded.deadline, step = excluded.step",
            (timer.incident_id, timer.kind.value, microseconds(timer.deadline), timer.step),
        )

    def clear_timer(self, incident_id: str, kind: TimerKind) -> None:
        self._connection.execute(
            "DELETE FROM timers WHERE incident_id = ? AND kind = ?", (incident_id, kind.value)
        )

    def due_timers(self, now: datetime, limit: int) -> Sequence[Timer]:
        rows = self._connection.execute(
            "SELECT incident_id, kind, deadline, step FROM timers WHERE deadline <= ? "
            "ORDER BY deadline, incident_id, kind LIMIT ?",
            (microseconds(now), limit),
        )
        return [timer(row) for row in rows]

    def enqueue(self, notification: Notification) -> bool:
        created = microseconds(notification.created_at)
        cursor = self._connection.execute(
            "INSERT INTO outbox (dedup_id, incident_id, target, channel, rank, created_at, notification, "
            "state, next_attempt_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (dedup_id) DO NOTHING",
            (
                notification.dedup_id,
                notification.incident_id,
                notification.target,
                notification.channel,
                notification.severity.rank,
                created,
                encode(notification),
                DeliveryState.PENDING.value,
                created,
            ),
        )
        return cursor.rowcount == 1

    def count_enqueued(self, target: str, since: datetime) -> int:
        row = self._connection.execute(
            "SELECT count(*) FROM outbox WHERE target = ? AND created_at >= ?", (target, microseconds(since))
        ).fetchone()
        return int(row[0])

    def save_silence(self, silence: Silence) -> None:
        self._connection.execute(
            "INSERT INTO silences (id, ends_at, body) VALUES (?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET ends_at = excluded.ends_at, body = excluded.body",
            (silence.id, microseconds(silence.ends_at), encode(silence)),
        )

    def save_policy(self, policy_id: str, canonical: bytes) -> None:
        self._connection.execute(
            "INSERT INTO policies (id, body) VALUES (?, ?) ON CONFLICT (id) DO NOTHING",
            (policy_id, canonical),
        )

    def pending_receipts(self, limit: int, urgency: int = 9) -> Sequence[Receipt]:
        rows = self._connection.execute(
            f"SELECT {RECEIPT_COLUMNS} FROM receipts WHERE state = 'pending' AND urgency <= ? "  # noqa: S608
            "ORDER BY urgency, received_at, id LIMIT ?",
            (urgency, limit),
        )
        return [receipt(row) for row in rows]

    def settle_receipt(self, receipt_id: str, state: ReceiptState, problem: str | None = None) -> bool:
        cursor = self._connection.execute(
            "UPDATE receipts SET state = ?, problem = ? WHERE id = ? AND state = 'pending'",
            (state.value, problem, receipt_id),
        )
        return cursor.rowcount == 1
