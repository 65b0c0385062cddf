"""What happens to an alert, stage by stage: read ``STAGES`` from top to bottom.

Every alert of every source comes in by ``process``, inside a transaction that keeps all of what it changes or
nothing. A stage leaves in the context what it found, and its verdict as a decision of the incident; it passes
by what does not concern it, so that each can be called, tested and trusted by itself. One that fails is left
out: nothing that raises swallows an alert.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from alarms.model.alert import Alert, AlertState
from alarms.model.errors import StoreBusy
from alarms.model.incident import TransitionKind
from alarms.router.classify import classify
from alarms.router.context import AlertContext, IncidentUpdate, RoutingContext
from alarms.router.correlate import correlate
from alarms.router.damp import damp
from alarms.router.deduplicate import deduplicate
from alarms.router.escalate import escalate
from alarms.router.fail_open import PLAIN, StageFailed, leave_out, tell_plainly, tell_without_incident
from alarms.router.gather import gather
from alarms.router.inhibit import inhibit
from alarms.router.notify import notify
from alarms.router.reassess import reassess
from alarms.router.remediate import remediate
from alarms.router.route import route
from alarms.router.silence import silence
from alarms.router.troubles import SELF, Trouble, sentence
from alarms.router.wait import wait
from alarms.stores.protocol import RouterTransaction

LOG = logging.getLogger(__name__)
STAGES: tuple[Callable[[AlertContext], None], ...] = (
    classify,  # how severe it is, by the policy
    route,  # whose it is, and what it is grouped with
    deduplicate,  # its incident: new, known, back again or clearing; most alerts have no more to say
    reassess,  # the incident follows its alerts: raised at once, lowered late, over when none fires
    gather,  # further alerts are told, too, together
    damp,  # what keeps coming back is held until it is steady
    correlate,  # what it depends on is broken already, or what depends on it
    inhibit,  # held while its cause is being worked on
    silence,  # held while somebody asked for quiet
    wait,  # a page that can wait a moment does: its cause may be on its way
    notify,  # the first responder is paged, unless something holds it
    escalate,  # two clocks start: to acknowledge, and to resolve
    remediate,  # a machine is asked to act, where the policy says so
)


def process(
    routing: RoutingContext,
    tx: RouterTransaction,
    alert: Alert,
    now: datetime,
    received_at: datetime | None = None,
) -> str | None:
    """The id of the incident the alert belongs to; None if it belongs to none.

    ``received_at`` is when it came in, if it has waited since.

    Raises:
        StoreBusy: the store cannot take it, and nothing else: whatever fails on the alert's way is passed by,
            told with the page, and noted in ``routing.troubles``.
    """
    without: dict[str, str] = {}
    while True:
        try:
            with tx.attempt():
                return _through(AlertContext(routing, tx, alert, now, without, received_at))
        except StageFailed as failure:
            LOG.exception("a stage fails on an alert", extra={"stage": failure.stage, "alert": alert.name})
            _note(routing, alert, f"stage {failure.stage}", failure.problem)
            if failure.stage in without:
                tell_without_incident(routing, tx, alert, now, str(failure))
                return None
            without[failure.stage] = failure.problem
        except StoreBusy:
            raise
        except Exception as error:
            LOG.exception("an alert cannot be processed", extra={"alert": alert.name})
            _note(routing, alert, "first look at an alert", sentence(error))
            tell_without_incident(routing, tx, alert, now, sentence(error))
            return None


def _through(context: AlertContext) -> str | None:
    for stage in STAGES:
        name = stage.__name__
        way = PLAIN.get(name, leave_out) if name in context.without else stage
        try:
            way(context)
        except StoreBusy:
            raise
        except Exception as error:
            raise StageFailed(name, sentence(error)) from error
    return context.incident_id


def _note(routing: RoutingContext, alert: Alert, part: str, problem: str) -> None:
    """What fails on an alert about a trouble is the trouble it is about, or as bad."""
    if alert.source != SELF:
        routing.troubles.note(Trouble.of_a_part(part, problem))


def report(routing: RoutingContext, tx: RouterTransaction, now: datetime) -> None:
    """Troubles noted since the last time: an incident each, told again when ten times as many have come."""
    for trouble, times in routing.troubles.taken():
        alert = trouble.alert(routing.environment, now)
        known = tx.alert(alert.member)
        before = 0 if known is None or known.state is AlertState.RESOLVED else known.times_seen
        counted = trouble.counted(before + times).alert(routing.environment, now)
        incident_id = process(routing, tx, counted, now)
        record = tx.alert(alert.member)
        if incident_id is not None and record is not None:
            tx.save_alert(replace(record, times_seen=before + times))
            incident = tx.incident(incident_id)
            if incident is not None and incident.is_open and before and _grew(before, before + times):
                update = IncidentUpdate(routing, tx, incident, now)
                update.change(TransitionKind.MORE_ALERTS, detail={"times": f"{before + times}"})
                update.amend(summary=counted.summary, summary_pt=counted.summary_pt or "")
                if incident.hold is None:
                    tell_plainly(update, TransitionKind.MORE_ALERTS, "")


def _grew(before: int, after: int) -> bool:
    """Past 10, 100, 1,000 and so on."""
    return len(str(after)) > len(str(before))
