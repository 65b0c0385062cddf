"""Somebody asked for quiet: an incident that a silence covers is kept and shown, and held until it ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alarms.model.incident import Hold, HoldKind, Incident, TimerKind
from alarms.model.silence import Silence
from alarms.router.context import AlertContext, IncidentUpdate
from alarms.stores.protocol import ReadSide


def silence(context: AlertContext) -> None:
    update = context.update
    if update is not None and context.event is not None:
        context.hold = held_by_a_silence(update.incident, update.tx, update.now) or context.hold


def held_by_a_silence(incident: Incident, reads: ReadSide, now: datetime) -> Hold | None:
    found = covering(incident, reads.silences(ending_after=now), now)
    return None if found is None else Hold(HoldKind.SILENCE, found.id, now)


def covering(incident: Incident, silences: Sequence[Silence], now: datetime) -> Silence | None:
    """The silence that covers it and lasts longest."""
    found = [one for one in silences if one.covers(incident.labels, now)]
    return max(found, key=lambda one: one.ends_at, default=None)


def set_end(update: IncidentUpdate, hold: Hold) -> None:
    """A silence's end is known; a cause and flapping end by events of their own."""
    if hold.kind is not HoldKind.SILENCE:
        return
    found = next((s for s in update.tx.silences(ending_after=update.now) if s.id == hold.by), None)
    if found is not None:
        update.set_timer(TimerKind.HOLD, found.ends_at)
