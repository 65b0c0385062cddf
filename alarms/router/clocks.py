"""Which of an incident's two clocks are still to run: to acknowledge, and to resolve."""

from __future__ import annotations

from alarms.model.incident import IncidentState, TimerKind, TransitionKind
from alarms.model.notification import NotifyStep
from alarms.router.context import IncidentUpdate

PAGES = (
    TransitionKind.OPENED,
    TransitionKind.REOPENED,
    TransitionKind.RELEASED,
    TransitionKind.SEVERITY_RAISED,
)
GOES_ON = "goes on"  # detail of a release after which the clocks go on where they stood


def told_in_this_cycle(update: IncidentUpdate) -> bool:
    """Whether its first responder was."""
    return any(
        delivery.notification.cycle == update.incident.cycle
        and delivery.notification.step is NotifyStep.FIRST
        for delivery in update.tx.deliveries(update.incident.id)
    )


def clocks_to_run(update: IncidentUpdate) -> list[TimerKind]:
    """Those that neither run nor have run out since the last page that started them."""
    running = {timer.kind for timer in update.tx.timers(update.incident.id)}
    history = update.tx.transitions(update.incident.id)
    last_page = max(
        (entry.number for entry in history if entry.kind in PAGES and GOES_ON not in entry.detail), default=0
    )
    since = {entry.kind for entry in history if entry.number > last_page}
    missing = []
    if TimerKind.UNRESOLVED not in running and TransitionKind.ESCALATED not in since:
        missing.append(TimerKind.UNRESOLVED)
    open_and_unasked = update.incident.state is IncidentState.OPEN and TransitionKind.ACK_MISSED not in since
    if TimerKind.ACKNOWLEDGE not in running and open_and_unasked:
        missing.append(TimerKind.ACKNOWLEDGE)
    return missing
