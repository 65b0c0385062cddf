"""The second line: what to do now."""

from __future__ import annotations

from alarms.model.incident import IncidentState
from alarms.notify.text.ending import LONGEST_NAME, ending_line
from alarms.notify.text.plain import clock, line
from alarms.notify.text.telling import ASKS, Telling
from alarms.notify.text.words import ROLE
from foundation.bilingual import Text

ONE_TAP = Text("Acknowledge with one tap: {0}", "Assuma com um toque: {0}")
COMMAND = Text("Acknowledge: `mirante alerts ack {0}`", "Assuma: `mirante alerts ack {0}`")
TAKEN = Text("Acknowledged by {0} at {1}, and still open.", "Assumido por {0} em {1}, e continua aberto.")
ON_DUTY = Text("On duty: {0} ({1})", "De plantão: {0} ({1})")
WHOLE_TEAM = Text("On duty: everybody of {0}", "De plantão: toda a equipe {0}")


def action_line(telling: Telling, language: str) -> str:
    if telling.is_over:
        return ending_line(telling, language)
    incident, role = telling.incident, ROLE[telling.step].of(language)
    if incident.state is IncidentState.ACKNOWLEDGED:
        return f"{role} {_taken(telling, language)}"
    if telling.step in ASKS:
        return f"{role} {how_to_acknowledge(telling.acknowledge, incident.id, language)}"
    return role


def _taken(telling: Telling, language: str) -> str:
    incident = telling.incident
    at = clock(incident.acknowledged_at or incident.updated_at, telling.since, telling.zone, language)
    return TAKEN.of(language).format(line(incident.acknowledged_by or "?", LONGEST_NAME), at)


def how_to_acknowledge(link: str, incident_id: str, language: str) -> str:
    """By the link, or, where no address is known, by the command."""
    return ONE_TAP.of(language).format(link) if link else COMMAND.of(language).format(incident_id)


def duty_line(telling: Telling, language: str) -> str:
    person, team = telling.incident.assignee, telling.team(language)
    if person is None:
        return WHOLE_TEAM.of(language).format(team)
    name = line(telling.people.name_of(person), LONGEST_NAME)
    return ON_DUTY.of(language).format(name, team)
