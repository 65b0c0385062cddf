"""Into the outbox: once for each way by which somebody is reached, and later ways only while nobody has it.

A team is told by its channels. A person with contacts is told by these, in steps: what comes later is written
into the incident with the page itself, and one timer of the incident brings the next of all of them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace

from alarms.model.decision import Stage
from alarms.model.errors import StoreBusy
from alarms.model.incident import IncidentState, LaterContact, Timer, TimerKind, TransitionKind
from alarms.model.notification import PAGES, Message, Notification, NotifyStep, dedup_id
from alarms.notify.compose import notification_of
from alarms.notify.plain_message import plain_message
from alarms.policy.escalation import Recipient
from alarms.policy.people import AT_ONCE, ContactStep
from alarms.router.context import IncidentUpdate
from alarms.router.troubles import Trouble, sentence
from alarms.router.wording import speak_for_the_loudest

LOG = logging.getLogger(__name__)


def tell(update: IncidentUpdate, recipients: Iterable[Recipient], kind: TransitionKind) -> None:
    speak_for_the_loudest(update)
    for recipient in recipients:
        steps = _steps(update, recipient)
        for step in steps:
            if step.after == AT_ONCE:
                enqueue(update, recipient, kind, step.channel, step.address)
        if recipient.step in PAGES and kind is not TransitionKind.MORE_ALERTS:
            _plan(update, recipient, kind, steps)
        reason = f"{recipient.target} is told: {kind.value}"
        update.explain(Stage.NOTIFY, recipient.step.value, reason, rule=kind.value)


def enqueue(
    update: IncidentUpdate, recipient: Recipient, kind: TransitionKind, channel: str, address: str = ""
) -> None:
    update.tx.enqueue(_notification(update, recipient, kind, channel, address))


def hush(update: IncidentUpdate) -> None:
    """Services that page by themselves hear that somebody has it, wherever they were told of this cycle."""
    told = {
        (sent.channel, sent.target, sent.address)
        for delivery in update.tx.deliveries(update.incident.id)
        if (sent := delivery.notification).channel in update.routing.pagers
        and sent.cycle == update.incident.cycle
    }
    for channel, target, address in sorted(told):
        recipient = Recipient(NotifyStep.INFORM, target)
        enqueue(update, recipient, TransitionKind.ACKNOWLEDGED, channel, address)


def contact(update: IncidentUpdate, timer: Timer) -> None:
    """Those whose time has come; each is taken off the list in the transaction that sends it."""
    incident = update.incident
    if incident.state is not IncidentState.OPEN or incident.hold is not None:
        update.stop_clocks([TimerKind.CONTACT])
        return
    if incident.snoozed_until is not None and incident.snoozed_until > update.now:
        update.set_timer(TimerKind.CONTACT, incident.snoozed_until)
        return
    speak_for_the_loudest(update)
    due = [one for one in incident.contacts if one.due_at <= max(update.now, timer.deadline)]
    _keep(update, [one for one in incident.contacts if one not in due])
    for one in due:
        told = _notification(
            update, Recipient(one.step, one.target), TransitionKind(one.kind), one.channel, one.address
        )
        place = f"{one.channel}#{one.number}"
        identity = dedup_id(incident.id, one.transition, one.step, incident.cycle, one.target, place)
        update.tx.enqueue(replace(told, dedup_id=identity, transition=one.transition))
        reason = f"nobody has acknowledged: {one.target} is told by {one.channel}, contact {one.number + 1}"
        update.explain(Stage.NOTIFY, "next contact", reason, rule=f"people.{one.target.partition(':')[2]}")


def hasten(update: IncidentUpdate, target: str) -> bool:
    """The next way to this person at once, as the one before does not work; False: there is none."""
    mine = [one for one in update.incident.contacts if one.target == target]
    if not mine:
        return False
    following = min(mine, key=lambda one: (one.due_at, one.number))
    sooner = replace(following, due_at=min(following.due_at, update.now))
    _keep(update, [sooner if one == following else one for one in update.incident.contacts])
    return True


def _steps(update: IncidentUpdate, recipient: Recipient) -> Sequence[ContactStep]:
    """That it is over is told wherever it was told that it began."""
    team_id, _, person = recipient.target.partition(":")
    steps = update.routing.schedules.people.steps_of(person) if person else ()
    if not steps:
        team = next((team for team in update.policy.teams if team.id == team_id), None)
        return [ContactStep(channel) for channel in (("default",) if team is None else team.channels)]
    if recipient.step is not NotifyStep.RESOLVED:
        return steps
    used = {
        delivery.notification.channel
        for delivery in update.tx.deliveries(update.incident.id)
        if delivery.notification.target == recipient.target
        and delivery.notification.cycle == update.incident.cycle
    }
    return [replace(step, after=AT_ONCE) for step in steps if step.channel in used]


def _plan(
    update: IncidentUpdate, recipient: Recipient, kind: TransitionKind, steps: Sequence[ContactStep]
) -> None:
    """A new page never puts off a step that an earlier one has set."""
    if update.incident.state is not IncidentState.OPEN or all(step.after == AT_ONCE for step in steps):
        return
    before = {one.number: one.due_at for one in update.incident.contacts if one.target == recipient.target}
    later = [
        LaterContact(
            target=recipient.target,
            step=recipient.step,
            kind=kind.value,
            transition=update.incident.number,
            number=number,
            channel=step.channel,
            address=step.address,
            due_at=min(update.now + step.after, before.get(number, update.now + step.after)),
        )
        for number, step in enumerate(steps)
        if step.after > AT_ONCE
    ]
    _keep(update, [*(one for one in update.incident.contacts if one.target != recipient.target), *later])


def _keep(update: IncidentUpdate, contacts: Sequence[LaterContact]) -> None:
    update.amend(contacts=tuple(contacts))
    if contacts:
        update.set_timer(TimerKind.CONTACT, min(one.due_at for one in contacts))
    else:
        update.tx.clear_timer(update.incident.id, TimerKind.CONTACT)


def _notification(
    update: IncidentUpdate, recipient: Recipient, kind: TransitionKind, channel: str, address: str
) -> Notification:
    told = notification_of(
        update.incident,
        recipient.target,
        channel,
        recipient.step,
        _message(update, kind, recipient, address),
        update.wall,
        kind=kind.value,
        out_of_hours=str(update.escalation.out_of_hours(update.now)).lower(),
    )
    return replace(told, address=address) if address else told


def _message(update: IncidentUpdate, kind: TransitionKind, recipient: Recipient, address: str) -> Message:
    """A text that cannot be made is told as such, with the bare facts."""
    incident, composer = update.incident, update.routing.composer
    people = update.routing.schedules.people
    reader = people.by_id.get(recipient.target.partition(":")[2]) if address else None
    try:
        history = update.tx.transitions(incident.id)
        return composer.message(incident, kind, recipient, update.policy, people, history, reader)
    except StoreBusy:
        raise
    except Exception as error:
        LOG.exception("the text of a page cannot be composed", extra={"incident": incident.id})
        problem = sentence(error)
        update.routing.troubles.note(Trouble.of_a_part("text of pages", problem))
        links = composer.links
        return plain_message(incident, kind, recipient.step, problem, links, recipient.target)
