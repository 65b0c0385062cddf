"""If a page becomes a dead letter, the next in line is notified."""

from __future__ import annotations

from alarms.model.incident import TransitionKind
from alarms.model.notification import Delivery, DeliveryState, NotifyStep
from alarms.policy.escalation import Recipient
from alarms.router.context import IncidentUpdate
from alarms.router.notify import tell

PAGES = (
    NotifyStep.FIRST,
    NotifyStep.BACKUP,
    NotifyStep.ESCALATION,
    NotifyStep.REMINDER,
)


def is_known(update: IncidentUpdate, delivery: Delivery) -> bool:
    """Whether its loss stands in the incident's history already."""
    return any(
        entry.kind is TransitionKind.UNDELIVERABLE and entry.detail["dedup"] == delivery.notification.dedup_id
        for entry in update.tx.transitions(update.incident.id)
    )


def tell_next(update: IncidentUpdate, delivery: Delivery) -> None:
    """Backup, then the accountable team: the first of them that this incident has not tried in vain.

    Nobody, while another of the team's channels has brought the page or still may. Telling of the same
    loss twice is telling of it once.
    """
    lost = delivery.notification
    if is_known(update, delivery):
        return
    update.change(
        TransitionKind.UNDELIVERABLE,
        detail={
            "target": lost.target,
            "step": lost.step.value,
            "reason": delivery.last_error or "",
            "dedup": lost.dedup_id,
        },
    )
    if lost.step not in PAGES or not update.incident.is_open or _comes_by_another_channel(update, delivery):
        return
    policy = update.policy
    in_vain = {lost.team} | {
        entry.detail["target"].partition(":")[0]
        for entry in update.tx.transitions(update.incident.id)
        if entry.kind is TransitionKind.UNDELIVERABLE
    }
    in_line = [
        update.incident.owner,
        update.level.backup,
        policy.accountable,
        *[team.id for team in policy.teams],
    ]
    following = next((team for team in in_line if team is not None and team not in in_vain), None)
    if following is not None:
        tell(update, [Recipient(NotifyStep.BACKUP, following)], TransitionKind.UNDELIVERABLE)


def _comes_by_another_channel(update: IncidentUpdate, delivery: Delivery) -> bool:
    lost = delivery.notification
    return any(
        (one.notification.transition, one.notification.step, one.notification.target)
        == (lost.transition, lost.step, lost.target)
        and one.notification.channel != lost.channel
        and one.state is not DeliveryState.DEAD
        for one in update.tx.deliveries(update.incident.id)
    )
