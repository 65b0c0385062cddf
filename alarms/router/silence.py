"""Somebody asked for quiet: an incident whose firing alerts are all silenced is kept and shown, and held."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from alarms.model.alert import AlertState
from alarms.model.errors import InvalidRequest
from alarms.model.incident import AlertRecord, Hold, HoldKind, TimerKind, TransitionKind
from alarms.model.silence import Silence
from alarms.router.context import AlertContext, IncidentUpdate
from alarms.router.silences_by_label import SilencesByLabel
from alarms.router.troubles import Trouble, Troubles, sentence

FRESH = (TransitionKind.OPENED, TransitionKind.REOPENED)


def silence(context: AlertContext) -> None:
    """An alert that no silence covers ends the silence of its incident; when the last such one clears, it is
    quiet again."""
    update = context.update
    if update is None or not update.incident.is_open:
        return
    if context.joined and update.incident.hold is None and is_silenced(context):
        look_again_at_its_end(update)
    if context.event is not None:
        silenced = held_by_a_silence(update)
        context.hold = silenced or context.hold
        if silenced is not None and context.event in FRESH:
            update.amend(members=0)  # those that somebody is to hear of
    elif context.alert.state is AlertState.RESOLVED and update.incident.hold is None:
        context.hold = held_by_a_silence(update)
        context.event = None if context.hold is None else TransitionKind.HELD
    elif context.alert.state is AlertState.FIRING and _is_held_by_a_silence(update):
        context.event = None if is_silenced(context) else TransitionKind.RELEASED


def is_silenced(context: AlertContext) -> bool:
    """This alert, by its own labels."""
    update = context.update
    if update is None:
        return False
    silences = context.routing.silences(update.tx, update.now)
    return _longest([context.labels], silences, update.now, context.routing.troubles) is not None


def silence_of(update: IncidentUpdate, record: AlertRecord) -> Silence | None:
    """The last to end of those that cover this alert, by its own labels."""
    silences = update.routing.silences(update.tx, update.now)
    labels = record.labels or update.incident.labels
    return _last_to_end(labels, silences, update.now, update.routing.troubles)


def loudest(update: IncidentUpdate) -> AlertRecord | None:
    """The worst firing alert that no silence covers; the store gives them by severity."""
    firing = update.tx.firing_of(update.incident.id)
    return next((record for record in firing if silence_of(update, record) is None), None)


def look_again_at_its_end(update: IncidentUpdate) -> None:
    """What some of its alerts are silenced for ends: then they count again. One timer, for the first."""
    if update.incident.hold is not None or not update.routing.silences(update.tx, update.now).all:
        return
    found = (silence_of(update, record) for record in update.tx.firing_of(update.incident.id))
    ends = [silence.ends_at for silence in found if silence is not None]
    if ends:
        update.set_timer(TimerKind.HOLD, min(ends))


def count_the_heard(update: IncidentUpdate) -> None:
    """What a silence that is over kept uncounted."""
    if not _is_held_by_a_silence(update):
        return
    firing = update.tx.firing_of(update.incident.id)
    update.amend(members=sum(silence_of(update, record) is None for record in firing))


def held_by_a_silence(update: IncidentUpdate) -> Hold | None:
    """While each of its firing alerts is covered by some silence, by its own labels."""
    silences = update.routing.silences(update.tx, update.now)
    if not silences.all:
        return None
    firing = (record.labels or update.incident.labels for record in update.tx.firing_of(update.incident.id))
    found = _longest(firing, silences, update.now, update.routing.troubles)
    return None if found is None else Hold(HoldKind.SILENCE, found.id, update.now)


def set_end(update: IncidentUpdate, hold: Hold) -> None:
    """A silence's end is known; a cause and flapping end by events of their own."""
    if hold.kind is not HoldKind.SILENCE:
        return
    silences = update.routing.silences(update.tx, update.now).all
    found = next((silence for silence in silences if silence.id == hold.by), None)
    if found is not None:
        update.set_timer(TimerKind.HOLD, found.ends_at)


def _is_held_by_a_silence(update: IncidentUpdate) -> bool:
    hold = update.incident.hold
    return hold is not None and hold.kind is HoldKind.SILENCE


def _longest(
    firing: Iterable[Mapping[str, str]], silences: SilencesByLabel, now: datetime, troubles: Troubles
) -> Silence | None:
    """The silence to look at again when it ends: of those that cover one alert the last to end, and of all
    alerts the first of these. None when some alert is not covered, or none fires."""
    covering = []
    for labels in firing:
        found = _last_to_end(labels, silences, now, troubles)
        if found is None:
            return None
        covering.append(found)
    return min(covering, key=lambda one: one.ends_at, default=None)


def _last_to_end(
    labels: Mapping[str, str], silences: SilencesByLabel, now: datetime, troubles: Troubles
) -> Silence | None:
    """Of those that cover one alert."""
    return max(
        (one for one in silences.candidates(labels) if _covers(one, labels, now, troubles)),
        key=lambda one: one.ends_at,
        default=None,
    )


def _covers(silence: Silence, labels: Mapping[str, str], now: datetime, troubles: Troubles) -> bool:
    """One that was stored broken covers nothing, and is told of."""
    try:
        return silence.covers(labels, now)
    except InvalidRequest as error:
        troubles.note(Trouble.of_a_part(f"silence {silence.id}", sentence(error)))
        return False


def covers_some(silence: Silence, labels: Iterable[Mapping[str, str]], now: datetime) -> bool:
    return any(silence.covers(each, now) for each in labels)
