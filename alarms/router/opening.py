"""A new incident, or one that comes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from alarms.model.decision import Stage
from alarms.model.incident import Hold, HoldKind, Incident, IncidentState, TransitionKind
from alarms.model.timer import Timer, TimerKind
from alarms.router.attachment import adopt_symptoms, find_cause
from alarms.router.case import Case
from alarms.router.holds import find_hold, is_flapping
from alarms.router.office import Office
from alarms.router.remediation import ask_for_remediation
from alarms.router.seen import Seen
from alarms.stores.protocol import RouterTransaction


def open_incident(
    office: Office, tx: RouterTransaction, seen: Seen, key: str, now: datetime, title: str | None = None
) -> str:
    """``title`` if it is not the alert's own name (a storm)."""
    new = _new(office, seen, key, now)
    case = office.case(tx, new if title is None else replace(new, title=title), now)
    case.opened(origin(seen))
    tx.save_alert(seen.remembered(case.incident.id, now))
    case.explain(Stage.DEDUPLICATE, "new", f"no open incident has key {key}", alert=seen.member)
    explain_worth(case, seen)
    find_cause(office, case)
    page_or_hold(case, TransitionKind.OPENED)
    adopt_symptoms(office, case)
    return case.incident.id


def reopen_incident(
    office: Office, tx: RouterTransaction, seen: Seen, incident: Incident, now: datetime, why: str
) -> str:
    """The next cycle of the same incident, paged anew unless it flaps."""
    case = office.case(tx, incident, now)
    tx.save_alert(seen.remembered(incident.id, now))
    case.change(
        TransitionKind.REOPENED,
        state=IncidentState.OPEN,
        cycle=incident.cycle + 1,
        severity=seen.verdict.severity,
        burn=seen.alert.burn,
        summary=seen.alert.summary,
        acknowledged_at=None,
        acknowledged_by=None,
        resolved_at=None,
        resolved_by=None,
        cause_id=None,
        overdue=False,
        detail={**origin(seen), "reason": why},
    )
    assigned = reassign_to_level(case)
    case.quietly(owner=assigned.owner, assignee=assigned.assignee)
    case.explain(Stage.DEDUPLICATE, "reopened", why, alert=seen.member)
    explain_worth(case, seen)
    _damp(case)
    find_cause(office, case)
    page_or_hold(case, TransitionKind.REOPENED)
    adopt_symptoms(office, case)
    return incident.id


def page_or_hold(case: Case, kind: TransitionKind) -> None:
    """Tell the first responder, unless something keeps it from paging."""
    hold = find_hold(case.incident, case.tx, case.now)
    if hold is None:
        case.explain(Stage.SILENCE, "not held", "no silence, no open cause, no flapping")
        case.page(kind)
        ask_for_remediation(case)
        return
    case.explain(_stage(hold), "held", _sentence(hold), rule=hold.by)
    case.hold(hold, _sentence(hold))
    set_hold_timer(case, hold)


def set_hold_timer(case: Case, hold: Hold) -> None:
    """A silence's end is known; a cause and flapping end by events of their own."""
    if hold.kind is not HoldKind.SILENCE:
        return
    silence = next((s for s in case.tx.silences(ending_after=case.now) if s.id == hold.by), None)
    if silence is not None:
        case.tx.set_timer(Timer(case.incident.id, TimerKind.HOLD, silence.ends_at))


def explain_worth(case: Case, seen: Seen) -> None:
    for rule, reason in seen.verdict.reasons:
        case.explain(Stage.CLASSIFY, seen.verdict.severity.value, reason, rule=rule, alert=seen.member)
    matchers = " and ".join(map(str, seen.route.matchers)) or "everything else"
    case.explain(
        Stage.ROUTE,
        case.incident.owner,
        f"{matchers}: owner {seen.route.owner}; {case.incident.severity} goes to {case.incident.owner} first",
        rule=seen.route.name,
    )


def origin(seen: Seen) -> dict[str, str]:
    detail = {"alert": seen.alert.name, "source": seen.alert.source, "severity": seen.verdict.severity.value}
    return {**detail, "tier": seen.alert.tier} if seen.alert.tier else detail


def _new(office: Office, seen: Seen, key: str, now: datetime) -> Incident:
    alert, matrix = seen.alert, office.matrix()
    level = matrix.policy.level(seen.verdict.severity)
    return Incident(
        id=office.new_id(),
        key=key,
        environment=alert.environment,
        name=alert.name,
        title=alert.title or alert.name,
        title_pt=alert.title_pt or "",
        summary=alert.summary,
        summary_pt=alert.summary_pt or "",
        severity=seen.verdict.severity,
        state=IncidentState.OPEN,
        owner=matrix.owner(level, seen.route),
        assignee=matrix.assignee(level, seen.route, now),
        route=seen.route.name,
        policy_id=matrix.policy.id,
        opened_at=now,
        updated_at=now,
        slo_id=alert.slo_id,
        objective=alert.objective,
        component=seen.component,
        runbook=alert.runbook,
        burn=alert.burn,
        labels=seen.labels,
        links=alert.links,
        customers_affected=alert.customers_affected,
    )


def reassign_to_level(case: Case) -> Incident:
    """Owner and duty person as the matrix says for the severity it has now."""
    route = next(route for route in case.matrix.policy.routes if route.name == case.incident.route)
    return replace(
        case.incident,
        owner=case.matrix.owner(case.level, route),
        assignee=case.matrix.assignee(case.level, route, case.now),
    )


def _damp(case: Case) -> None:
    damping = case.matrix.policy.flapping
    if is_flapping(case.tx.transitions(case.incident.id), damping, case.now):
        stable_at = case.now + damping.stable_for
        case.tx.set_timer(Timer(case.incident.id, TimerKind.STABLE, stable_at))
        case.explain(
            Stage.FLAP_DAMP,
            "flapping",
            f"reopened {damping.changes} times within {damping.within}: held until it is quiet for "
            f"{damping.stable_for}",
            rule="noise.flapping",
        )


def _stage(hold: Hold) -> Stage:
    return {
        HoldKind.SILENCE: Stage.SILENCE,
        HoldKind.CAUSE: Stage.INHIBIT,
        HoldKind.FLAPPING: Stage.FLAP_DAMP,
    }[hold.kind]


def _sentence(hold: Hold) -> str:
    return {
        HoldKind.SILENCE: f"silence {hold.by} covers it",
        HoldKind.CAUSE: f"incident {hold.by} explains it and is being worked on",
        HoldKind.FLAPPING: "it flaps",
    }[hold.kind]
