"""A symptom is held while its cause is being worked on, unless it is worse than the cause."""

from __future__ import annotations

from datetime import datetime

from alarms.model.incident import Hold, HoldKind, Incident
from alarms.router.context import AlertContext
from alarms.stores.protocol import ReadSide


def inhibit(context: AlertContext) -> None:
    update = context.update
    if update is not None and context.event is not None:
        context.hold = held_for_its_cause(update.incident, update.tx, update.now) or context.hold


def held_for_its_cause(incident: Incident, reads: ReadSide, now: datetime) -> Hold | None:
    cause = None if incident.cause_id is None else reads.incident(incident.cause_id)
    if cause is not None and cause.is_open and not incident.severity.worse_than(cause.severity):
        return Hold(HoldKind.CAUSE, cause.id, now)
    return None
