"""Why an incident is kept from paging: a silence, a cause that is being worked on, or flapping."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alarms.model.incident import Hold, HoldKind, Incident, Transition, TransitionKind
from alarms.model.silence import Silence
from alarms.model.timer import TimerKind
from alarms.policy.policy import FlapDamping
from alarms.stores.protocol import ReadSide


def find_hold(incident: Incident, reads: ReadSide, now: datetime) -> Hold | None:
    """The first reason that holds at ``now``; None: nothing keeps it from paging."""
    silence = silence_of(incident, reads.silences(ending_after=now), now)
    if silence is not None:
        return Hold(HoldKind.SILENCE, silence.id, now)
    cause = None if incident.cause_id is None else reads.incident(incident.cause_id)
    if cause is not None and cause.is_open and not incident.severity.worse_than(cause.severity):
        return Hold(HoldKind.CAUSE, cause.id, now)
    if any(timer.kind is TimerKind.STABLE for timer in reads.timers(incident.id)):
        return Hold(HoldKind.FLAPPING, "noise.flapping", now)
    return None


def silence_of(incident: Incident, silences: Sequence[Silence], now: datetime) -> Silence | None:
    """The silence that covers it and lasts longest."""
    covering = [silence for silence in silences if silence.covers(incident.labels, now)]
    return max(covering, key=lambda silence: silence.ends_at, default=None)


def is_flapping(history: Sequence[Transition], damping: FlapDamping, now: datetime) -> bool:
    reopened = [
        entry
        for entry in history
        if entry.kind is TransitionKind.REOPENED and now - entry.at <= damping.within
    ]
    return len(reopened) >= damping.changes
