"""How the SQL stores talk to their database, and what they keep there: values to rows and back.

One statement for all of them, values by name (``:name``).

Instants are whole microseconds since 1970, UTC; bodies are JSON; a row's values go by the column's name.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

import msgspec

from alarms.model.decision import RoutingDecision
from alarms.model.duty import DutyOverride
from alarms.model.errors import UnreadableRow
from alarms.model.incident import AlertRecord, Incident, Timer, TimerKind, Transition
from alarms.model.notification import Delivery, DeliveryState, Message, Notification, NotifyStep
from alarms.model.receipt import Receipt, ReceiptState
from alarms.model.severity import Severity
from alarms.model.silence import Silence
from alarms.model.source import SourceReport

LOG = logging.getLogger(__name__)
Row = Sequence[Any]
Decoded = TypeVar("Decoded")
NOT_OURS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TypeError)  # what bad bodies raise
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
SOURCE_REPORTS = msgspec.json.Decoder(SourceReport)
DUTY_OVERRIDES = msgspec.json.Decoder(DutyOverride)

LONGEST_PLACE = 255  # characters; whoever finds an incident by its place compares the whole names

DELIVERY_COLUMNS = (
    "sequence, notification, state, next_attempt_at, attempts, fence, worker, lease_until, sent_at, "
    "provider_id, last_error, dedup_id, incident_id, target, channel, `rank`, created_at"
)
RECEIPT_COLUMNS = "id, kind, received_at, urgency, state, problem, payload, sender"
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


class Unreadable:
    """Rows that cannot be read, by table and row, as far as anybody has come across them lately.

    One row that somebody or something has damaged must not hide the others: lists go without it, and what is
    here is for whoever tells people of it.
    """

    MOST = 100

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], UnreadableRow] = {}

    def decoded(
        self, decoder: msgspec.json.Decoder[Decoded], table: str, row: object, body: bytes
    ) -> Decoded:
        """Raises UnreadableRow."""
        try:
            return decoder.decode(body)
        except NOT_OURS as error:
            raise self._note(UnreadableRow(table, str(row), str(error))) from error

    def readable(
        self, decoder: msgspec.json.Decoder[Decoded], table: str, rows: Sequence[Row]
    ) -> list[Decoded]:
        """Those of (row's name, body) that can be read."""
        found = []
        for row, body in rows:
            try:
                found.append(decoder.decode(body))
            except NOT_OURS as error:
                self._note(UnreadableRow(table, str(row), str(error)))
        return found

    def _note(self, problem: UnreadableRow) -> UnreadableRow:
        place = problem.table, problem.row
        if place not in self.found and len(self.found) < self.MOST:
            LOG.error("a stored row cannot be read", extra={"row": str(problem)})
            self.found[place] = problem
        return problem


@dataclass(slots=True)
class KeptSilences:
    """As they were read last, and the rows they were read from: equal rows are not decoded again."""

    last: tuple[Sequence[Row], Sequence[Silence]] = ((), ())


def delivery(row: Row) -> Delivery:
    return Delivery(
        sequence=row[0],
        notification=_notification(row),
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


def _notification(row: Row) -> Notification:
    """What is carried is told even when its text can no longer be read."""
    try:
        return NOTIFICATIONS.decode(row[1])
    except NOT_OURS as error:
        incident_id, severity = row[12], Severity(f"P{row[15]}")
        return Notification(
            dedup_id=row[11],
            incident_id=incident_id,
            transition=0,
            step=NotifyStep.FIRST,
            cycle=0,
            target=row[13],
            channel=row[14],
            severity=severity,
            environment="",
            message=Message(
                f"[{severity}] a message whose text was lost",
                f"[{severity}] uma mensagem cujo texto se perdeu",
                f"The stored text cannot be read ({error}). It was about incident {incident_id}; look there.",
                f"O texto gravado não pode ser lido ({error}). Era sobre o incidente {incident_id}: veja lá.",
            ),
            created_at=instant(row[16]),
            attributes={"severity": severity.value, "target": row[13], "incident": incident_id},
        )


def receipt(row: Row) -> Receipt:
    identity, kind, at, urgency, state, problem, payload, sender = row
    return Receipt(identity, kind, instant(at), bytes(payload), urgency, ReceiptState(state), problem, sender)


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
        "rank": incident.severity.rank,
        "opened_at": microseconds(incident.opened_at),
        "body": encode(incident),
        **_relations(incident),
    }


def of_component(environment: str, component: str) -> str:
    return f"{environment} component {component}"[:LONGEST_PLACE]


def of_slo(environment: str, slo_id: str) -> str:
    return f"{environment} slo {slo_id}"[:LONGEST_PLACE]


def _relations(incident: Incident) -> Values:
    """By what it is found as a cause or a symptom while it is open; what is explained, by its cause alone."""
    if not incident.is_open or incident.cause_id is not None:
        return {"bears": None, "leans": None, "cause": incident.cause_id if incident.is_open else None}
    component, slo_id = incident.component, incident.slo_id
    own = None if component is None else of_component(incident.environment, component)
    burns = None if slo_id is None else of_slo(incident.environment, slo_id)
    return {"bears": own if burns is None else None, "leans": burns or own, "cause": None}


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
        "sender": receipt.sender,
    }


def insertion(table: str, values: Values) -> str:
    columns = ", ".join(f"`{name}`" for name in values)
    return f"INSERT INTO {table} ({columns}) VALUES ({', '.join(f':{name}' for name in values)})"  # noqa: S608
