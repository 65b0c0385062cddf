"""What will happen to an incident if nobody does anything: the escalation that a person can predict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from alarms.model.incident import Incident, IncidentState, Timer, TimerKind
from alarms.policy.escalation import EscalationPolicy, Recipient


def future_steps(incident: Incident, timers: Sequence[Timer], escalation: EscalationPolicy) -> list[str]:
    """One sentence a step, in time order. Nothing for a resolved incident."""
    if not incident.is_open:
        return []
    steps = [step for timer in timers for step in _steps(incident, timer, escalation)]
    if incident.hold is not None:
        steps.append(f"held by {incident.hold.kind} {incident.hold.by}: nobody is told until that is over")
    return steps or ["no further step: everybody has been told"]


def _steps(incident: Incident, timer: Timer, escalation: EscalationPolicy) -> Iterable[str]:
    due = max(timer.deadline, incident.snoozed_until or timer.deadline)
    when = due.isoformat(timespec="seconds")
    match timer.kind:
        case TimerKind.ACKNOWLEDGE:
            yield f"{when}: unless acknowledged, {_who(escalation.missed(incident))}"
        case TimerKind.UNRESOLVED:
            yield f"{when}: unless resolved, {_who(escalation.unresolved(incident))}"
            yield from _repeats(incident, timer, escalation)
        case TimerKind.REPEAT:
            yield f"{when}: unless acknowledged, again {_who(escalation.repeated(incident))}"
        case TimerKind.LOWER:
            yield f"{when}: lowered to {incident.lowering_to}, unless it gets worse again"
        case TimerKind.STABLE:
            yield f"{when}: if it has been quiet, resolved; if it still fires, paged"
        case TimerKind.HOLD:
            yield f"{when}: looked at again, and paged unless something else holds it"


def _repeats(incident: Incident, timer: Timer, escalation: EscalationPolicy) -> Iterable[str]:
    repeat = escalation.policy.level(incident.severity).repeat
    if repeat is None or incident.state is not IncidentState.OPEN:
        return
    first = (timer.deadline + repeat.every).isoformat(timespec="seconds")
    yield (
        f"{first}: unless acknowledged, again {_who(escalation.repeated(incident))}, "
        f"every {repeat.every} at most {repeat.at_most} times"
    )


def _who(told: Sequence[Recipient]) -> str:
    return " and ".join(f"{item.target} is told ({item.step})" for item in told)
