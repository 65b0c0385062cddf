"""How the SQL stores talk to their database, and what they keep there: values to rows and back.

One statement for all of them, values by name (``:name``).

Instants are whole microseconds since 1970, UTC; bodies are JSON; a row's values go by the column's name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import msgspec

from alarms.model.decision import RoutingDecision
from alarms.model.incident import AlertRecord, Incident, Timer, TimerKind, Transition
from alarms.model.notification import Delivery, DeliveryState, Notification
from alarms.model.receipt import Receipt, ReceiptState
from alarms.model.severity import Severity
from alarms.model.silence import Silence

Row = Sequence[Any]
Values = Mapping[str, Any]
NOTHING: Values = {}

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

encode = msgspec.json.Encoder().encode
INCIDENTS = msgspec.json.Decoder(Incident)
TRANSITIONS = msgspec.json.Decoder(Transition)
DECISIONS = msgspec.json.Decoder(RoutingDecision)
ALERTS = msgspec.json.Decoder(AlertRecord)
NOTIFICATIONS = msgspec.json.Decoder(Notification)
SILENCES = msgspec.json.Decoder(Silence)

DELIVERY_COLUMNS = (
    "sequence, notification, state, next_attempt_at, attempts, fence, worker, lease_until, sent_at, "
    "provider_id, last_error"
)
RECEIPT_COLUMNS = "id, kind, received_at, urgency, state, problem, payload"
TIMER_COLUMNS = "incident_id, kind, deadline, step"


class SqlReader(Protocol):
    def rows(self, query: str, values: Values = NOTHING) -> Sequence[Row]: ...


class SqlSession(SqlReader, Protocol):
    """One open transaction. Sees its own writes."""

    def change(self, statement: str, values: Values = NOTHING) -> int:
        """How many rows it was about, changed by it or not."""
        ...

    def change_all(self, statement: str, values: Sequence[Values]) -> None:
        """The statement once for each."""
        ...


def microseconds(instant: datetime) -> int:
    return (instant - EPOCH) // MICROSECOND


def optional_microseconds(instant: datetime | None) -> int | None:
    return None if instant is None else microseconds(instant)


def instant(value: int) -> datetime:
    return EPOCH + timedelta(microseconds=value)


def optional_instant(value: int | None) -> datetime | None:
    return None if value is None else instant(value)


def delivery(row: Row) -> Delivery:
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


def receipt(row: Row) -> Receipt:
    return Receipt(row[0], row[1], instant(row[2]), bytes(row[6]), row[3], ReceiptState(row[4]), row[5])


def timer(row: Row) -> Timer:
    return Timer(row[0], TimerKind(row[1]), instant(row[2]), row[3])


def incident_values(incident: Incident) -> Values:
    return {
        "id": incident.id,
        "key": incident.key,
        "environment": incident.environment,
        "name": incident.name,
        "p1": incident.severity is Severity.P1,
        "state": incident.state.value,
        "opened_at": microseconds(incident.opened_at),
        "body": encode(incident),
    }


def alert_values(record: AlertRecord) -> Values:
    return {
        "member": record.member,
        "incident_id": record.incident_id,
        "source": record.source,
        "state": record.state.value,
        "rank": record.severity.rank,
        "body": encode(record),
    }


def notification_values(notification: Notification) -> Values:
    """Of the outbox row that it begins as."""
    created = microseconds(notification.created_at)
    return {
        "dedup_id": notification.dedup_id,
        "incident_id": notification.incident_id,
        "target": notification.target,
        "channel": notification.channel,
        "rank": notification.severity.rank,
        "created_at": created,
        "notification": encode(notification),
        "state": DeliveryState.PENDING.value,
        "next_attempt_at": created,
    }


def outcome_values(delivery: Delivery) -> Values:
    return {
        "dedup_id": delivery.notification.dedup_id,
        "fence": delivery.fence,
        "state": delivery.state.value,
        "next_attempt_at": microseconds(delivery.next_attempt_at),
        "attempts": delivery.attempts,
        "worker": delivery.worker,
        "lease_until": optional_microseconds(delivery.lease_until),
        "sent_at": optional_microseconds(delivery.sent_at),
        "provider_id": delivery.provider_id,
        "last_error": delivery.last_error,
    }


def receipt_values(receipt: Receipt) -> Values:
    return {
        "id": receipt.id,
        "kind": receipt.kind,
        "received_at": microseconds(receipt.received_at),
        "urgency": receipt.urgency,
        "state": receipt.state.value,
        "problem": receipt.problem,
        "payload": receipt.payload,
    }


def insertion(table: str, values: Values) -> str:
    columns = ", ".join(f"`{name}`" for name in values)
    return f"INSERT INTO {table} ({columns}) VALUES ({', '.join(f':{name}' for name in values)})"  # noqa: S608
