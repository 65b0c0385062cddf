"""Alerts that join an incident which was told already: they are told too, together, boundedly often.

At once when the incident has grown to 10, 100, 1,000 and so on, or when it becomes more severe; otherwise
when ``tell_more_after`` has passed since the first of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from alarms.model.alert import SERVER_LABELS
from alarms.model.incident import TimerKind, TransitionKind
from alarms.router.context import AlertContext, IncidentUpdate
from alarms.router.silence import is_silenced

NAMED = 20  # of those that joined; the others are counted
MOST_COMPARED = 200  # members of an incident


def gather(context: AlertContext) -> None:
    """Tiers and sources of one burn of ours are one thing, and no further alerts."""
    update = context.update
    if update is None or not context.joined or context.alert.slo_id is not None or is_silenced(context):
        return
    if _is_seen_by_another_server(context, update):
        return
    incident = update.incident
    before = incident.members
    update.amend(
        members=before + 1,
        untold_count=incident.untold_count + 1,
        untold=(*incident.untold, different(context.labels, incident.labels))[:NAMED],
    )
    if context.event is not None or incident.hold is not None or not incident.is_open:
        return  # a page names them, now or when it is no longer held
    if len(str(before + 1)) > len(str(before)):
        context.event = TransitionKind.MORE_ALERTS
    elif incident.untold_count == 0:
        after = update.now + update.policy.tell_more_after
        update.set_timer(TimerKind.MORE, max(after, incident.snoozed_until or after))


def _is_seen_by_another_server(context: AlertContext, update: IncidentUpdate) -> bool:
    """The very same alert fires already, as another replica of Prometheus sees it. Of an incident of many
    this is not asked: those are counted, and what counts is how many more they are."""
    about = _about(context.labels)
    if len(about) == len(context.labels) or update.incident.members > MOST_COMPARED:
        return False
    others = (one for one in update.tx.firing_of(update.incident.id) if one.member != context.alert.member)
    return any(one.name == context.alert.name and _about(one.labels) == about for one in others)


def _about(labels: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in labels.items() if name not in SERVER_LABELS}


def told(update: IncidentUpdate) -> None:
    """Whoever was told just now knows all of them."""
    if update.incident.untold_count:
        update.tx.clear_timer(update.incident.id, TimerKind.MORE)
        update.amend(untold=(), untold_count=0)


def different(labels: Mapping[str, str], from_those: Mapping[str, str]) -> str:
    """What tells an alert from the one that opened its incident: ``instance=db2``."""
    found = {name: value for name, value in labels.items() if from_those.get(name) != value}
    return ", ".join(f"{name}={value}" for name, value in sorted(found.items())) or labels.get(
        "alertname", ""
    )
