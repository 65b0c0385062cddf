"""The first line: what, where, since when, how bad; and all that matters in one SMS."""

from __future__ import annotations

from collections.abc import Mapping

from alarms.model.incident import Incident, TransitionKind
from alarms.notify.text.ending import how_it_ended
from alarms.notify.text.plain import SMS, clock, line, moment, sms, zone_name
from alarms.notify.text.telling import Telling
from alarms.notify.text.words import WHY
from foundation.bilingual import Text

LONGEST_TITLE, LONGEST_SUMMARY, LONGEST_VALUE, LONGEST_SUBJECT = 120, 140, 60, 150
LEAST_SHORT = 30  # characters of an SMS for what and where
LABELS_SHOWN = 4
# What tells one alert from the next, the closest first; other labels follow by name.
CLOSEST = (
    "instance",
    "host",
    "node",
    "pod",
    "device",
    "mountpoint",
    "queue",
    "database",
    "component",
    "service",
    "job",
    "namespace",
    "cluster",
    "region",
)
# Said elsewhere in the message, or of the machinery that brought the alert.
NOT_A_PLACE = frozenset(
    {
        *("alertname", "environment", "severity", "priority", "source", "tier", "slo", "objective"),
        *("team", "owner", "receiver", "monitor", "rule", "rulegroup", "prometheus", "prometheus_replica"),
        *("replica", "alert_key", "alarm_arn", "suppressed_by", "labels_left_out", "about"),
    }
)
OF_OUR_OWN = frozenset({"service", "component"})  # its SLO's id says as much
SINCE, ACKNOWLEDGE = Text("since", "desde"), Text("Ack", "Assumir")
MORE = Text("and {0} more alerts", "e mais {0} alertas")
ONE_MORE = Text("and 1 more alert", "e mais 1 alerta")
CUSTOMERS = Text("{0} customers affected", "{0} clientes afetados")


def title(incident: Incident, language: str) -> str:
    chosen = (incident.title_pt if language == "pt" else "") or incident.title
    return line(chosen, LONGEST_TITLE) or line(incident.name, LONGEST_TITLE)


def summary(incident: Incident, language: str) -> str:
    return (incident.summary_pt if language == "pt" else "") or incident.summary


def what(incident: Incident, language: str) -> str:
    """Title and summary, where that is one line; of a burn the summary is the arithmetic, which follows."""
    name, said = title(incident, language), summary(incident, language)
    if not has_short_summary(incident, language):
        return name
    return line(said, LONGEST_SUMMARY) if said.casefold().startswith(name.casefold()) else f"{name}: {said}"


def has_short_summary(incident: Incident, language: str) -> bool:
    said = summary(incident, language)
    return incident.slo_id is None and line(said, LONGEST_SUMMARY) == said != ""


def where(incident: Incident, language: str, beside: str) -> str:
    """The environment, and the labels that tell it from others like it, as far as ``beside`` does not."""
    place = [line(incident.environment, LONGEST_VALUE)]
    if incident.slo_id is not None:
        place.append(line(incident.slo_id, LONGEST_TITLE))
    said = " ".join((beside, *place)).casefold().split()
    shown = {
        line(name, LONGEST_VALUE): line(value, LONGEST_VALUE)
        for name, value in incident.labels.items()
        if name not in NOT_A_PLACE
        and not (incident.slo_id is not None and name in OF_OUR_OWN)
        and value.strip()
        and value.casefold() not in said
    }
    place += [f"{name}={shown[name]}" for name in _closest(shown)]
    more = incident.members - 1
    if more > 0:
        place.append((ONE_MORE if more == 1 else MORE).of(language).format(more))
    return ", ".join(place)


def _closest(labels: Mapping[str, str]) -> list[str]:
    known = [name for name in CLOSEST if name in labels]
    return [*known, *sorted(labels.keys() - set(known))][:LABELS_SHOWN]


def how_bad(telling: Telling, language: str) -> str:
    incident = telling.incident
    level = f"{incident.severity} {telling.policy.level(incident.severity).name.of(language)}"
    hit = incident.customers_affected
    return level if hit is None else f"{level}, {CUSTOMERS.of(language).format(hit)}"


def first_line(telling: Telling, language: str) -> str:
    incident = telling.incident
    since = f"{SINCE.of(language)} {moment(telling.since, telling.zone, language)}"
    said = what(incident, language)
    return " · ".join((said, where(incident, language, said), since, how_bad(telling, language)))


def subject(incident: Incident, kind: TransitionKind, language: str) -> str:
    """How bad, what and why. Several services may have a level of one title, so its id comes with it."""
    slo = f"{incident.slo_id}: " if incident.slo_id else ""
    why = WHY.get(kind, WHY[TransitionKind.OPENED]).of(language)
    named = line(f"[{incident.severity}] {slo}{title(incident, language)}", LONGEST_SUBJECT)
    return f"{named}: {why}"


def short(telling: Telling, language: str) -> str:
    """How bad, what, where, since when and the link, if that leaves enough for what."""
    incident, named = telling.incident, title(telling.incident, language)
    place = where(incident, language, named)
    if telling.is_over:
        return _in_one_sms(f"{incident.severity} {how_it_ended(telling, language)}:", named, place, "", "")
    at = clock(telling.since, incident.updated_at, telling.zone, language)
    since = f", {SINCE.of(language)} {at} {zone_name(telling.since, telling.zone)}."
    link = f" {ACKNOWLEDGE.of(language)}: {telling.acknowledge}" if telling.acknowledge else ""
    why = "" if telling.kind is TransitionKind.OPENED else f" {WHY[telling.kind].of(language)}:"
    heads = (f"{incident.severity}{why}", incident.severity.value)
    fits = next((head for head in heads if _room(head, since, link) >= LEAST_SHORT), "")
    return _in_one_sms(fits or heads[0], named, place, since, link if fits else "")


def _room(head: str, since: str, link: str) -> int:
    """For what and where."""
    return SMS - len(sms(head, SMS // 2)) - 1 - len(since) - len(link)


def _in_one_sms(head: str, named: str, place: str, since: str, link: str) -> str:
    """What and where are shortened to what the rest leaves them, the first to no more than its part."""
    room = _room(head, since, link) - len(", ")
    there, name = sms(place, room), sms(named, room)
    if len(there) + len(name) > room:
        there = sms(there, max(room // 2, room - len(name)))
    return f"{sms(head, SMS // 2)} {sms(name, room - len(there))}, {there}{since}{link}"
