"""The fault as the ledger and the router tell it: minutes of events and burns, and what happened when."""

from __future__ import annotations

from datetime import datetime, timedelta

from alarms.model.incident import TransitionKind
from alarms.model.notification import DeliveryState
from alarms.router.router import Router
from app.demo.parameters import Parameters
from app.demo.report.facts import slo_name, throughput
from app.demo.report.model import FaultFacts, Milestone, MinutePoint, TimelineEvent
from app.demo.seen import FaultRun
from foundation.bilingual import Text
from foundation.quantities import duration_text
from slo.judge.burn_rate import WindowBurn
from slo.ledger.ledger import Ledger, series_key
from slo.model.periods import MINUTE, floor_minute
from slo.model.spec import Objective, Slo, Tier

BEFORE = timedelta(minutes=10)
AFTER = timedelta(minutes=3)
SHOWN = {
    TransitionKind.ACKNOWLEDGED: (Milestone.ACKNOWLEDGED, "acknowledged", "reconhecido"),
    TransitionKind.ESCALATED: (Milestone.ESCALATED, "escalated", "escalonado"),
    TransitionKind.RESOLVED: (Milestone.RESOLVED, "resolved", "resolvido"),
}


def fault_facts(
    run: FaultRun, parameters: Parameters, slo: Slo, ledger: Ledger, router: Router, environment: str
) -> FaultFacts | None:
    """``None`` when no fault was put in."""
    if parameters.store is None or run.on_at is None or run.off_at is None:
        return None
    tier = next(tier for tier in slo.tiers if tier.severity == "P1")
    until = (
        run.off_at if run.resolved is None or run.resolved.resolved_at is None else run.resolved.resolved_at
    )
    notes = () if run.incident is None else router.notifications(run.incident.id)
    incident = run.resolved or run.incident
    return FaultFacts(
        store=parameters.store,
        error_ratio=parameters.fault.error_ratio,
        delay_seconds=parameters.fault.delay_seconds,
        slo_id=slo.id,
        slo_name=slo_name(slo),
        minutes=_minutes(ledger, slo, tier, environment, run.on_at, until),
        factor=float(tier.factor(slo.window.length)),
        long_window=duration_text(tier.long_window),
        short_window=duration_text(tier.short_window),
        events=_timeline(run, router, parameters),
        burn=None if run.incident is None else run.incident.burn,
        severity=None if incident is None else incident.severity.value,
        incident_id=None if incident is None else incident.id,
        notifications=tuple(
            Text(note.notification.message.body, note.notification.message.body_pt) for note in notes
        ),
        sending=throughput(run.answers, run.seconds),
    )


def _minutes(
    ledger: Ledger, slo: Slo, tier: Tier, environment: str, since: datetime, until: datetime
) -> tuple[MinutePoint, ...]:
    """Every ledger minute from a little before to a little after, with both burns at its end."""
    objective = slo.objectives[0]
    key = series_key(slo, objective, environment, ())
    start, end = floor_minute(since - BEFORE), floor_minute(until + AFTER)
    rows = ledger.minutes(key, start, end)
    points = []
    for number in range((end - start) // MINUTE):
        minute = start + number * MINUTE
        row = rows.get(minute)
        points.append(
            MinutePoint(
                minute=minute,
                good=None if row is None else row.good,
                bad=None if row is None else row.bad,
                long_burn=_burn(ledger, slo, objective, environment, tier.long_window, minute + MINUTE),
                short_burn=_burn(ledger, slo, objective, environment, tier.short_window, minute + MINUTE),
            )
        )
    return tuple(points)


def _burn(
    ledger: Ledger, slo: Slo, objective: Objective, environment: str, window: timedelta, end: datetime
) -> float | None:
    counts = ledger.counts(series_key(slo, objective, environment, ()), end - window, end)
    burn = WindowBurn(window, end - window, end, counts, objective.budget).burn
    return None if burn is None else float(burn)


def _timeline(run: FaultRun, router: Router, parameters: Parameters) -> tuple[TimelineEvent, ...]:
    """Ordered by time."""
    events = [*_switches(run, parameters)]
    if run.incident is not None:
        events += _incident_events(run, router)
    return tuple(sorted(events, key=lambda event: event.at))


def _switches(run: FaultRun, parameters: Parameters) -> list[TimelineEvent]:
    events = []
    if run.on_at is not None:
        share = f"{100 * parameters.fault.error_ratio:.0f} %"
        text = Text(
            f"fault on: {share} of calls to the {parameters.store} store fail",
            f"falha ligada: {share} das chamadas ao banco {parameters.store} falham",
        )
        events.append(TimelineEvent(run.on_at, Milestone.FAULT_ON, text))
    if run.off_at is not None:
        events.append(TimelineEvent(run.off_at, Milestone.FAULT_OFF, Text("fault off", "falha desligada")))
    return events


def _incident_events(run: FaultRun, router: Router) -> list[TimelineEvent]:
    assert run.incident is not None
    incident = run.incident
    opened = Text(
        f"incident {incident.severity.value} opened for {incident.owner}",
        f"incidente {incident.severity.value} aberto para {incident.owner}",
    )
    events = [TimelineEvent(incident.opened_at, Milestone.INCIDENT, opened)]
    for alert in router.explain(incident.id).alerts:
        fired = Text(f"{alert.name} fired", f"{alert.name} disparou")
        events.append(TimelineEvent(alert.received_at, Milestone.ALERT_FIRED, fired))
        if alert.ends_at is not None:
            ended = Text(f"{alert.name} ended", f"{alert.name} terminou")
            events.append(TimelineEvent(alert.ends_at, Milestone.ALERT_RESOLVED, ended))
    for step in router.timeline(incident.id):
        if step.kind in SHOWN:
            milestone, en, pt = SHOWN[step.kind]
            text = Text(f"{en} by {step.actor}", f"{pt} por {step.actor}")
            events.append(TimelineEvent(step.at, milestone, text))
    for delivery in router.notifications(incident.id):
        if delivery.state is DeliveryState.SENT and delivery.sent_at is not None:
            note = delivery.notification
            text = Text(
                f"told {note.target}: {note.message.subject}",
                f"avisado {note.target}: {note.message.subject_pt}",
            )
            events.append(TimelineEvent(delivery.sent_at, Milestone.NOTIFIED, text))
    return events
