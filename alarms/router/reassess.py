"""An incident follows its firing alerts: raised to the worst at once, lowered late, over when none fires."""

from __future__ import annotations

from alarms.model.decision import Stage
from alarms.model.incident import BY_ALERTS, NOT_REPORTED, IncidentState, TimerKind, TransitionKind
from alarms.model.notification import NotifyStep
from alarms.model.severity import Severity
from alarms.policy.escalation import Recipient
from alarms.router.context import AlertContext, IncidentUpdate
from alarms.router.correlate import AT_ONCE, let_go_symptoms
from alarms.router.damp import restart_quiet_time
from alarms.router.route import assign
from alarms.router.silence import loudest
from alarms.router.tell import tell
from alarms.router.troubles import SELF
from alarms.router.wording import words_of


def reassess(context: AlertContext) -> None:
    """After an alert joined, changed or cleared. What is raised may be paged; nothing else of it is."""
    update, event = context.update, context.event
    if update is None or event not in (TransitionKind.ALERT_JOINED, TransitionKind.ALERT_CLEARED):
        return
    context.event = None
    worst, current = worst_firing(update), update.incident.severity
    if worst is None:
        if restart_quiet_time(update):
            return
        if context.alert.source == SELF:  # says what closed it
            update.amend(**words_of(context.alert))
        if context.alert.unreported:
            resolve(update, NOT_REPORTED, "its source no longer reports it")
        else:
            resolve_by_alerts(update)
    elif worst.worse_than(current):
        _raise(update, worst)
        if worst is context.severity and update.incident.slo_id is not None:
            update.amend(**words_of(context.alert))
        context.event = TransitionKind.SEVERITY_RAISED
    elif current.worse_than(worst) and _is_as_bad_by_silenced_ones(update):
        settle(update)
    elif current.worse_than(worst):
        _consider_lowering(update, worst)
    elif update.incident.lowering_to is not None:
        update.tx.clear_timer(update.incident.id, TimerKind.LOWER)
        update.amend(lowering_to=None)


def worst_firing(update: IncidentUpdate) -> Severity | None:
    """Of those that no silence covers. While all are covered: their worst in a hold, else nothing worse."""
    worst = update.tx.worst_firing(update.incident.id)
    if worst is None or not update.routing.silences(update.tx, update.now).all:
        return worst
    heard, current = loudest(update), update.incident.severity
    if heard is not None:
        return heard.severity
    return current if update.incident.hold is None and worst.worse_than(current) else worst


def settle(update: IncidentUpdate) -> None:
    """At once at the level of what is to be heard: a silence began or ended, or keeps the worst quiet."""
    worst, before = worst_firing(update), update.incident.severity
    if worst is None or worst is before:
        return
    if worst.worse_than(before):
        _raise(update, worst)
        return
    update.tx.clear_timer(update.incident.id, TimerKind.LOWER)
    _lower_to(update, worst, "what is worse is silenced", "silence")
    if update.incident.hold is not None:  # nobody was told at the level before
        assign(update)


def _is_as_bad_by_silenced_ones(update: IncidentUpdate) -> bool:
    worst = update.tx.worst_firing(update.incident.id)
    return worst is not None and not update.incident.severity.worse_than(worst)


def resolve_by_alerts(update: IncidentUpdate) -> None:
    unheard = " within the first wait, before anybody was told" if update.incident.waits else ""
    resolve(update, BY_ALERTS, f"every alert cleared{unheard}")


def resolve(update: IncidentUpdate, by: str, note: str) -> None:
    """Everybody who was told in this cycle hears that it is over; what it explained is on its own again."""
    update.stop_clocks(TimerKind)
    told = {
        delivery.notification.target
        for delivery in update.tx.deliveries(update.incident.id)
        if delivery.notification.cycle == update.incident.cycle
        and delivery.notification.step is not NotifyStep.REMEDIATION
    }
    update.change(
        TransitionKind.RESOLVED,
        state=IncidentState.RESOLVED,
        resolved_at=update.now,
        resolved_by=by,
        hold=None,
        lowering_to=None,
        snoozed_until=None,
        detail={"note": note} if note else {},
    )
    recipients = [Recipient(NotifyStep.RESOLVED, target) for target in sorted(told)]
    tell(update, recipients, TransitionKind.RESOLVED)
    let_go_symptoms(update, AT_ONCE)


def lower(update: IncidentUpdate) -> None:
    """The hysteresis has passed. Clocks that still run get the milder level's time, from the same page."""
    worst, before = worst_firing(update), update.incident.severity
    if worst is None or not before.worse_than(worst):
        update.amend(lowering_to=None)
        return
    _lower_to(update, worst, f"nothing above {worst} for {update.policy.lower_after}", "lower_after")


def _lower_to(update: IncidentUpdate, worst: Severity, why: str, rule: str) -> None:
    detail = {"from": update.incident.severity.value, "to": worst.value}
    update.change(TransitionKind.SEVERITY_LOWERED, severity=worst, lowering_to=None, detail=detail)
    update.explain(Stage.CLASSIFY, worst.value, why, rule)
    _stretch_clocks(update)


def _raise(update: IncidentUpdate, worst: Severity) -> None:
    """Whoever acknowledged the milder problem has not acknowledged this one."""
    before = update.incident.severity
    update.tx.clear_timer(update.incident.id, TimerKind.LOWER)
    update.change(
        TransitionKind.SEVERITY_RAISED,
        severity=worst,
        state=IncidentState.OPEN,
        acknowledged_at=None,
        acknowledged_by=None,
        lowering_to=None,
        overdue=False,
        detail={"from": before.value, "to": worst.value},
    )
    assign(update)
    update.explain(Stage.CLASSIFY, worst.value, f"raised from {before}, at once", rule="severity")


def _consider_lowering(update: IncidentUpdate, worst: Severity) -> None:
    if update.incident.lowering_to is worst:
        return
    deadline = update.now + update.policy.lower_after
    if update.incident.lowering_to is None:
        update.set_timer(TimerKind.LOWER, deadline)
    update.amend(lowering_to=worst)
    reason = f"{worst} has to last until {deadline.isoformat()}"
    update.explain(Stage.CLASSIFY, "kept", reason, rule="lower_after")


def _stretch_clocks(update: IncidentUpdate) -> None:
    """A milder level gives more time; a clock that runs never gets less than it had."""
    since, level = update.incident.paged_at or update.now, update.level
    durations = {
        TimerKind.ACKNOWLEDGE: level.acknowledge_within,
        TimerKind.UNRESOLVED: level.escalate_after,
    }
    for timer in update.tx.timers(update.incident.id):
        if timer.kind in durations:
            deadline = update.escalation.deadline(level, since, durations[timer.kind])
            update.set_timer(timer.kind, max(timer.deadline, deadline))
