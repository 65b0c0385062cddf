"""What happens to an alert, stage by stage: read ``STAGES`` from top to bottom.

Every alert of every source comes in by ``process``, inside a transaction that keeps all of what it changes or
nothing. A stage leaves in the context what it found, and its verdict as a decision of the incident; it passes
by what does not concern it, so that each can be called, tested and trusted by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from alarms.model.alert import Alert
from alarms.router.classify import classify
from alarms.router.context import AlertContext, RoutingContext
from alarms.router.correlate import correlate
from alarms.router.damp import damp
from alarms.router.deduplicate import deduplicate
from alarms.router.escalate import escalate
from alarms.router.inhibit import inhibit
from alarms.router.notify import notify
from alarms.router.reassess import reassess
from alarms.router.remediate import remediate
from alarms.router.route import route
from alarms.router.silence import silence
from alarms.stores.protocol import RouterTransaction

STAGES: tuple[Callable[[AlertContext], None], ...] = (
    classify,  # how severe it is, by the policy
    route,  # whose it is, and what it is grouped with
    deduplicate,  # its incident: new, known, back again or clearing; most alerts have no more to say
    reassess,  # the incident follows its alerts: raised at once, lowered late, over when none fires
    damp,  # what keeps coming back is held until it is steady
    correlate,  # what it depends on is broken already, or what depends on it
    inhibit,  # held while its cause is being worked on
    silence,  # held while somebody asked for quiet
    notify,  # the first responder is paged, unless something holds it
    escalate,  # two clocks start: to acknowledge, and to resolve
    remediate,  # a machine is asked to act, where the policy says so
)


def process(routing: RoutingContext, tx: RouterTransaction, alert: Alert, now: datetime) -> str | None:
    """The id of the incident the alert belongs to; None if it belongs to none."""
    context = AlertContext(routing, tx, alert, now)
    for stage in STAGES:
        stage(context)
    return context.incident_id
