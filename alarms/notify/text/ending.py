"""How an incident ended: by whom or what, after how long."""

from __future__ import annotations

from alarms.model.incident import BY_ALERTS, NOT_REPORTED
from alarms.notify.text.plain import line
from alarms.notify.text.telling import Telling
from foundation.bilingual import Text
from foundation.quantities import span_text

LONGEST_NAME, LONGEST_NOTE = 80, 300
CLEARED = Text("resolved after {0}, every alert cleared", "resolvido após {0}, todos os alertas cessaram")
UNREPORTED = Text(
    "closed after {0}, no longer reported by its source",
    "encerrado após {0}, a origem não o reporta mais",
)
BY_SOMEBODY = Text("resolved by {1} after {0}", "resolvido por {1} após {0}")


def how_it_ended(telling: Telling, language: str) -> str:
    by = telling.incident.resolved_by or BY_ALERTS
    said = {BY_ALERTS: CLEARED, NOT_REPORTED: UNREPORTED}.get(by, BY_SOMEBODY)
    return said.of(language).format(span_text(telling.took, " "), line(by, LONGEST_NAME))


def ending_line(telling: Telling, language: str) -> str:
    """As a sentence, with what whoever resolved it left for the others."""
    said = how_it_ended(telling, language)
    note = telling.history[-1].detail.get("note", "") if telling.history else ""
    by_person = telling.incident.resolved_by not in (None, BY_ALERTS, NOT_REPORTED)
    sentence = f"{said[:1].upper()}{said[1:]}"
    return f"{sentence}: {line(note, LONGEST_NOTE)}" if note and by_person else f"{sentence}."
