"""A symptom is held while its cause is being worked on, unless it is worse than the cause."""

from __future__ import annotations

from alarms.model.alert import AlertState
from alarms.model.incident import Hold, HoldKind, TransitionKind
from alarms.router.context import AlertContext, IncidentUpdate


def inhibit(context: AlertContext) -> None:
    update = context.update
    if update is None or not update.incident.is_open:
        return
    if context.event is not None:
        context.hold = held_for_its_cause(update) or context.hold
    elif context.alert.state is AlertState.FIRING and not _explained(context, update):
        detail = {"cause": update.incident.cause_id or "", "alert": context.alert.name}
        update.change(TransitionKind.DETACHED, cause_id=None, detail=detail)
        context.event = TransitionKind.RELEASED


def held_for_its_cause(update: IncidentUpdate) -> Hold | None:
    incident = update.incident
    cause = None if incident.cause_id is None else update.tx.incident(incident.cause_id)
    if cause is not None and cause.is_open and not incident.severity.worse_than(cause.severity):
        return Hold(HoldKind.CAUSE, cause.id, update.now)
    return None


def _explained(context: AlertContext, update: IncidentUpdate) -> bool:
    """Whether what holds the incident holds this alert of it, too, which may be of another component."""
    hold = update.incident.hold
    if hold is None or hold.kind is not HoldKind.CAUSE or context.component == update.incident.component:
        return True
    cause = update.tx.incident(hold.by)
    if cause is None or cause.component is None:
        return False
    topology, alert = context.routing.topology, context.alert
    return topology.explains(cause.component, context.component, alert.slo_id)
