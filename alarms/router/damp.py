"""Flapping: an incident that keeps coming back is held, and paged or resolved once it has been steady for
long enough."""

from __future__ import annotations

from alarms.model.decision import Stage
from alarms.model.incident import Hold, HoldKind, TimerKind, TransitionKind
from alarms.router.context import AlertContext, IncidentUpdate

LONGEST = 4  # quiet times, however often it is started anew: what never is quiet has to be told


def damp(context: AlertContext) -> None:
    update = context.update
    if update is None or context.event in (None, TransitionKind.OPENED):
        return
    if context.event is TransitionKind.REOPENED and _is_flapping(update):
        damping = update.policy.flapping
        update.set_timer(TimerKind.STABLE, update.now + damping.stable_for)
        update.explain(
            Stage.FLAP_DAMP,
            "flapping",
            f"reopened {damping.changes} times within {damping.within}: held until it is quiet for "
            f"{damping.stable_for}",
            rule="noise.flapping",
        )
    context.hold = held_for_flapping(update)


def held_for_flapping(update: IncidentUpdate) -> Hold | None:
    """While its quiet time runs."""
    if any(timer.kind is TimerKind.STABLE for timer in update.tx.timers(update.incident.id)):
        return Hold(HoldKind.FLAPPING, "noise.flapping", update.now)
    return None


def restart_quiet_time(update: IncidentUpdate) -> bool:
    """Whether it is flapping: then every change starts the quiet time anew."""
    hold = update.incident.hold
    if hold is None or hold.kind is not HoldKind.FLAPPING:
        return False
    stable_for = update.policy.flapping.stable_for
    update.set_timer(TimerKind.STABLE, min(update.now + stable_for, hold.since + LONGEST * stable_for))
    return True


def _is_flapping(update: IncidentUpdate) -> bool:
    damping = update.policy.flapping
    reopened = [
        entry
        for entry in update.tx.transitions(update.incident.id)
        if entry.kind is TransitionKind.REOPENED and update.now - entry.at <= damping.within
    ]
    return len(reopened) >= damping.changes
