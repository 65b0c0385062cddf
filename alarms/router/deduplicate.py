"""Which incident an alert belongs to: one more of an open one, one that comes back, a new one, or none."""

from __future__ import annotations

from dataclasses import replace

from alarms.model.alert import AlertState, digest
from alarms.model.decision import Stage
from alarms.model.incident import (
    BY_ALERTS,
    NOT_REPORTED,
    AlertRecord,
    Incident,
    IncidentState,
    TransitionKind,
)
from alarms.model.receipt import OVERTAKEN_WITHIN
from alarms.model.severity import Severity
from alarms.router.context import AlertContext, IncidentUpdate
from alarms.router.damp import restart_quiet_time
from alarms.router.route import assign, explain_route
from alarms.router.troubles import SELF
from alarms.router.wording import STORM, words_of

# In a storm the alerts themselves are the record; a history of thousands of "joined" tells nobody anything.
HISTORY_LIMIT = 200


def deduplicate(context: AlertContext) -> None:
    """What came in last from a source decides, whatever times it gives.

    A firing is never taken for an old one: after a gap Prometheus and Alertmanager fire again with the start
    they had, and nothing tells that from an old message that came late. Between a page too many and silence,
    it is the page. An end that was told before is an old message that comes again, and ends nothing.
    """
    if context.record is not None and _is_old(context, context.record):
        _count_again(context, context.record)
    elif context.alert.state is AlertState.RESOLVED:
        _clearing(context)
    else:
        _firing(context)


def _is_old(context: AlertContext, record: AlertRecord) -> bool:
    """Something newer is known, by the source's own order or by when it came in; or it is a known end."""
    alert = context.alert
    if alert.said_at is not None and record.said_at is not None:
        return alert.said_at < record.said_at
    if alert.state is AlertState.RESOLVED and alert.ending in record.endings:
        return True
    # No longer ago than anything waits here: more is a clock that was put back.
    came, newest = context.received_at, record.received_at
    return came is not None and newest - OVERTAKEN_WITHIN < came < newest


def _count_again(context: AlertContext, record: AlertRecord) -> None:
    """Nothing but that it came once more."""
    context.tx.save_alert(replace(record, times_seen=record.times_seen + 1))
    context.incident_id = record.incident_id or None


def _firing(context: AlertContext) -> None:
    key = _incident_key(context)
    incident = _incident_it_fires_in(context) or context.tx.newest_incident(key)
    if incident is None:
        _begin(context, key)
    elif incident.is_open:
        _join(context, incident)
    else:
        _after_resolution(context, incident)


def _incident_key(context: AlertContext) -> str:
    """Our own alerts: the alert key. Foreign ones: the route's grouping, if it has one."""
    alert, route = context.alert, context.route
    if alert.slo_id is not None or alert.source == SELF or not route.group_by:
        return alert.alert_key
    group = [(label, context.labels[label]) for label in route.group_by if label in context.labels]
    return digest(alert.environment, route.name, group)


def _incident_it_fires_in(context: AlertContext) -> Incident | None:
    """The open incident that this very alert belongs to already."""
    if context.record is None or not context.was_firing:
        return None
    incident = context.tx.incident(context.record.incident_id)
    return incident if incident is not None and incident.is_open else None


def _after_resolution(context: AlertContext, incident: Incident) -> None:
    within = context.routing.escalation_of(context.tx, incident).policy.reopen_within
    ago = context.now - (incident.resolved_at or context.now)
    if context.was_firing and incident.resolved_by not in (BY_ALERTS, NOT_REPORTED):
        if _is_news(context):
            _reopen(context, incident, f"fires anew {ago} after it was resolved")
        elif ago < within:
            context.remember(incident.id)
        else:
            _reopen(context, incident, f"still firing {ago} after it was resolved")
    elif ago <= within:
        _reopen(context, incident, f"fires again after {ago}")
    else:
        _begin(context, incident.key)


def _is_news(context: AlertContext) -> bool:
    """Whether it began again or became worse since, and is not what the person knew who resolved it."""
    alert, record = context.alert, context.record
    if record is None or alert.source == SELF:
        return False
    return alert.starts_at > record.starts_at or context.severity.worse_than(record.severity)


def _begin(context: AlertContext, key: str) -> None:
    """An incident of its own, unless so many begin at once that nobody could read them."""
    storm = _storm(context)
    if storm is None:
        _open(context, key, context.alert.title or context.alert.name)
        return
    storm_key, title = storm
    incident = context.tx.newest_incident(storm_key)
    if incident is not None and incident.is_open:
        _join(context, incident)
    else:
        _open(context, storm_key, title)


def _storm(context: AlertContext) -> tuple[str, str] | None:
    """Key and title of the storm a new incident would be part of. Our own alerts are few and never are.

    P1 is counted by itself, so that one among thousands of milder alerts has its own incident and page.
    """
    alert, guard = context.alert, context.routing.policy.storm
    if alert.slo_id is not None:
        return None
    p1 = context.severity is Severity.P1
    since = context.now - guard.within
    if context.tx.count_opened(alert.environment, since, alert.name, p1) >= guard.incidents:
        of, title = alert.name, f"{STORM} {alert.name}"
    elif context.tx.count_opened(alert.environment, since, None, p1) >= guard.overall:
        of, title = context.route.name, f"{STORM} alerts: {context.route.name}"
    else:
        return None
    return digest("storm", alert.environment, of, p1), title


def _open(context: AlertContext, key: str, title: str) -> None:
    update = context.change(_new_incident(context, key, title))
    update.opened(_origin(context))
    context.remember(update.incident.id)
    update.explain(Stage.DEDUPLICATE, "new", f"no open incident has key {key}", alert=context.alert.member)
    _explain_severity(context, update)
    explain_route(context, update)
    context.event = TransitionKind.OPENED


def _new_incident(context: AlertContext, key: str, title: str) -> Incident:
    alert, routing, now = context.alert, context.routing, context.now
    escalation = routing.escalation_under(context.tx, routing.policy)
    level = routing.policy.level(context.severity)
    return Incident(
        id=routing.new_id(),
        key=key,
        environment=alert.environment,
        name=alert.name,
        speaker=alert.member,
        title=title,
        title_pt=alert.title_pt or "",
        **words_of(alert),
        severity=context.severity,
        state=IncidentState.OPEN,
        owner=escalation.owner(level, context.route),
        assignee=escalation.assignee(level, context.route, now),
        route=context.route.name,
        policy_id=routing.policy.id,
        opened_at=now,
        began_at=alert.began(now),
        updated_at=now,
        slo_id=alert.slo_id,
        objective=alert.objective,
        component=context.component,
        runbook=alert.runbook,
        burn=alert.burn,
        labels=context.labels,
        customers_affected=alert.customers_affected,
    )


def _reopen(context: AlertContext, incident: Incident, why: str) -> None:
    """The next cycle of the same incident."""
    update = context.change(incident)
    context.remember(incident.id)
    update.change(
        TransitionKind.REOPENED,
        state=IncidentState.OPEN,
        cycle=incident.cycle + 1,
        began_at=context.alert.began(context.now, incident.resolved_at),
        severity=context.severity,
        burn=context.alert.burn,
        **words_of(context.alert),
        speaker=context.alert.member,
        labels=context.labels,
        customers_affected=context.alert.customers_affected,
        members=1,
        untold=(),
        untold_count=0,
        acknowledged_at=None,
        acknowledged_by=None,
        resolved_at=None,
        resolved_by=None,
        cause_id=None,
        overdue=False,
        detail={**_origin(context), "reason": why},
    )
    assign(update)
    update.explain(Stage.DEDUPLICATE, "reopened", why, alert=context.alert.member)
    _explain_severity(context, update)
    explain_route(context, update)
    context.event = TransitionKind.REOPENED


def _join(context: AlertContext, incident: Incident) -> None:
    """One more alert of the incident, or one that is known already."""
    update, record = context.change(incident), context.record
    same_severity = record is not None and record.severity is context.severity
    known = context.was_firing and record is not None and record.incident_id == incident.id
    context.remember(incident.id)
    _refresh_burn(context, update)
    context.joined = not known
    if known and same_severity:
        return
    if incident.number < HISTORY_LIMIT:
        if not known:
            update.change(TransitionKind.ALERT_JOINED, detail=_origin(context))
            update.explain(
                Stage.DEDUPLICATE, "joined", f"same key {incident.key}", alert=context.alert.member
            )
        _explain_severity(context, update)
    restart_quiet_time(update)
    context.event = TransitionKind.ALERT_JOINED


def _refresh_burn(context: AlertContext, update: IncidentUpdate) -> None:
    """The arithmetic of the worst tier, as it is now."""
    alert, incident = context.alert, update.incident
    if alert.burn is None or alert.burn == incident.burn:
        return
    same_tier = incident.burn is None or incident.burn.tier == alert.burn.tier
    if same_tier or not incident.severity.worse_than(context.severity):
        update.amend(burn=alert.burn, **words_of(alert))


def _clearing(context: AlertContext) -> None:
    record = context.record
    if record is None:
        context.remember("")
        return
    if not context.was_firing:
        context.remember(record.incident_id)
        return
    context.remember(record.incident_id)
    incident = context.tx.incident(record.incident_id)
    if incident is None or not incident.is_open:
        return
    update = context.change(incident)
    if incident.number < HISTORY_LIMIT:
        update.change(TransitionKind.ALERT_CLEARED, detail=_origin(context))
        says = "no longer reports it" if context.alert.unreported else "reports that it is over"
        update.explain(Stage.DEDUPLICATE, "cleared", f"its source {says}", alert=context.alert.member)
    context.event = TransitionKind.ALERT_CLEARED


def _explain_severity(context: AlertContext, update: IncidentUpdate) -> None:
    for rule, reason in context.reasons:
        update.explain(Stage.CLASSIFY, context.severity.value, reason, rule=rule, alert=context.alert.member)


def _origin(context: AlertContext) -> dict[str, str]:
    alert = context.alert
    detail = {"alert": alert.name, "source": alert.source, "severity": context.severity.value}
    return {**detail, "tier": alert.tier} if alert.tier else detail
