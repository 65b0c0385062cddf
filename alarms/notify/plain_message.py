"""A message from the bare facts, for when what makes the usual text is broken; it shares little with that."""

from __future__ import annotations

import logging
from datetime import UTC

from alarms.model.incident import Incident, TransitionKind
from alarms.model.notification import Message, NotifyStep
from alarms.notify.links import Links
from alarms.notify.text.plain import SMS, line, lines, sms
from alarms.notify.text.telling import asks_to_acknowledge
from alarms.notify.text.words import WHY
from foundation.bilingual import Text

LOG = logging.getLogger(__name__)
LONGEST_TITLE, LONGEST_SUMMARY, LONGEST_PROBLEM = 150, 500, 600
ACKNOWLEDGE = Text("Acknowledge: {0}", "Assuma: {0}")
SKIPPED = Text(
    "A part of the router failed on this alert and was skipped: {0}",
    "Uma parte do roteador falhou neste alerta e foi ignorada: {0}",
)


def plain_message(
    incident: Incident, kind: TransitionKind, step: NotifyStep, problem: str, links: Links, target: str
) -> Message:
    """``problem`` says what was broken ("": nothing)."""
    page, link = _page_and_link(incident, step, links, target)
    command = f"`mirante alerts ack {incident.id}`" if asks_to_acknowledge(incident, step) else ""
    known = page or f"mirante alerts show {incident.id}"
    return Message(
        f"[{incident.severity}] {_title(incident, 'en')}: {_why(kind).en}",
        f"[{incident.severity}] {_title(incident, 'pt')}: {_why(kind).pt}",
        _body(incident, problem, link or command, known, "en"),
        _body(incident, problem, link or command, known, "pt"),
        _short(incident, link, "en"),
        _short(incident, link, "pt"),
        page,
        link,
    )


def _page_and_link(incident: Incident, step: NotifyStep, links: Links, target: str) -> tuple[str, str]:
    """What makes links may be the very part that fails."""
    try:
        link = links.acknowledge(incident, target) if asks_to_acknowledge(incident, step) else ""
        return links.page(incident.id), link
    except Exception:
        LOG.exception("no link can be made", extra={"incident": incident.id})
        return "", ""


def _body(incident: Incident, problem: str, acknowledge: str, page: str, language: str) -> str:
    since = f"{(incident.began_at or incident.opened_at).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    summary = (incident.summary_pt if language == "pt" else "") or incident.summary
    found = [f"{_title(incident, language)} · {incident.environment} · {since} · {incident.severity}"]
    if acknowledge:
        found.append(ACKNOWLEDGE.of(language).format(acknowledge))
    found += lines(summary, LONGEST_SUMMARY)
    if problem:
        found.append(SKIPPED.of(language).format(line(problem, LONGEST_PROBLEM)))
    return "\n".join([*found, page])


def _title(incident: Incident, language: str) -> str:
    slo = f"{incident.slo_id}: " if incident.slo_id else ""
    title = (incident.title_pt if language == "pt" else "") or incident.title
    return line(f"{slo}{title}", LONGEST_TITLE)


def _why(kind: TransitionKind) -> Text:
    return WHY.get(kind, WHY[TransitionKind.OPENED])


def _short(incident: Incident, link: str, language: str) -> str:
    """The link, if that leaves a third for what it is about."""
    end = f" {link}" if link and len(link) <= SMS * 2 // 3 else ""
    since = f"{(incident.began_at or incident.opened_at).astimezone(UTC):%H:%M} UTC"
    said = f"{incident.severity} {since} {_title(incident, language)}, {incident.environment}"
    return f"{sms(said, SMS - len(end))}{end}"
