"""Causes and symptoms: an open incident of a component below explains this one (§3.5.3).

A symptom attaches to its cause, stays visible, and is let go when the cause is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from alarms.model.decision import Stage
from alarms.model.incident import HoldKind, Incident, TimerKind, TransitionKind
from alarms.router.context import AlertContext, IncidentUpdate
from alarms.router.notify import find_hold, hold
from alarms.router.silence import FRESH
from alarms.router.topology import Topology

AT_ONCE, LATER = 20, 500  # symptoms in the transaction of an alert, and in one of their own
BETWEEN = timedelta(seconds=1)


def correlate(context: AlertContext) -> None:
    update = context.update
    if update is None or context.event not in FRESH:
        return
    incident, topology = update.incident, context.routing.topology
    causes = topology.causes(incident.component, incident.slo_id)
    cause = cause_of(incident, update.tx.faults(incident.environment, causes), topology)
    if cause is not None:
        _attach(update, cause)
        return
    update.explain(Stage.CORRELATE, "alone", "no open incident of anything that it depends on")
    adopt_symptoms(update, AT_ONCE)


def adopt_symptoms(update: IncidentUpdate, most: int) -> None:
    """What it explains and was there before it: some now, and the others when its timer is due."""
    cause, topology = update.incident, update.routing.topology
    if cause.component is None or cause.slo_id is not None:
        return
    components, slos = topology.explained(cause.component)
    found = update.tx.unexplained(cause.environment, components, slos, most)
    symptoms = symptoms_of(cause, found, topology)
    for symptom in symptoms:
        _adopt(cause, update.of(symptom))
    if symptoms and len(found) == most:
        update.set_timer(TimerKind.SYMPTOMS, update.now + BETWEEN)


def cause_of(incident: Incident, others: Sequence[Incident], topology: Topology) -> Incident | None:
    """The most severe, then oldest open incident that explains it and is not a symptom itself."""
    found = [other for other in others if is_cause(other, incident, topology)]
    return min(found, key=lambda other: (other.severity.rank, other.opened_at, other.id), default=None)


def symptoms_of(cause: Incident, others: Sequence[Incident], topology: Topology) -> list[Incident]:
    """Open incidents that nothing explained until now and ``cause`` does."""
    return [other for other in others if other.cause_id is None and is_cause(cause, other, topology)]


def is_cause(cause: Incident, symptom: Incident, topology: Topology) -> bool:
    """A burn is what users see, never what broke: only incidents of a component are causes."""
    return (
        cause.id != symptom.id
        and cause.is_open
        and cause.cause_id is None
        and cause.slo_id is None
        and cause.component is not None
        and cause.environment == symptom.environment
        and topology.explains(cause.component, symptom.component, symptom.slo_id)
    )


def let_go_symptoms(update: IncidentUpdate, most: int) -> None:
    """The cause is over: what it explained is on its own again, after a grace to clear by itself; some now,
    and the others when its timer is due."""
    symptoms = update.tx.symptoms(update.incident.id, most)
    for symptom in symptoms:
        other = update.of(symptom)
        other.change(TransitionKind.DETACHED, cause_id=None, detail={"cause": update.incident.id})
        if symptom.hold is not None and symptom.hold.kind is HoldKind.CAUSE:
            other.set_timer(TimerKind.HOLD, other.now + other.policy.release_after)
    if len(symptoms) == most:
        update.set_timer(TimerKind.SYMPTOMS, update.now + BETWEEN)


def _attach(update: IncidentUpdate, cause: Incident) -> None:
    update.change(
        TransitionKind.ATTACHED, cause_id=cause.id, detail={"cause": cause.id, "title": cause.title}
    )
    update.explain(
        Stage.CORRELATE,
        "symptom",
        f"{cause.id} ({cause.title}, {cause.component}) is open, and this depends on {cause.component}",
        rule="components.yaml",
    )


def _adopt(cause: Incident, symptom: IncidentUpdate) -> None:
    """It was opened before its cause; now it stops paging."""
    _attach(symptom, cause)
    found = find_hold(symptom)
    if found is not None and (symptom.incident.hold is None or symptom.incident.waits):
        reason = f"incident {cause.id} explains it"
        symptom.explain(Stage.INHIBIT, "held", reason, rule=found.by)
        hold(symptom, found, reason)
