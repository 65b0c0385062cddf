"""Symptoms attach to the incident of their cause, stay visible, and are let go when the cause is over."""

from __future__ import annotations

from alarms.model.decision import Stage
from alarms.model.incident import HoldKind, Incident, IncidentState, TransitionKind
from alarms.model.timer import Timer, TimerKind
from alarms.router.case import Case
from alarms.router.correlate import cause_of, symptoms_of
from alarms.router.holds import find_hold
from alarms.router.office import Office

OPEN_STATES = (IncidentState.OPEN, IncidentState.ACKNOWLEDGED)
ALL_OPEN = 100_000


def find_cause(office: Office, case: Case) -> None:
    """Attach to an open incident of something it leans on, if there is one."""
    cause = cause_of(case.incident, _open_incidents(case), office.topology)
    if cause is None:
        case.explain(Stage.CORRELATE, "alone", "no open incident of anything it leans on")
        return
    _attach(case, cause)


def adopt_symptoms(office: Office, case: Case) -> None:
    """This incident may explain some that were opened before it; they stop paging."""
    if case.incident.cause_id is not None:
        return
    for symptom in symptoms_of(case.incident, _open_incidents(case), office.topology):
        other = office.case(case.tx, symptom, case.wall)
        _attach(other, case.incident)
        hold = find_hold(other.incident, other.tx, other.now)
        if hold is not None and other.incident.hold is None:
            other.explain(Stage.INHIBIT, "held", f"incident {case.incident.id} explains it", rule=hold.by)
            other.hold(hold, f"incident {case.incident.id} explains it")


def let_go_symptoms(office: Office, case: Case) -> None:
    """The cause is over: what it explained is on its own again, after a grace to clear by itself."""
    for symptom in _open_incidents(case):
        if symptom.cause_id != case.incident.id:
            continue
        other = office.case(case.tx, symptom, case.wall)
        other.change(TransitionKind.DETACHED, cause_id=None, detail={"cause": case.incident.id})
        if symptom.hold is not None and symptom.hold.kind is HoldKind.CAUSE:
            grace = other.now + other.matrix.policy.release_after
            other.tx.set_timer(Timer(symptom.id, TimerKind.HOLD, grace))


def _attach(case: Case, cause: Incident) -> None:
    case.change(TransitionKind.ATTACHED, cause_id=cause.id, detail={"cause": cause.id, "title": cause.title})
    case.explain(
        Stage.CORRELATE,
        "symptom",
        f"{cause.id} ({cause.title}, {cause.component}) is open and this leans on {cause.component}",
        rule="components.yaml",
    )


def _open_incidents(case: Case) -> list[Incident]:
    return list(case.tx.incidents(states=OPEN_STATES, limit=ALL_OPEN))
