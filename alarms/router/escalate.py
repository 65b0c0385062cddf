"""Two deadlines run from the page on; when one passes, the next in line is notified, a bounded number of
times.

A timer fires once; the next deadline is computed from the one before, never from now. What is to come if
nobody acts can be read beforehand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from alarms.model.decision import Stage
from alarms.model.incident import Hold, Incident, IncidentState, Timer, TimerKind, TransitionKind
from alarms.policy.escalation import EscalationPolicy, Recipient
from alarms.router.context import AlertContext, IncidentUpdate
from alarms.router.correlate import LATER, adopt_symptoms, let_go_symptoms
from alarms.router.notify import find_hold, hand_over, hold_back, page, page_after_wait, release, tell_more
from alarms.router.reassess import lower, resolve_by_alerts, settle, worst_firing
from alarms.router.remediate import ask_machines
from alarms.router.route import follow_the_duty
from alarms.router.silence import count_the_heard, look_again_at_its_end, set_end
from alarms.router.tell import contact, tell


def escalate(context: AlertContext) -> None:
    if context.update is not None and context.event is not None:
        context.update.start_clocks()


def fire(update: IncidentUpdate, timer: Timer) -> None:
    """``timer`` is due; it is gone afterwards, whatever became of it."""
    update.tx.clear_timer(timer.incident_id, timer.kind)
    if timer.kind is TimerKind.SYMPTOMS:
        (adopt_symptoms if update.incident.is_open else let_go_symptoms)(update, LATER)
    elif update.incident.is_open:
        _fire(update, timer)


def _fire(update: IncidentUpdate, timer: Timer) -> None:
    match timer.kind:
        case TimerKind.LOWER:
            lower(update)
        case TimerKind.STABLE:
            _stable(update)
        case TimerKind.HOLD:
            _hold_ends(update)
        case TimerKind.CONTACT:
            if not hand_over(update):
                contact(update, timer)
        case TimerKind.MORE:
            if update.incident.hold is None and update.incident.untold_count:
                tell_more(update)
        case _:
            _next_step(update, timer)


def _next_step(update: IncidentUpdate, timer: Timer) -> None:
    snoozed = update.incident.snoozed_until
    if snoozed is not None and snoozed > update.now:
        update.set_timer(timer.kind, snoozed, timer.step)
    elif update.incident.hold is None:
        follow_the_duty(update)
        steps = {TimerKind.ACKNOWLEDGE: _unacknowledged, TimerKind.UNRESOLVED: _unresolved}
        steps.get(timer.kind, _repeat)(update, timer)


def _unacknowledged(update: IncidentUpdate, timer: Timer) -> None:
    if update.incident.state is not IncidentState.OPEN:
        return
    due = timer.deadline.isoformat(timespec="seconds")
    update.change(TransitionKind.ACK_MISSED, timer.deadline, overdue=True)
    update.explain(Stage.ESCALATE, "acknowledgement missed", f"due {due}", _rule(update))
    tell(update, update.escalation.missed(update.incident, update.now), TransitionKind.ACK_MISSED)


def _unresolved(update: IncidentUpdate, timer: Timer) -> None:
    due = timer.deadline.isoformat(timespec="seconds")
    update.change(TransitionKind.ESCALATED, timer.deadline, overdue=True)
    update.explain(Stage.ESCALATE, "escalated", f"unresolved at {due}", _rule(update))
    tell(update, update.escalation.unresolved(update.incident, update.now), TransitionKind.ESCALATED)
    repeat = update.level.repeat
    if repeat is not None and update.incident.state is IncidentState.OPEN:
        update.set_timer(TimerKind.REPEAT, timer.deadline + repeat.every, 1)


def _repeat(update: IncidentUpdate, timer: Timer) -> None:
    repeat = update.level.repeat
    if repeat is None or update.incident.state is not IncidentState.OPEN:
        return
    update.change(TransitionKind.REPEATED, timer.deadline, detail={"step": str(timer.step)})
    update.explain(Stage.ESCALATE, "repeated", f"{timer.step} of {repeat.at_most}", _rule(update))
    tell(update, update.escalation.repeated(update.incident, update.now), TransitionKind.REPEATED)
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
        _some_are_heard_again(update)
        return
    found = find_hold(update)
    if update.incident.waits:
        _wait_ends(update, found)
    elif found is None:
        settle(update)
        count_the_heard(update)
        release(update, f"{held.kind} {held.by} is over")
    else:
        update.amend(hold=found)
        set_end(update, found)


def _some_are_heard_again(update: IncidentUpdate) -> None:
    """A silence of some of its alerts has ended."""
    before = update.incident.severity
    settle(update)
    if update.incident.severity.worse_than(before):
        page(update, TransitionKind.SEVERITY_RAISED)
    else:
        look_again_at_its_end(update)


def _wait_ends(update: IncidentUpdate, found: Hold | None) -> None:
    if found is not None:
        hold_back(update, found)
        return
    page_after_wait(update)
    ask_machines(update)


def _rule(update: IncidentUpdate) -> str:
    return f"levels.{update.incident.severity}"


def future_steps(incident: Incident, timers: Sequence[Timer], escalation: EscalationPolicy) -> list[str]:
    """One sentence a step, in time order. Nothing for a resolved incident."""
    if not incident.is_open:
        return []
    steps = [step for timer in timers for step in _to_come(incident, timer, escalation)]
    if incident.hold is not None and not incident.waits:
        steps.append(f"held by {incident.hold.kind} {incident.hold.by}: nobody is notified until then")
    return steps or ["no further step: everybody has been notified"]


def _to_come(incident: Incident, timer: Timer, escalation: EscalationPolicy) -> Iterable[str]:
    due = max(timer.deadline, incident.snoozed_until or timer.deadline)
    when = due.isoformat(timespec="seconds")
    match timer.kind:
        case TimerKind.ACKNOWLEDGE:
            yield f"{when}: if not acknowledged, {_who(escalation.missed(incident, due))}"
        case TimerKind.UNRESOLVED:
            yield f"{when}: if not resolved, {_who(escalation.unresolved(incident, due))}"
            yield from _repeats(incident, timer, escalation)
        case TimerKind.REPEAT:
            yield f"{when}: if not acknowledged, again {_who(escalation.repeated(incident, due))}"
        case TimerKind.LOWER:
            yield f"{when}: lowered to {incident.lowering_to}, unless it gets worse again"
        case TimerKind.STABLE:
            yield f"{when}: if it has been quiet, resolved; if it still fires, paged"
        case TimerKind.SYMPTOMS:
            yield f"{when}: further incidents that it explains are attached"
        case TimerKind.CONTACT:
            told = " and ".join(f"{one.target} is told by {one.channel}" for one in incident.contacts)
            yield f"{when}: if not acknowledged, {told}"
        case TimerKind.MORE:
            yield f"{when}: {incident.untold_count} alerts that joined are told"
        case TimerKind.HOLD if incident.waits:
            yield f"waits until {when}, then paged unless it is over or explained by then"
        case TimerKind.HOLD if incident.hold is None:
            yield f"{when}: a silence of some of its alerts ends, and they count again"
        case TimerKind.HOLD:
            yield f"{when}: checked again, and paged unless something else holds it"


def _repeats(incident: Incident, timer: Timer, escalation: EscalationPolicy) -> Iterable[str]:
    repeat = escalation.policy.level(incident.severity).repeat
    if repeat is None or incident.state is not IncidentState.OPEN:
        return
    first = timer.deadline + repeat.every
    yield (
        f"{first.isoformat(timespec='seconds')}: if not acknowledged, "
        f"again {_who(escalation.repeated(incident, first))}, "
        f"every {repeat.every} at most {repeat.at_most} times"
    )


def _who(told: Sequence[Recipient]) -> str:
    return " and ".join(f"{item.target} is notified ({item.step})" for item in told)
