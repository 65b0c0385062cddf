"""What to look at and to do: the alert rule's own words and runbook first, then ours."""

from __future__ import annotations

import re

from alarms.model.incident import Incident
from alarms.notify.text.headline import has_short_summary, summary, what
from alarms.notify.text.plain import line, lines
from alarms.policy.runbook import GENERIC, Runbook
from foundation.bilingual import Text

STEPS_SHOWN = 5
LONGEST_TEXT, LONGEST_LINK = 1_500, 500
RUNBOOK = "runbook"  # the name of the rule's own among an incident's links
OWN_RUNBOOK = Text("Runbook of this alert: {0}", "Runbook deste alerta: {0}")
NAMES = {
    "dashboard": Text("Dashboard", "Painel"),
    "source": Text("Source", "Origem"),
    "page": Text("Incident", "Incidente"),
}
_ID = re.compile(r"(mirante alerts [a-z]+) ID\b")
_SLO = re.compile(r"(mirante slo [a-z]+) SLO\b")


def in_its_own_words(incident: Incident, language: str) -> list[str]:
    """Summary and description of the rule, as far as the first line does not say them already."""
    said = what(incident, language)
    texts = [] if has_short_summary(incident, language) else [summary(incident, language)]
    texts.append((incident.description_pt if language == "pt" else "") or incident.description)
    shown: list[str] = []
    for text in texts if incident.burn is None else texts[1:]:
        if text and text not in said and text not in "\n".join(shown):
            shown += lines(text, LONGEST_TEXT)
    return shown


def own_runbook(incident: Incident, language: str) -> list[str]:
    address = incident.links.get(RUNBOOK, "")
    return [OWN_RUNBOOK.of(language).format(line(address, LONGEST_LINK))] if address else []


def our_runbook(runbook: Runbook | None, address: str, incident: Incident, language: str) -> list[str]:
    """Its first steps, the commands ready to be copied. Advice for any alert is left out beside the rule's
    own."""
    own = incident.links.get(RUNBOOK, "")
    if runbook is None or (own and runbook.id == GENERIC):
        return []
    steps = runbook.steps_pt if language == "pt" else runbook.steps
    filled = [
        _SLO.sub(rf"\1 {incident.slo_id or 'SLO'}", _ID.sub(rf"\1 {incident.id}", step))
        for step in steps[:STEPS_SHOWN]
    ]
    heading = f"Runbook: {runbook.title_pt if language == 'pt' else runbook.title}"
    numbered = [f"{number}. {step}" for number, step in enumerate(filled, start=1)]
    return [heading, *numbered, *([address] if address and address != own else [])]


def other_links(incident: Incident, page: str, language: str) -> list[str]:
    found = {name: url for name, url in sorted(incident.links.items()) if name != RUNBOOK}
    if page:
        found["page"] = page
    shown = [
        f"{NAMES[name].of(language) if name in NAMES else name}: {line(url, LONGEST_LINK)}"
        for name, url in found.items()
    ]
    return shown if page else [*shown, f"mirante alerts show {incident.id}"]
