"""The list of incidents, and one incident with everything the router knows of it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from alarms.model.alert import BurnArithmetic
from alarms.model.errors import InvalidRequest
from alarms.model.incident import Transition
from alarms.model.notification import Delivery
from alarms.router.desk import IncidentPage
from app.console.incident_view import arithmetic_lines, incident_view, target_name
from app.console.objective_view import accuracy_text, slo_text
from app.console.ports import ConsoleDependencies
from app.console.visits import Reader
from slo.model.errors import UnknownSlo

EVERYTHING = "all"
SHOWN = 100  # incidents on a page


@dataclass(frozen=True, slots=True)
class TimelineRow:
    number: int
    at: str
    instant: str
    what: str
    actor: str
    details: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    target: str
    step: str
    channel: str
    state: str
    at: str
    attempts: int
    error: str
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """The page's numbers as lines that can be redone by hand."""

    lines: tuple[str, ...]
    accuracy: str


def incident_list(
    deps: ConsoleDependencies, reader: Reader, state: str, cursor: str
) -> dict[str, object] | None:
    """Open ones, the most severe first, or ``all``, the newest first; how many are left, and where they are.

    None: there is no such page. Raises ``AlarmsError`` when the router's store cannot be read.
    """
    everything = state == EVERYTHING
    try:
        page = (deps.desk.newest_page if everything else deps.desk.open_page)(SHOWN, cursor)
    except InvalidRequest:
        return None
    return {
        "incidents": [incident_view(deps, incident, reader) for incident in page.alerts],
        "everything": everything,
        "left": page.left,
        "further": further(page, EVERYTHING if everything else ""),
    }


def further(page: IncidentPage, state: str = "") -> str:
    """Where those are that the page leaves out; "": it has them all."""
    asked = {"state": state, "cursor": page.next} if state else {"cursor": page.next}
    return f"/console/incidents?{urlencode(asked)}" if page.next else ""


def incident_page(deps: ConsoleDependencies, incident_id: str, reader: Reader) -> dict[str, object]:
    """Everything behind one incident.

    Raises:
        UnknownIncident: no incident has that id.
    """
    explained = deps.desk.explain(incident_id)
    incident = explained.incident
    escalation = deps.escalation(incident)
    return {
        "incident": incident_view(deps, incident, reader),
        "arithmetic": None if incident.burn is None else arithmetic(incident.burn, reader),
        "timeline": [_timeline_row(transition, reader) for transition in explained.timeline],
        "deliveries": [
            _delivery_row(
                delivery, target_name(escalation, delivery.notification.target, reader.language), reader
            )
            for delivery in explained.deliveries
        ],
        "decisions": explained.decisions,
        "alerts": explained.alerts,
        "labels": sorted(incident.labels.items()),
        "slo_name": _slo_name(deps, incident.slo_id, reader),
        "slo_href": None if incident.slo_id is None else f"/console/slo/{incident.slo_id}",
    }


def arithmetic(burn: BurnArithmetic, reader: Reader) -> Arithmetic:
    """``bad ÷ all = burn``, both windows, the factor, the budget spent, the end of it; and how exact."""
    lines = arithmetic_lines(burn, reader.texts, reader.formats)
    return Arithmetic(lines, accuracy_text(burn.error_bound, reader))


def _timeline_row(transition: Transition, reader: Reader) -> TimelineRow:
    return TimelineRow(
        number=transition.number,
        at=reader.formats.instant(transition.at) + reader.formats.local(transition.at).strftime(":%S"),
        instant=transition.at.isoformat(),
        what=reader.texts.word("transition", transition.kind.value),
        actor=transition.actor,
        details=tuple((name, value) for name, value in transition.detail.items() if value),
    )


def _delivery_row(delivery: Delivery, target: str, reader: Reader) -> DeliveryRow:
    note = delivery.notification
    portuguese = reader.language == "pt"
    return DeliveryRow(
        target=target,
        step=reader.texts.word("step", note.step.value),
        channel=note.channel,
        state=reader.texts.word("delivery", delivery.state.value),
        at=reader.formats.instant(delivery.sent_at or delivery.next_attempt_at),
        attempts=delivery.attempts,
        error=delivery.last_error or "",
        subject=note.message.subject_pt if portuguese else note.message.subject,
        body=note.message.body_pt if portuguese else note.message.body,
    )


def _slo_name(deps: ConsoleDependencies, slo_id: str | None, reader: Reader) -> str | None:
    if slo_id is None:
        return None
    try:
        return slo_text(deps.catalogue.slo(slo_id), "display_name", reader.language)
    except UnknownSlo:
        return slo_id
