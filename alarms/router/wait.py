"""The first wait: a page that can wait a moment does, as its cause or its end may make it needless.

It is short, kept as a timer in the store, and takes nobody's time: both clocks count from its beginning. What
is over by then has told nobody and is listed like any other; what has become a P1 is paged at once.
"""

from __future__ import annotations

from datetime import datetime

from alarms.model.decision import Stage
from alarms.model.incident import Hold, HoldKind, TimerKind
from alarms.router.context import AlertContext, IncidentUpdate
from alarms.router.silence import FRESH

RULE = "noise.first_wait"


def wait(context: AlertContext) -> None:
    update = context.update
    if update is None or context.event not in FRESH or context.hold is not None:
        return
    if update.policy.first_wait_of(update.incident.severity) and not _came_back_unheard(update):
        context.hold = Hold(HoldKind.FIRST_WAIT, RULE, update.now)


def _came_back_unheard(update: IncidentUpdate) -> bool:
    """What is short and comes back and waits each time would never be told."""
    return update.incident.cycle > 1 and update.incident.paged_at is None


def begin_wait(update: IncidentUpdate, hold: Hold) -> None:
    until = hold.since + update.policy.first_wait_of(update.incident.severity)
    update.amend(hold=hold)
    update.set_timer(TimerKind.HOLD, until)
    _explain(update, "waits", f"until {until.isoformat(timespec='seconds')}, unless it gets worse")


def end_wait(update: IncidentUpdate, why: str) -> datetime:
    """When it began."""
    hold = update.incident.hold
    update.tx.clear_timer(update.incident.id, TimerKind.HOLD)
    update.amend(hold=None)
    _explain(update, "waited", why)
    return update.now if hold is None else hold.since


def _explain(update: IncidentUpdate, outcome: str, reason: str) -> None:
    update.explain(Stage.WAIT, outcome, reason, rule=RULE)
