"""What an incident says of itself: the words of the alert that it speaks for just now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alarms.model.alert import Alert, AlertState
from alarms.model.incident import AlertRecord, AlertWords
from alarms.router.context import IncidentUpdate
from alarms.router.silence import loudest, silence_of

STORM = "Storm of"  # how the title of an incident of many begins, whoever it speaks for


def words_of(alert: Alert) -> Mapping[str, Any]:
    """Fields of an ``Incident``, in both languages: none of them is left from another alert."""
    return {
        "summary": alert.summary,
        "summary_pt": alert.summary_pt or "",
        "description": alert.description,
        "description_pt": alert.description_pt,
        "links": alert.links,
    }


def speak_for_the_loudest(update: IncidentUpdate) -> None:
    """An open incident speaks for the worst firing alert that no silence covers, and for the one that it has
    spoken for while that is as bad. A burn has one voice: the arithmetic of its worst tier."""
    incident = update.incident
    if not incident.is_open or incident.slo_id is not None or _speaks_well(update):
        return
    record = loudest(update)
    if record is not None and record.member != incident.speaker:
        _speak_for(update, record)


def _speaks_well(update: IncidentUpdate) -> bool:
    record = update.tx.alert(update.incident.speaker) if update.incident.speaker else None
    return (
        record is not None
        and record.incident_id == update.incident.id
        and record.state is AlertState.FIRING
        and not update.incident.severity.worse_than(record.severity)
        and silence_of(update, record) is None
    )


def _speak_for(update: IncidentUpdate, record: AlertRecord) -> None:
    words = record.words or AlertWords(record.name)
    if not update.incident.title.startswith(STORM):
        update.amend(title=words.title, title_pt=words.title_pt)
    update.amend(
        speaker=record.member,
        labels=record.labels or update.incident.labels,
        summary=words.summary,
        summary_pt=words.summary_pt,
        description=words.description,
        description_pt=words.description_pt,
        runbook=words.runbook,
        links=words.links,
    )
