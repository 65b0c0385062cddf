"""What a telephone call says: what, where, since when, for whom, and how to acknowledge."""

from __future__ import annotations

from alarms.notify.text.ending import LONGEST_NAME, how_it_ended
from alarms.notify.text.headline import title, where
from alarms.notify.text.plain import clock, line, spoken, zone_name
from alarms.notify.text.telling import Telling, asks_to_acknowledge
from alarms.notify.text.words import WHY
from foundation.bilingual import Text

CALL = Text(
    "Mirante calls {who}. {severity}: {what}. {why}. Where: {where}. Since {since}. {acknowledge}",
    "Mirante chama {who}. {severity}: {what}. {why}. Onde: {where}. Desde {since}. {acknowledge}",
)
MINUS, PLUS = Text(" minus ", " menos "), Text(" plus ", " mais ")
OVER = Text(
    "Mirante calls {who}. {severity}: {what}, {ended}.", "Mirante chama {who}. {severity}: {what}, {ended}."
)
ACKNOWLEDGE = {
    True: Text(
        "To acknowledge, open the link in your text message.",
        "Para assumir, abra o link na sua mensagem de texto.",
    ),
    False: Text(
        "To acknowledge, run mirante alerts ack, or open the console.",
        "Para assumir, execute mirante alerts ack, ou abra o console.",
    ),
}


def call(telling: Telling, language: str) -> str:
    incident = telling.incident
    named = title(incident, language)
    said = {"who": _who(telling, language), "severity": incident.severity.value, "what": named}
    if telling.is_over:
        return spoken(OVER.of(language).format(**said, ended=how_it_ended(telling, language)))
    at = clock(telling.since, incident.updated_at, telling.zone, language)
    asked = asks_to_acknowledge(incident, telling.step)
    return spoken(
        CALL.of(language).format(
            **said,
            why=WHY[telling.kind].of(language),
            where=where(incident, language, named).replace("=", " "),
            since=f"{at} {_zone(telling, language)}",
            acknowledge=ACKNOWLEDGE[bool(telling.acknowledge)].of(language) if asked else "",
        )
    )


def _zone(telling: Telling, language: str) -> str:
    """A voice swallows a sign."""
    name = zone_name(telling.since, telling.zone)
    return name.replace("-", MINUS.of(language)).replace("+", PLUS.of(language))


def _who(telling: Telling, language: str) -> str:
    team, _, person = telling.target.partition(":")
    if person:
        return line(telling.people.name_of(person), LONGEST_NAME)
    names = {each.id: each.name.of(language) for each in telling.policy.teams}
    return line(names.get(team, team), LONGEST_NAME)
