"""The fault's events in ledger time, in both languages, from the router's own timeline."""

from __future__ import annotations

from alarms.model.incident import TransitionKind
from alarms.model.notification import DeliveryState
from alarms.router.router import Router
from app.demo.fault_phase import FaultRun
from app.demo.parameters import Parameters
from app.demo.report.model import BiText, Milestone, TimelineEvent

SHOWN = {
    TransitionKind.ACKNOWLEDGED: (Milestone.ACKNOWLEDGED, "acknowledged", "reconhecido"),
    TransitionKind.ESCALATED: (Milestone.ESCALATED, "escalated", "escalonado"),
    TransitionKind.RESOLVED: (Milestone.RESOLVED, "resolved", "resolvido"),
}


def timeline(run: FaultRun, router: Router, parameters: Parameters) -> tuple[TimelineEvent, ...]:
    """Ordered by time."""
    events = [*_switches(run, parameters)]
    if run.incident is not None:
        events += _incident_events(run, router)
    return tuple(sorted(events, key=lambda event: event.at))


def _switches(run: FaultRun, parameters: Parameters) -> list[TimelineEvent]:
    events = []
    if run.on_at is not None:
        share = f"{100 * parameters.fault.error_ratio:.0f} %"
        text = BiText(
            f"fault on: {share} of calls to the {parameters.store} store fail",
            f"falha ligada: {share} das chamadas ao banco {parameters.store} falham",
        )
        events.append(TimelineEvent(run.on_at, Milestone.FAULT_ON, text))
    if run.off_at is not None:
        events.append(TimelineEvent(run.off_at, Milestone.FAULT_OFF, BiText("fault off", "falha desligada")))
    return events


def _incident_events(run: FaultRun, router: Router) -> list[TimelineEvent]:
    assert run.incident is not None
    incident = run.incident
    opened = BiText(
        f"incident {incident.severity.value} opened for {incident.owner}",
        f"incidente {incident.severity.value} aberto para {incident.owner}",
    )
    events = [TimelineEvent(incident.opened_at, Milestone.INCIDENT, opened)]
    for alert in router.explain(incident.id).alerts:
        fired = BiText(f"{alert.name} fired", f"{alert.name} disparou")
        events.append(TimelineEvent(alert.received_at, Milestone.ALERT_FIRED, fired))
        if alert.ends_at is not None:
            ended = BiText(f"{alert.name} ended", f"{alert.name} terminou")
            events.append(TimelineEvent(alert.ends_at, Milestone.ALERT_RESOLVED, ended))
    for step in router.timeline(incident.id):
        if step.kind in SHOWN:
            milestone, en, pt = SHOWN[step.kind]
            text = BiText(f"{en} by {step.actor}", f"{pt} por {step.actor}")
            events.append(TimelineEvent(step.at, milestone, text))
    for delivery in router.notifications(incident.id):
        if delivery.state is DeliveryState.SENT and delivery.sent_at is not None:
            note = delivery.notification
            text = BiText(
                f"told {note.target}: {note.message.subject}",
                f"avisado {note.target}: {note.message.subject_pt}",
            )
            events.append(TimelineEvent(delivery.sent_at, Milestone.NOTIFIED, text))
    return events
