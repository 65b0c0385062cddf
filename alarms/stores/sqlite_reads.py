"""Reads of the SQLite router store: rows to values."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from alarms.decision import Decision
from alarms.incident import AlertRecord, Incident, IncidentState, Transition
from alarms.notification import Delivery, DeliveryState, Notification
from alarms.receipt import Receipt, ReceiptState
from alarms.silence import Silence
from alarms.timer import Timer, TimerKind

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

INCIDENTS = msgspec.json.Decoder(Incident)
TRANSITIONS = msgspec.json.Decoder(Transition)
DECISIONS = msgspec.json.Decoder(Decision)
ALERTS = msgspec.json.Decoder(AlertRecord)
NOTIFICATIONS = msgspec.json.Decoder(Notification)
SILENCES = msgspec.json.Decoder(Silence)

DELIVERY_COLUMNS = (
    "sequence, notification, state, next_attempt_at, attempts, fence, worker, lease_until, sent_at, "
    "provider_id, last_error"
)


def microseconds(instant: datetime) -> int:
    return (instant - EPOCH) // MICROSECOND


def optional_microseconds(instant: datetime | None) -> int | None:
    return None if instant is None else microseconds(instant)


def instant(value: int) -> datetime:
    return EPOCH + timedelta(microseconds=value)


def optional_instant(value: int | None) -> datetime | None:
    return None if value is None else instant(value)


def delivery(row: tuple[Any, ...]) -> Delivery:
    return Delivery(
        sequence=row[0],
        notification=NOTIFICATIONS.decode(row[1]),
        state=DeliveryState(row[2]),
        next_attempt_at=instant(row[3]),
        attempts=row[4],
        fence=row[5],
        worker=row[6],
        lease_until=optional_instant(row[7]),
        sent_at=optional_instant(row[8]),
        provider_id=row[9],
        last_error=row[10],
    )


def receipt(row: tuple[Any, ...]) -> Receipt:
    return Receipt(row[0], row[1], instant(row[2]), row[6], row[3], ReceiptState(row[4]), row[5])


class SqliteReads:
    """``connection`` is the one to read through: a snapshot of its own, or the open transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @property
    def connection(self) -> sqlite3.Connection:
        return self._connection

    def incident(self, incident_id: str) -> Incident | None:
        row = self._connection.execute("SELECT body FROM incidents WHERE id = ?", (incident_id,)).fetchone()
        return None if row is None else INCIDENTS.decode(row[0])

    def incidents(
        self,
        *,
        states: Sequence[IncidentState] = tuple(IncidentState),
        since: datetime | None = None,
        limit: int = 1000,
    ) -> Sequence[Incident]:
        marks = ", ".join("?" for _ in states)
        rows = self._connection.execute(
            f"SELECT body FROM incidents WHERE state IN ({marks}) AND opened_at >= ? "  # noqa: S608 - marks only
            "ORDER BY opened_at DESC, id DESC LIMIT ?",
            (*[state.value for state in states], microseconds(since or EPOCH), limit),
        )
        return [INCIDENTS.decode(row[0]) for row in rows]

    def transitions(self, incident_id: str) -> Sequence[Transition]:
        rows = self._connection.execute(
            "SELECT body FROM transitions WHERE incident_id = ? ORDER BY number", (incident_id,)
        )
        return [TRANSITIONS.decode(row[0]) for row in rows]

    def decisions(self, incident_id: str) -> Sequence[Decision]:
        rows = self._connection.execute(
            "SELECT body FROM decisions WHERE incident_id = ? ORDER BY sequence", (incident_id,)
        )
        return [DECISIONS.decode(row[0]) for row in rows]

    def alerts(self, incident_id: str) -> Sequence[AlertRecord]:
        rows = self._connection.execute(
            "SELECT body FROM alerts WHERE incident_id = ? ORDER BY member", (incident_id,)
        )
        return [ALERTS.decode(row[0]) for row in rows]

    def firing(self, source: str) -> Sequence[AlertRecord]:
        rows = self._connection.execute(
            "SELECT body FROM alerts WHERE source = ? AND state = 'firing' ORDER BY member", (source,)
        )
        return [ALERTS.decode(row[0]) for row in rows]

    def timers(self, incident_id: str) -> Sequence[Timer]:
        rows = self._connection.execute(
            "SELECT incident_id, kind, deadline, step FROM timers WHERE incident_id = ? "
            "ORDER BY deadline, kind",
            (incident_id,),
        )
        return [timer(row) for row in rows]

    def deliveries(self, incident_id: str | None = None, *, limit: int = 1000) -> Sequence[Delivery]:
        where, values = ("WHERE incident_id = ? ", (incident_id,)) if incident_id is not None else ("", ())
        rows = self._connection.execute(
            f"SELECT {DELIVERY_COLUMNS} FROM outbox {where}ORDER BY sequence DESC LIMIT ?",  # noqa: S608
            (*values, limit),
        ).fetchall()
        return [delivery(row) for row in reversed(rows)]

    def silences(self, *, ending_after: datetime | None = None) -> Sequence[Silence]:
        after = -1 if ending_after is None else microseconds(ending_after)
        rows = self._connection.execute("SELECT body FROM silences WHERE ends_at > ? ORDER BY id", (after,))
        return [SILENCES.decode(row[0]) for row in rows]

    def policy(self, policy_id: str) -> bytes | None:
        row = self._connection.execute("SELECT body FROM policies WHERE id = ?", (policy_id,)).fetchone()
        return None if row is None else bytes(row[0])


def timer(row: tuple[Any, ...]) -> Timer:
    return Timer(row[0], TimerKind(row[1]), instant(row[2]), row[3])
