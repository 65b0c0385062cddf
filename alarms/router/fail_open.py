"""When a part of the router fails on an alert: it is passed by, and the alert is paged all the same.

Of the stages of ``alarms.router.pipeline`` most can be left out: what they would have held back is paged.
Those without which nobody is told have a plain way each, which looks at as little as it can. When that fails
as well, a message of no incident is all that is left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from alarms.model.alert import Alert, AlertState, digest
from alarms.model.incident import Incident, IncidentState, Timer, TimerKind, TransitionKind
from alarms.model.notification import NotifyStep
from alarms.model.severity import Severity
from alarms.notify.compose import notification_of
from alarms.notify.links import Links
from alarms.notify.plain_message import plain_message
from alarms.router.context import AlertContext, IncidentUpdate, RoutingContext
from alarms.router.troubles import Trouble
from alarms.router.wording import words_of
from alarms.stores.protocol import RouterTransaction

AT_MOST_EVERY = timedelta(minutes=10)  # messages of no incident: one a severity in this time


class StageFailed(Exception):
    """``stage`` raised; ``problem`` says what, in words."""

    def __init__(self, stage: str, problem: str) -> None:
        self.stage, self.problem = stage, problem
        super().__init__(f"{stage}: {problem}")


def leave_out(_: AlertContext) -> None:
    """Nothing is held back, raised, lowered or asked for."""


def deduplicate(context: AlertContext) -> None:
    """One incident for all alerts of a name, or of any name once they are many; nothing that ends is seen."""
    alert, guard = context.alert, context.routing.policy.storm
    if alert.state is AlertState.RESOLVED:
        context.incident_id = None
        return
    many = context.tx.count_opened(alert.environment, context.now - guard.within) >= guard.overall
    name = "Storm of alerts" if many else alert.name
    key = digest("plain", alert.environment, name)
    known = context.tx.newest_incident(key)
    if known is not None and known.is_open:
        context.change(known)
        context.remember(known.id)
        context.event = TransitionKind.ALERT_JOINED
        return
    update = context.change(
        _incident(context, key, f"{name}, such as {alert.name}" if many else alert.title or alert.name)
    )
    update.opened({"alert": alert.name, "source": alert.source})
    context.remember(update.incident.id)
    context.event = TransitionKind.OPENED


def _incident(context: AlertContext, key: str, title: str) -> Incident:
    alert, policy = context.alert, context.routing.policy
    level = policy.level(context.severity)
    teams = [team.id for team in policy.teams]
    return Incident(
        id=context.routing.new_id(),
        key=key,
        environment=alert.environment,
        title=title,
        **words_of(alert),
        severity=context.severity,
        state=IncidentState.OPEN,
        owner=level.first if level.first in teams else context.route.owner,
        route=context.route.name,
        policy_id=policy.id,
        opened_at=context.now,
        began_at=context.alert.began(context.now),
        updated_at=context.now,
        name=alert.name,
        labels=context.labels,
        runbook=alert.runbook,
    )


def reassess(context: AlertContext) -> None:
    """Raised, if this alert is worse; never lowered and never over."""
    update, event = context.update, context.event
    if update is None or event not in (TransitionKind.ALERT_JOINED, TransitionKind.ALERT_CLEARED):
        return
    context.event = None
    before, firing = update.incident.severity, context.alert.state is AlertState.FIRING
    if firing and context.severity.worse_than(before):
        update.change(
            TransitionKind.SEVERITY_RAISED,
            severity=context.severity,
            state=IncidentState.OPEN,
            acknowledged_at=None,
            acknowledged_by=None,
            detail={"from": before.value, "to": context.severity.value},
        )
        context.event = TransitionKind.SEVERITY_RAISED


def notify(context: AlertContext) -> None:
    """Its team and the person on duty, whatever may hold it."""
    update, event = context.update, context.event
    if update is None or event is None or event is TransitionKind.HELD:
        return
    problem = "; ".join(f"{stage}: {what}" for stage, what in context.without.items())
    update.change(TransitionKind.FAILED_OPEN, hold=None, paged_at=update.now, detail={"reason": problem})
    tell_plainly(update, event, problem)


def tell_plainly(update: IncidentUpdate, kind: TransitionKind, problem: str) -> None:
    incident = update.incident
    team = next((team for team in update.policy.teams if team.id == incident.owner), None)
    links = update.routing.composer.links
    message = plain_message(incident, kind, NotifyStep.FIRST, problem, links, incident.owner)
    for channel in ("default",) if team is None else team.channels:
        update.tx.enqueue(
            notification_of(incident, incident.owner, channel, NotifyStep.FIRST, message, update.wall)
        )
    person = incident.assignee or ""
    for step in update.routing.schedules.people.steps_of(person):
        told = notification_of(
            incident, f"{incident.owner}:{person}", step.channel, NotifyStep.FIRST, message, update.wall
        )
        update.tx.enqueue(replace(told, address=step.address))


def escalate(context: AlertContext) -> None:
    """Both clocks, by real time: the calendar may be what fails."""
    update, event = context.update, context.event
    if update is None or event is None or event is TransitionKind.HELD:
        return
    level, incident_id = update.level, update.incident.id
    for kind, within in (
        (TimerKind.ACKNOWLEDGE, level.acknowledge_within),
        (TimerKind.UNRESOLVED, level.escalate_after),
    ):
        update.tx.set_timer(Timer(incident_id, kind, update.now + within))


PLAIN: Mapping[str, Callable[[AlertContext], None]] = {
    way.__name__: way for way in (deduplicate, reassess, notify, escalate)
}


def fire_plainly(update: IncidentUpdate, timer: Timer, problem: str) -> None:
    """A timer whose work fails: its owner is told that it ran out, and it is gone."""
    update.stop_clocks([timer.kind])
    update.routing.troubles.note(Trouble.of_a_part(f"timer {timer.kind}", problem))
    if update.incident.is_open:
        update.change(TransitionKind.FAILED_OPEN, detail={"timer": timer.kind.value, "reason": problem})
        tell_plainly(update, TransitionKind.FAILED_OPEN, f"its timer {timer.kind}: {problem}")


def tell_without_incident(
    routing: RoutingContext, tx: RouterTransaction, alert: Alert, now: datetime, problem: str
) -> None:
    """All that is left: a message, no more than one of a severity in ``AT_MOST_EVERY``."""
    policy = routing.policy
    severity = alert.severity or Severity.P2
    turn = int(now.timestamp()) // int(AT_MOST_EVERY.total_seconds())
    incident = Incident(
        id=f"none-{turn}-{severity}",
        key="",
        environment=alert.environment,
        title=alert.title or alert.name,
        summary=alert.summary,
        severity=severity,
        state=IncidentState.OPEN,
        owner=policy.accountable,
        route="",
        policy_id="",
        opened_at=now,
        began_at=alert.began(now),
        updated_at=now,
    )
    said = f"no incident could be opened: {problem}"
    message = plain_message(
        incident, TransitionKind.OPENED, NotifyStep.INFORM, said, Links(), policy.accountable
    )
    channels = next((team.channels for team in policy.teams if team.id == policy.accountable), ("default",))
    for channel in channels:
        tx.enqueue(notification_of(incident, policy.accountable, channel, NotifyStep.FIRST, message, now))
