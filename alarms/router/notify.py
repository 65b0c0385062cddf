"""Who is notified, and why not yet: an incident pages its first responder unless something holds it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from alarms.model.decision import Stage
from alarms.model.incident import Hold, HoldKind, IncidentState, TimerKind, TransitionKind
from alarms.policy.escalation import owner_target
from alarms.router.clocks import GOES_ON, clocks_to_run, told_in_this_cycle
from alarms.router.context import AlertContext, IncidentUpdate
from alarms.router.damp import held_for_flapping
from alarms.router.gather import told
from alarms.router.inhibit import held_for_its_cause
from alarms.router.route import follow_the_duty
from alarms.router.silence import held_by_a_silence, look_again_at_its_end, set_end
from alarms.router.tell import tell
from alarms.router.wait import begin_wait, end_wait

HOLDS = (held_by_a_silence, held_for_its_cause, held_for_flapping)  # the first that holds is the one told
STAGE_OF = {
    HoldKind.SILENCE: Stage.SILENCE,
    HoldKind.CAUSE: Stage.INHIBIT,
    HoldKind.FLAPPING: Stage.FLAP_DAMP,
    HoldKind.FIRST_WAIT: Stage.WAIT,
}


def notify(context: AlertContext) -> None:
    update, event = context.update, context.event
    if update is None or event is None:
        return
    for stage, problem in context.without.items():
        update.change(TransitionKind.FAILED_OPEN, detail={"stage": stage, "reason": problem})
    if event is TransitionKind.SEVERITY_RAISED:
        context.event = _raised(update, context.hold)
    elif event is TransitionKind.RELEASED:
        context.event = _let_go(update, context)
    elif event is TransitionKind.MORE_ALERTS:
        context.event = None
        if context.hold is None:
            tell_more(update)
    elif context.hold is not None:
        context.event = None
        hold_back(update, context.hold)
    else:
        update.explain(Stage.SILENCE, "not held", "no silence, no open cause, no flapping")
    if context.event is not None:
        _tell_first(update, context.event)


def _raised(update: IncidentUpdate, found: Hold | None) -> TransitionKind | None:
    """What has paged already pages again; what was held pages once nothing holds back the worse severity."""
    held, severity = update.incident.hold, update.incident.severity
    if held is None:
        return TransitionKind.SEVERITY_RAISED
    if held.kind is HoldKind.FIRST_WAIT:
        return _raised_while_it_waits(update, found)
    if found is None:
        update.explain(Stage.INHIBIT, "released", f"{severity} is more severe than what held it back")
        _end_hold(update, f"raised to {severity}")
        return TransitionKind.RELEASED
    if found.kind is not held.kind or found.kind is HoldKind.CAUSE:
        update.amend(hold=found)
    return None


def _raised_while_it_waits(update: IncidentUpdate, found: Hold | None) -> TransitionKind | None:
    if found is not None:
        hold_back(update, found)
    elif not update.policy.first_wait_of(update.incident.severity):
        end_wait(update, f"{update.incident.severity} does not wait")
        return _first_of_cycle(update)
    return None


def _let_go(update: IncidentUpdate, context: AlertContext) -> TransitionKind | None:
    """An alert joined that is not what its incident is held for."""
    found = find_hold(update)
    if found is not None:
        update.amend(hold=found)
        set_end(update, found)
        return None
    update.explain(Stage.SILENCE, "released", f"nothing holds {context.alert.name}, by its own labels")
    _end_hold(update, f"{context.alert.name} is not held, by its own labels")
    return TransitionKind.RELEASED


def page(update: IncidentUpdate, kind: TransitionKind) -> None:
    """Tell the first responder and start both clocks."""
    _tell_first(update, kind)
    update.start_clocks()


def page_after_wait(update: IncidentUpdate) -> None:
    """As if it had been at once; unless somebody has it already."""
    began = end_wait(update, "neither its cause nor its end has come")
    _tell_first(update, _first_of_cycle(update))
    update.start_clocks(began)
    if update.incident.state is IncidentState.ACKNOWLEDGED:
        update.stop_clocks([TimerKind.ACKNOWLEDGE])


def hand_over(update: IncidentUpdate) -> bool:
    """Whoever has the duty by now hears of what nobody has acknowledged; whether it changed hands."""
    if not follow_the_duty(update):
        return False
    update.stop_clocks([TimerKind.CONTACT])  # of whoever had it before
    to = owner_target(update.incident)
    update.change(TransitionKind.REASSIGNED, detail={"to": to, "reason": "the duty has changed hands"})
    tell(update, update.escalation.first(update.incident)[:1], TransitionKind.REASSIGNED)
    return True


def _first_of_cycle(update: IncidentUpdate) -> TransitionKind:
    return TransitionKind.OPENED if update.incident.cycle == 1 else TransitionKind.REOPENED


def tell_more(update: IncidentUpdate) -> None:
    """Its owner hears which alerts have joined; clocks run on as they were."""
    follow_the_duty(update)
    update.change(TransitionKind.MORE_ALERTS, detail={"alerts": f"{update.incident.untold_count}"})
    tell(update, update.escalation.first(update.incident)[:1], TransitionKind.MORE_ALERTS)
    told(update)


def _tell_first(update: IncidentUpdate, kind: TransitionKind) -> None:
    follow_the_duty(update)
    update.amend(paged_at=update.now)
    tell(update, update.escalation.first(update.incident), kind)
    told(update)
    look_again_at_its_end(update)


def find_hold(update: IncidentUpdate) -> Hold | None:
    """The first reason that holds now; None: nothing keeps it from paging."""
    return next((found for held in HOLDS if (found := held(update)) is not None), None)


def hold_back(update: IncidentUpdate, found: Hold) -> None:
    if found.kind is HoldKind.FIRST_WAIT:
        begin_wait(update, found)
        return
    reason = _sentence(found)
    update.explain(STAGE_OF[found.kind], "held", reason, rule=found.by)
    hold(update, found, reason)
    set_end(update, found)


def hold(update: IncidentUpdate, found: Hold, reason: str) -> None:
    update.stop_clocks()
    update.change(TransitionKind.HELD, hold=found, detail={"by": found.by, "reason": reason})


def release(update: IncidentUpdate, reason: str) -> None:
    """Nothing holds it back any more. What nobody had heard of is paged as if it began now; what had been
    told goes on where it stood, quietly if somebody has it."""
    held, to_run = update.incident.hold, clocks_to_run(update)
    if held is None or not told_in_this_cycle(update):
        _end_hold(update, reason)
        page(update, TransitionKind.RELEASED)
    elif update.incident.state is IncidentState.ACKNOWLEDGED:
        _end_hold(update, reason, GOES_ON)
        _go_on(update, held, to_run)
    elif TimerKind.ACKNOWLEDGE in to_run and TimerKind.UNRESOLVED in to_run:
        _end_hold(update, reason, GOES_ON)
        paged_at = _go_on(update, held, to_run)
        _tell_first(update, TransitionKind.RELEASED)
        update.amend(paged_at=paged_at)
    else:  # a deadline had passed, and nobody has it yet
        _end_hold(update, reason)
        page(update, TransitionKind.RELEASED)
    if update.incident.state is IncidentState.ACKNOWLEDGED:
        update.stop_clocks([TimerKind.ACKNOWLEDGE])


def _go_on(update: IncidentUpdate, held: Hold, clocks: Iterable[TimerKind]) -> datetime:
    """The clocks that were stopped get what they had left; the page counts as that much later."""
    paged_at, level = update.incident.paged_at or held.since, update.level
    since = paged_at + max(update.now - held.since, timedelta(0))
    within = {TimerKind.ACKNOWLEDGE: level.acknowledge_within, TimerKind.UNRESOLVED: level.escalate_after}
    for kind in clocks:
        deadline = max(update.escalation.deadline(level, since, within[kind]), update.now)
        update.set_timer(kind, deadline)
        update.explain(Stage.ESCALATE, "goes on", f"{kind} by {deadline.isoformat(timespec='seconds')}")
    update.amend(paged_at=since)
    return since


def _end_hold(update: IncidentUpdate, reason: str, clocks: str = "") -> None:
    update.tx.clear_timer(update.incident.id, TimerKind.HOLD)
    detail = {"reason": reason, **({clocks: "yes"} if clocks else {})}
    update.change(TransitionKind.RELEASED, hold=None, detail=detail)


def _sentence(found: Hold) -> str:
    return {
        HoldKind.SILENCE: f"silence {found.by} covers it",
        HoldKind.CAUSE: f"incident {found.by} explains it and is being worked on",
        HoldKind.FLAPPING: "it flaps",
    }[found.kind]
