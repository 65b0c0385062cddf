"""Timers that ran out. Each fires once; the next deadline is computed from the one before, never from now."""

from __future__ import annotations

from alarms.model.decision import Stage
from alarms.model.incident import IncidentState, TransitionKind
from alarms.model.timer import Timer, TimerKind
from alarms.router.case import Case
from alarms.router.holds import find_hold
from alarms.router.office import Office
from alarms.router.opening import set_hold_timer
from alarms.router.pipeline import resolve_by_alerts
from alarms.router.worth import lower, worst_firing


def fire(office: Office, case: Case, timer: Timer) -> None:
    """``timer`` is due; it is gone afterwards, whatever became of it."""
    case.tx.clear_timer(timer.incident_id, timer.kind)
    if not case.incident.is_open:
        return
    match timer.kind:
        case TimerKind.LOWER:
            lower(case)
        case TimerKind.STABLE:
            _stable(office, case)
        case TimerKind.HOLD:
            _hold_ends(case)
        case _:
            _escalation(case, timer)


def _escalation(case: Case, timer: Timer) -> None:
    snoozed = case.incident.snoozed_until
    if snoozed is not None and snoozed > case.now:
        case.tx.set_timer(Timer(timer.incident_id, timer.kind, snoozed, timer.step))
        return
    if case.incident.hold is not None:
        return
    if timer.kind is TimerKind.ACKNOWLEDGE:
        _acknowledgement_missed(case, timer)
    elif timer.kind is TimerKind.UNRESOLVED:
        _unresolved(case, timer)
    else:
        _repeat(case, timer)


def _acknowledgement_missed(case: Case, timer: Timer) -> None:
    if case.incident.state is not IncidentState.OPEN:
        return
    case.change(TransitionKind.ACK_MISSED, timer.deadline, overdue=True)
    case.explain(
        Stage.ESCALATE,
        "acknowledgement missed",
        f"due {timer.deadline.isoformat(timespec='seconds')}",
        _rule(case),
    )
    case.tell(case.matrix.missed(case.incident), TransitionKind.ACK_MISSED)


def _unresolved(case: Case, timer: Timer) -> None:
    case.change(TransitionKind.ESCALATED, timer.deadline, overdue=True)
    case.explain(
        Stage.ESCALATE,
        "escalated",
        f"unresolved at {timer.deadline.isoformat(timespec='seconds')}",
        _rule(case),
    )
    case.tell(case.matrix.unresolved(case.incident), TransitionKind.ESCALATED)
    repeat = case.level.repeat
    if repeat is not None and case.incident.state is IncidentState.OPEN:
        case.tx.set_timer(Timer(timer.incident_id, TimerKind.REPEAT, timer.deadline + repeat.every, 1))


def _repeat(case: Case, timer: Timer) -> None:
    repeat = case.level.repeat
    if repeat is None or case.incident.state is not IncidentState.OPEN:
        return
    case.change(TransitionKind.REPEATED, timer.deadline, detail={"step": str(timer.step)})
    case.explain(Stage.ESCALATE, "repeated", f"{timer.step} of {repeat.at_most}", _rule(case))
    case.tell(case.matrix.repeated(case.incident), TransitionKind.REPEATED)
    if timer.step < repeat.at_most:
        deadline = timer.deadline + repeat.every
        case.tx.set_timer(Timer(timer.incident_id, TimerKind.REPEAT, deadline, timer.step + 1))


def _stable(office: Office, case: Case) -> None:
    """Quiet for long enough: over if nothing fires, no longer flapping if something still does."""
    if worst_firing(case) is None:
        resolve_by_alerts(office, case)
    else:
        _hold_ends(case)


def _hold_ends(case: Case) -> None:
    if case.incident.hold is None:
        return
    hold = find_hold(case.incident, case.tx, case.now)
    if hold is None:
        case.release(f"{case.incident.hold.kind} {case.incident.hold.by} is over")
    else:
        case.quietly(hold=hold)
        set_hold_timer(case, hold)


def _rule(case: Case) -> str:
    return f"levels.{case.incident.severity}"
