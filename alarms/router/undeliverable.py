"""If a page becomes a dead letter, the next in line is notified."""

from __future__ import annotations

from alarms.model.incident import TransitionKind
from alarms.model.notification import PAGES, Delivery, DeliveryState, NotifyStep
from alarms.policy.escalation import Recipient
from alarms.router.context import IncidentUpdate
from alarms.router.tell import hasten, tell


def is_known(update: IncidentUpdate, delivery: Delivery) -> bool:
    """Whether its loss stands in the incident's history already."""
    return any(
        entry.kind is TransitionKind.UNDELIVERABLE and entry.detail["dedup"] == delivery.notification.dedup_id
        for entry in update.tx.transitions(update.incident.id)
    )


def tell_next(update: IncidentUpdate, delivery: Delivery) -> None:
    """The next way to the same person; then this team as a whole, the backup, the accountable team: the first
    that this incident has not tried in vain.

    Nobody, while another of the ways has brought the page or still may. Telling of the same loss twice is
    telling of it once.
    """
    lost = delivery.notification
    if is_known(update, delivery):
        return
    update.change(
        TransitionKind.UNDELIVERABLE,
        detail={
            "target": lost.target,
            "channel": lost.channel,
            "step": lost.step.value,
            "reason": delivery.last_error or "",
            "dedup": lost.dedup_id,
        },
    )
    if lost.step not in PAGES or not update.incident.is_open or _comes_by_another_channel(update, delivery):
        return
    if hasten(update, lost.target):
        return
    vain = _in_vain(update, lost.target)
    following = next((target for target in _in_line(update) if target not in vain), None)
    if following is not None:
        tell(update, [Recipient(NotifyStep.BACKUP, following)], TransitionKind.UNDELIVERABLE)


def _in_line(update: IncidentUpdate) -> list[str]:
    """Of each team the person on duty who has ways of their own, then the team as a whole."""
    policy, people = update.policy, update.routing.schedules.people
    teams = [
        update.incident.owner,
        update.level.backup,
        policy.accountable,
        *[team.id for team in policy.teams],
    ]
    line = []
    for team in dict.fromkeys(team for team in teams if team is not None):
        target = update.escalation.on_duty(team, update.now)
        if people.steps_of(target.partition(":")[2]):
            line.append(target)
        line.append(team)
    return line


def _in_vain(update: IncidentUpdate, lost: str) -> set[str]:
    """Who cannot be reached; without ways of one's own it is the team's channels that do not work."""
    targets = {lost} | {
        entry.detail["target"]
        for entry in update.tx.transitions(update.incident.id)
        if entry.kind is TransitionKind.UNDELIVERABLE
    }
    steps_of = update.routing.schedules.people.steps_of
    return targets | {
        team for team, _, person in (target.partition(":") for target in targets) if not steps_of(person)
    }


def _comes_by_another_channel(update: IncidentUpdate, delivery: Delivery) -> bool:
    lost = delivery.notification
    return any(
        (one.notification.transition, one.notification.step, one.notification.target)
        == (lost.transition, lost.step, lost.target)
        and one.notification.channel != lost.channel
        and one.state is not DeliveryState.DEAD
        for one in update.tx.deliveries(update.incident.id)
    )
