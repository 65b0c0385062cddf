"""Two clocks run from the page on; when one runs out, the next in line is told, a bounded number of times.

A timer fires once; the next deadline is computed from the one before, never from now.
"""

from __future__ import annotations

from alarms.model.decision import Stage
from alarms.model.incident import IncidentState, Timer, TimerKind, TransitionKind
from alarms.router.context import AlertContext, IncidentUpdate
from alarms.router.notify import find_hold, release, tell
from alarms.router.reassess import lower, resolve_by_alerts, worst_firing
from alarms.router.silence import set_end


def escalate(context: AlertContext) -> None:
    if context.update is not None and context.event is not None:
        context.update.start_clocks()


def fire(update: IncidentUpdate, timer: Timer) -> None:
    """``timer`` is due; it is gone afterwards, whatever became of it."""
    update.tx.clear_timer(timer.incident_id, timer.kind)
    if not update.incident.is_open:
        return
    match timer.kind:
        case TimerKind.LOWER:
            lower(update)
        case TimerKind.STABLE:
            _stable(update)
        case TimerKind.HOLD:
            _hold_ends(update)
        case _:
            _next_step(update, timer)


def _next_step(update: IncidentUpdate, timer: Timer) -> None:
    snoozed = update.incident.snoozed_until
    if snoozed is not None and snoozed > update.now:
        update.set_timer(timer.kind, snoozed, timer.step)
    elif update.incident.hold is None:
        steps = {TimerKind.ACKNOWLEDGE: _unacknowledged, TimerKind.UNRESOLVED: _unresolved}
        steps.get(timer.kind, _repeat)(update, timer)


def _unacknowledged(update: IncidentUpdate, timer: Timer) -> None:
    if update.incident.state is not IncidentState.OPEN:
        return
    due = timer.deadline.isoformat(timespec="seconds")
    update.change(TransitionKind.ACK_MISSED, timer.deadline, overdue=True)
    update.explain(Stage.ESCALATE, "acknowledgement missed", f"due {due}", _rule(update))
    tell(update, update.escalation.missed(update.incident), TransitionKind.ACK_MISSED)


def _unresolved(update: IncidentUpdate, timer: Timer) -> None:
    due = timer.deadline.isoformat(timespec="seconds")
    update.change(TransitionKind.ESCALATED, timer.deadline, overdue=True)
    update.explain(Stage.ESCALATE, "escalated", f"unresolved at {due}", _rule(update))
    tell(update, update.escalation.unresolved(update.incident), TransitionKind.ESCALATED)
    repeat = update.level.repeat
    if repeat is not None and update.incident.state is IncidentState.OPEN:
        update.set_timer(TimerKind.REPEAT, timer.deadline + repeat.every, 1)


def _repeat(update: IncidentUpdate, timer: Timer) -> None:
    repeat = update.level.repeat
    if repeat is None or update.incident.state is not IncidentState.OPEN:
        return
    update.change(TransitionKind.REPEATED, timer.deadline, detail={"step": str(timer.step)})
    update.explain(Stage.ESCALATE, "repeated", f"{timer.step} of {repeat.at_most}", _rule(update))
    tell(update, update.escalation.repeated(update.incident), TransitionKind.REPEATED)
    if timer.step < repeat.at_most:
        update.set_timer(TimerKind.REPEAT, timer.deadline + repeat.every, timer.step + 1)


def _stable(update: IncidentUpdate) -> None:
    """Quiet for long enough: over if nothing fires, no longer flapping if something still does."""
    if worst_firing(update) is None:
        resolve_by_alerts(update)
    else:
        _hold_ends(update)


def _hold_ends(update: IncidentUpdate) -> None:
    held = update.incident.hold
    if held is None:
        return
    found = find_hold(update.incident, update.tx, update.now)
    if found is None:
        release(update, f"{held.kind} {held.by} is over")
    else:
        update.amend(hold=found)
        set_end(update, found)


def _rule(update: IncidentUpdate) -> str:
    return f"levels.{update.incident.severity}"
