"""The escalation auditor: what should be on its way for every open incident, compared with what is.

Everything is written in one transaction, so it should never find anything. If it does, it fixes it, says so
in the incident's history, and counts it.
"""

from __future__ import annotations

from alarms.model.decision import Stage
from alarms.model.incident import HoldKind, TimerKind, TransitionKind
from alarms.model.notification import DeliveryState
from alarms.model.severity import Severity
from alarms.router.clocks import clocks_to_run, told_in_this_cycle
from alarms.router.context import IncidentUpdate
from alarms.router.notify import find_hold, hand_over, page
from alarms.router.undeliverable import is_known, tell_next

URGENT = (Severity.P1, Severity.P2)


def audit(update: IncidentUpdate) -> list[str]:
    """What was found wrong with one open incident and fixed, one sentence each.

    That the duty has changed hands is nothing wrong: what is urgent and unacknowledged is handed over on the
    way, what is milder with its next message.
    """
    incident = update.incident
    asleep = incident.snoozed_until is not None and incident.snoozed_until > update.now
    if incident.severity in URGENT and incident.hold is None and incident.paged_at is not None and not asleep:
        hand_over(update)
    found = _fix_held(update) if update.incident.hold is not None else _fix_paging(update)
    return found + _fix_lost(update)


def _fix_held(update: IncidentUpdate) -> list[str]:
    """A hold that nothing keeps up and nothing will end, or not until a silence ends that is over."""
    hold = update.incident.hold
    timers = {timer.kind: timer.deadline for timer in update.tx.timers(update.incident.id)}
    if hold is None or TimerKind.STABLE in timers:
        return []
    end = timers.get(TimerKind.HOLD)
    if end is not None and (hold.kind is not HoldKind.SILENCE or end <= update.wall):
        return []
    still = find_hold(update)
    if still is not None and (end is not None or still.kind is not HoldKind.SILENCE):
        return []
    update.set_timer(TimerKind.HOLD, update.wall)
    return [_repaired(update, f"held by {hold.kind} {hold.by}, and nothing would end the hold")]


def _fix_paging(update: IncidentUpdate) -> list[str]:
    incident = update.incident
    if incident.paged_at is None or not told_in_this_cycle(update):
        finding = _repaired(update, "nobody had been notified")
        page(update, TransitionKind.REPAIRED)
        return [finding]
    if incident.contacts and TimerKind.CONTACT not in {timer.kind for timer in update.tx.timers(incident.id)}:
        update.set_timer(TimerKind.CONTACT, min(one.due_at for one in incident.contacts))
        return [_repaired(update, "nothing would have told somebody by the next contact")]
    return [finding for kind in clocks_to_run(update) if (finding := _set_clock(update, kind))]


def _fix_lost(update: IncidentUpdate) -> list[str]:
    """Dead letters that nobody was notified of (the process died just then)."""
    lost = [
        delivery
        for delivery in update.tx.deliveries(update.incident.id)
        if delivery.state is DeliveryState.DEAD and not is_known(update, delivery)
    ]
    for delivery in lost:
        tell_next(update, delivery)
    return [f"{update.incident.id}: {d.notification.target} could not be reached" for d in lost]


def _set_clock(update: IncidentUpdate, kind: TimerKind) -> str:
    """From the page on, as it should have been; a deadline that is past fires at the next tick."""
    level, since = update.level, update.incident.paged_at or update.now
    within = level.acknowledge_within if kind is TimerKind.ACKNOWLEDGE else level.escalate_after
    update.set_timer(kind, update.escalation.deadline(level, since, within))
    return _repaired(update, f"the {kind} deadline was not set")


def _repaired(update: IncidentUpdate, finding: str) -> str:
    update.change(TransitionKind.REPAIRED, detail={"finding": finding})
    update.explain(Stage.ESCALATE, "repaired", finding, rule="auditor")
    return f"{update.incident.id}: {finding}"
