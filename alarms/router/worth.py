"""An open incident is worth its worst firing alert: raised at once, lowered once that has lasted."""

from __future__ import annotations

from alarms.model.decision import Stage
from alarms.model.incident import HoldKind, IncidentState, TransitionKind
from alarms.model.severity import Severity
from alarms.model.timer import Timer, TimerKind
from alarms.router.case import Case
from alarms.router.holds import find_hold
from alarms.router.opening import reassign_to_level


def worst_firing(case: Case) -> Severity | None:
    return case.tx.worst_firing(case.incident.id)


def review(case: Case) -> None:
    """After an alert joined, changed or cleared."""
    worth = worst_firing(case)
    current = case.incident.severity
    if worth is None:
        return
    if worth.worse_than(current):
        _raise(case, worth)
    elif current.worse_than(worth):
        _consider_lowering(case, worth)
    elif case.incident.lowering_to is not None:
        case.tx.clear_timer(case.incident.id, TimerKind.LOWER)
        case.quietly(lowering_to=None)


def lower(case: Case) -> None:
    """The hysteresis has passed. Clocks that still run get the milder level's time, from the same page."""
    worth = worst_firing(case)
    if worth is None or not case.incident.severity.worse_than(worth):
        case.quietly(lowering_to=None)
        return
    before = case.incident.severity
    case.change(
        TransitionKind.SEVERITY_LOWERED,
        severity=worth,
        lowering_to=None,
        detail={"from": before.value, "to": worth.value},
    )
    case.explain(
        Stage.CLASSIFY,
        worth.value,
        f"nothing above {worth} for {case.matrix.policy.lower_after}",
        "lower_after",
    )
    _stretch_clocks(case)


def _raise(case: Case, worth: Severity) -> None:
    """Whoever acknowledged the milder problem has not acknowledged this one."""
    before = case.incident.severity
    case.tx.clear_timer(case.incident.id, TimerKind.LOWER)
    case.change(
        TransitionKind.SEVERITY_RAISED,
        severity=worth,
        state=IncidentState.OPEN,
        acknowledged_at=None,
        acknowledged_by=None,
        lowering_to=None,
        overdue=False,
        detail={"from": before.value, "to": worth.value},
    )
    assigned = reassign_to_level(case)
    case.quietly(owner=assigned.owner, assignee=assigned.assignee)
    case.explain(Stage.CLASSIFY, worth.value, f"raised from {before}, at once", rule="severity")
    hold = find_hold(case.incident, case.tx, case.now)
    if case.incident.hold is None:
        case.page(TransitionKind.SEVERITY_RAISED)
    elif hold is None:
        case.explain(Stage.INHIBIT, "released", f"{worth} is worse than what held it back")
        case.release(f"raised to {worth}")
    elif hold.kind is not case.incident.hold.kind or hold.kind is HoldKind.CAUSE:
        case.quietly(hold=hold)


def _consider_lowering(case: Case, worth: Severity) -> None:
    if case.incident.lowering_to is worth:
        return
    deadline = case.now + case.matrix.policy.lower_after
    if case.incident.lowering_to is None:
        case.tx.set_timer(Timer(case.incident.id, TimerKind.LOWER, deadline))
    case.quietly(lowering_to=worth)
    case.explain(
        Stage.CLASSIFY, "kept", f"{worth} has to last until {deadline.isoformat()}", rule="lower_after"
    )


def _stretch_clocks(case: Case) -> None:
    since = case.incident.paged_at
    if since is None:
        return
    level = case.level
    durations = {
        TimerKind.ACKNOWLEDGE: level.acknowledge_within,
        TimerKind.UNRESOLVED: level.escalate_after,
    }
    for timer in case.tx.timers(case.incident.id):
        if timer.kind in durations:
            deadline = case.matrix.deadline(level, since, durations[timer.kind])
            case.tx.set_timer(Timer(timer.incident_id, timer.kind, max(timer.deadline, deadline)))
