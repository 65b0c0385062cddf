"""What has happened so far: who joined, what of the router failed, what people tried."""

from __future__ import annotations

from alarms.model.incident import Transition, TransitionKind
from alarms.notify.text.plain import clock, line
from alarms.notify.text.telling import BEGUN, Telling
from alarms.notify.text.words import TRIED
from foundation.bilingual import Text

LONGEST_NAME, LONGEST_NOTE, LONGEST_REASON = 120, 300, 300
TRIED_SHOWN = 10  # the last of them
JOINED = Text(
    "Joined since the last message: {count}, {members} in all: {names}{rest}.",
    "Entraram desde a última mensagem: {count}, {members} ao todo: {names}{rest}.",
)
REST = Text(" and {0} more", " e mais {0}")
SKIPPED = Text("The router skipped {0} ({1}).", "O roteador ignorou {0} ({1}).")
SO_FAR = Text("So far:", "Até agora:")


def joined(telling: Telling, language: str) -> list[str]:
    """Which alerts have joined since the last message, by what tells them apart."""
    incident = telling.incident
    if not incident.untold_count or incident.members <= 1:  # it speaks for the only one itself
        return []
    unnamed = incident.untold_count - len(incident.untold)
    return [
        JOINED.of(language).format(
            count=incident.untold_count,
            members=incident.members,
            names="; ".join(line(name, LONGEST_NAME) for name in incident.untold),
            rest=REST.of(language).format(unnamed) if unnamed else "",
        )
    ]


def passed_by(telling: Telling, language: str) -> list[str]:
    """What of the router failed on the way of this cycle's alerts."""
    since = max((entry.number for entry in telling.history if entry.kind in BEGUN), default=0)
    failed = {
        entry.detail.get("stage") or entry.detail.get("timer", ""): entry.detail.get("reason", "")
        for entry in telling.history
        if entry.kind is TransitionKind.FAILED_OPEN and entry.number > since
    }
    return [
        SKIPPED.of(language).format(part, line(reason, LONGEST_REASON)) for part, reason in failed.items()
    ]


def tried(telling: Telling, language: str) -> list[str]:
    """What people and the clocks did about it in this cycle, the last of it."""
    found = [entry for entry in telling.history if entry.kind in TRIED and entry.at >= telling.heard_at]
    found = found[-TRIED_SHOWN:]
    return [SO_FAR.of(language), *(_entry(entry, telling, language) for entry in found)] if found else []


def _entry(entry: Transition, telling: Telling, language: str) -> str:
    at = clock(entry.at, telling.since, telling.zone, language)
    names = {"who": entry.actor, "to": entry.detail.get("to", ""), "target": entry.detail.get("target", "")}
    shown = {name: line(value, LONGEST_NAME) for name, value in names.items()}
    done = f"- {at} {TRIED[entry.kind].of(language).format(**shown)}"
    note = line(entry.detail.get("note", ""), LONGEST_NOTE)
    return f"{done}: {note}" if note else done
