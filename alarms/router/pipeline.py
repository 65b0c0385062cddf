"""The stages an alert goes through, each a small step whose verdict is kept.

Normalising and fingerprinting happen at intake; then: deduplicate, classify, correlate, inhibit, silence,
flap-damp, route, notify, escalate. Everything one alert changes is one transaction.
"""

from __future__ import annotations

from datetime import datetime

from alarms.model.alert import Alert, AlertState
from alarms.model.decision import Stage
from alarms.model.incident import HoldKind, Incident, TransitionKind
from alarms.model.timer import Timer, TimerKind
from alarms.router.attachment import let_go_symptoms
from alarms.router.case import Case
from alarms.router.fingerprint import incident_key, member_of
from alarms.router.office import Office
from alarms.router.opening import open_incident, origin, reopen_incident
from alarms.router.seen import Seen, examine
from alarms.router.storm import storm_of
from alarms.router.worth import review, worst_firing
from alarms.stores.protocol import RouterTransaction

BY_ALERTS = "alerts"
# In a storm the alerts themselves are the record; a history of thousands of "joined" tells nobody anything.
HISTORY_LIMIT = 200


def receive(office: Office, tx: RouterTransaction, alert: Alert, now: datetime) -> str | None:
    """The id of the incident the alert belongs to; None if it belongs to none."""
    member = member_of(alert)
    seen = examine(office, alert, member, tx.alert(member))
    if alert.state is AlertState.RESOLVED:
        return _cleared(office, tx, seen, now)
    return _firing(office, tx, seen, now)


def _firing(office: Office, tx: RouterTransaction, seen: Seen, now: datetime) -> str | None:
    again = seen.seen_again()
    if again is not None and seen.is_stale(now):
        tx.save_alert(again)
        return again.incident_id or None
    key = incident_key(seen.alert, seen.labels, seen.route)
    incident = _current(tx, seen) or tx.newest_incident(key)
    if incident is not None and incident.is_open:
        return _join(office.case(tx, incident, now), seen)
    if incident is not None:
        return _after_resolution(office, tx, seen, incident, now)
    return _begin(office, tx, seen, key, now)


def _begin(office: Office, tx: RouterTransaction, seen: Seen, key: str, now: datetime) -> str:
    """An incident of its own, unless so many begin at once that nobody could read them."""
    storm = storm_of(office, tx, seen, now)
    if storm is None:
        return open_incident(office, tx, seen, key, now)
    incident = tx.newest_incident(storm.key)
    if incident is not None and incident.is_open:
        return _join(office.case(tx, incident, now), seen)
    return open_incident(office, tx, seen, storm.key, now, storm.title)


def _current(tx: RouterTransaction, seen: Seen) -> Incident | None:
    """The open incident that this very alert belongs to already."""
    incident = tx.incident(seen.record.incident_id) if seen.record is not None and seen.was_firing else None
    return incident if incident is not None and incident.is_open else None


def _join(case: Case, seen: Seen) -> str:
    """One more alert of the incident, or one that is known already."""
    record = seen.record
    known = record is not None and record.incident_id == case.incident.id and seen.was_firing
    case.tx.save_alert(seen.remembered(case.incident.id, case.wall))
    _refresh(case, seen)
    if known and record is not None and record.severity is seen.verdict.severity:
        return case.incident.id
    if case.incident.number < HISTORY_LIMIT:
        _explain_join(case, seen, known=known)
    _unsettle(case)
    review(case)
    return case.incident.id


def _explain_join(case: Case, seen: Seen, *, known: bool) -> None:
    if not known:
        case.change(TransitionKind.ALERT_JOINED, detail=origin(seen))
        case.explain(Stage.DEDUPLICATE, "joined", f"same key {case.incident.key}", alert=seen.member)
    for rule, reason in seen.verdict.reasons:
        case.explain(Stage.CLASSIFY, seen.verdict.severity.value, reason, rule=rule, alert=seen.member)


def _refresh(case: Case, seen: Seen) -> None:
    """The arithmetic of the worst tier, as it is now."""
    burn, incident = seen.alert.burn, case.incident
    if burn is None or burn == incident.burn:
        return
    same_tier = incident.burn is None or incident.burn.tier == burn.tier
    if same_tier or not incident.severity.worse_than(seen.verdict.severity):
        case.quietly(burn=burn, summary=seen.alert.summary, summary_pt=seen.alert.summary_pt or "")


def _after_resolution(
    office: Office, tx: RouterTransaction, seen: Seen, incident: Incident, now: datetime
) -> str | None:
    policy = office.matrix_of(tx, incident).policy
    ago = now - (incident.resolved_at or now)
    if seen.was_firing and incident.resolved_by != BY_ALERTS:
        if ago < policy.reopen_within:
            tx.save_alert(seen.remembered(incident.id, now))
            return incident.id
        return reopen_incident(office, tx, seen, incident, now, f"still firing {ago} after it was resolved")
    if ago <= policy.reopen_within:
        return reopen_incident(office, tx, seen, incident, now, f"fires again after {ago}")
    return _begin(office, tx, seen, incident.key, now)


def _cleared(office: Office, tx: RouterTransaction, seen: Seen, now: datetime) -> str | None:
    again = seen.seen_again()
    if again is None:
        tx.save_alert(seen.remembered("", now))
        return None
    if not seen.was_firing or seen.is_older_than_known():
        tx.save_alert(again)
        return again.incident_id or None
    tx.save_alert(seen.remembered(again.incident_id, now))
    incident = tx.incident(again.incident_id)
    if incident is None or not incident.is_open:
        return again.incident_id or None
    case = office.case(tx, incident, now)
    if incident.number < HISTORY_LIMIT:
        case.change(TransitionKind.ALERT_CLEARED, detail=origin(seen))
        case.explain(Stage.DEDUPLICATE, "cleared", "its source says it is over", alert=seen.member)
    _settle(office, case)
    return incident.id


def _settle(office: Office, case: Case) -> None:
    """Over when its last alert is; a flapping one waits until it is stable."""
    if worst_firing(case) is not None:
        review(case)
    elif not _unsettle(case):
        resolve_by_alerts(office, case)


def resolve_by_alerts(office: Office, case: Case) -> None:
    case.resolve(BY_ALERTS, "every alert cleared")
    let_go_symptoms(office, case)


def _unsettle(case: Case) -> bool:
    """Whether it is flapping: then every change starts the quiet time anew."""
    hold = case.incident.hold
    if hold is None or hold.kind is not HoldKind.FLAPPING:
        return False
    stable_at = case.now + case.matrix.policy.flapping.stable_for
    case.tx.set_timer(Timer(case.incident.id, TimerKind.STABLE, stable_at))
    return True
