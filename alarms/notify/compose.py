"""The text of a notification, in English and Portuguese, from what is known when it is decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from alarms.model.incident import Incident, Transition, TransitionKind
from alarms.model.notification import Message, Notification, NotifyStep, dedup_id
from alarms.model.severity import Severity
from alarms.notify.links import Links
from alarms.notify.text.action import action_line, duty_line
from alarms.notify.text.arithmetic import arithmetic
from alarms.notify.text.call import call
from alarms.notify.text.guidance import in_its_own_words, other_links, our_runbook, own_runbook
from alarms.notify.text.headline import first_line, short, subject
from alarms.notify.text.plain import SMS, sms
from alarms.notify.text.story import joined, passed_by, tried
from alarms.notify.text.telling import Telling, asks_to_acknowledge
from alarms.policy.escalation import Recipient
from alarms.policy.people import People, Person
from alarms.policy.policy import RoutingPolicy
from alarms.policy.runbook import Runbook, Runbooks
from foundation.bilingual import Text

NO_INCIDENT = "trial"
TRIAL_SUBJECT = Text("[{0}] Mirante: test of the channel {1}", "[{0}] Mirante: teste do canal {1}")
TRIAL = Text(
    "This is a test message for {0}, sent by hand. Nothing happened, and you do not have to do anything.",
    "Esta é uma mensagem de teste para {0}, enviada manualmente. Nada aconteceu e não há nada a fazer.",
)
TRIAL_SHORT = Text(
    "{0} Mirante: test of the channel {1} for {2}, nothing to do",
    "{0} Mirante: teste do canal {1} para {2}, nada a fazer",
)


@dataclass(frozen=True, slots=True)
class Composer:
    """``links`` make the addresses in it; where none is known, commands take their place."""

    runbooks: Runbooks
    links: Links = field(default_factory=Links)

    def message(
        self,
        incident: Incident,
        kind: TransitionKind,
        recipient: Recipient,
        policy: RoutingPolicy,
        people: People,
        history: Sequence[Transition],
        reader: Person | None = None,
    ) -> Message:
        """For ``recipient``, whose link it carries; ``people`` are known by name.

        ``reader`` is whose own address it goes to, in that person's language and time (None: a team's).
        """
        step, page = recipient.step, self.links.page(incident.id)
        asked = asks_to_acknowledge(incident, step)
        link = self.links.acknowledge(incident, recipient.target) if asked else ""
        zone = "" if reader is None else reader.time_zone
        telling = Telling(incident, kind, step, policy, people, history, page, link, recipient.target, zone)
        runbook = self.runbooks.find(incident.runbook)
        return Message(
            subject(incident, kind, "en"),
            subject(incident, kind, "pt"),
            "\n".join(self._body(telling, runbook, "en")),
            "\n".join(self._body(telling, runbook, "pt")),
            short(telling, "en"),
            short(telling, "pt"),
            page,
            link,
            call(telling, "en"),
            call(telling, "pt"),
            "" if reader is None else reader.language,
        )

    def _body(self, telling: Telling, runbook: Runbook | None, language: str) -> list[str]:
        incident = telling.incident
        begin = [first_line(telling, language), action_line(telling, language)]
        end = [*tried(telling, language), *other_links(incident, telling.page, language)]
        if telling.is_over:
            return [*begin, *end]
        address = "" if runbook is None else self.links.runbook(runbook.id)
        return [
            *begin,
            *joined(telling, language),
            *passed_by(telling, language),
            *arithmetic(incident.burn, language),
            *in_its_own_words(incident, language),
            *own_runbook(incident, language),
            *our_runbook(runbook, address, incident, language),
            duty_line(telling, language),
            *end,
        ]


def notification_of(
    incident: Incident,
    target: str,
    channel: str,
    step: NotifyStep,
    message: Message,
    at: datetime,
    **more: str,
) -> Notification:
    """Of the incident's latest transition; ``more`` are attributes beside those that every one has."""
    return Notification(
        dedup_id=dedup_id(incident.id, incident.number, step, incident.cycle, target, channel),
        incident_id=incident.id,
        transition=incident.number,
        step=step,
        cycle=incident.cycle,
        target=target,
        channel=channel,
        severity=incident.severity,
        environment=incident.environment,
        message=message,
        created_at=at,
        attributes={
            "severity": incident.severity.value,
            "team": target.partition(":")[0],
            "target": target,
            "step": step.value,
            "incident": incident.id,
            "environment": incident.environment,
            **more,
        },
    )


def trial_message(
    team: str, channel: str, severity: Severity, environment: str, at: datetime, page: str = ""
) -> Notification:
    """A test message for a channel: it belongs to no incident, and each has its own id.

    ``page`` is where its link leads, so that links can be tried too.
    """
    identity = dedup_id(f"{NO_INCIDENT} {at.isoformat()}", 0, NotifyStep.INFORM, 0, team, channel)
    return Notification(
        dedup_id=identity,
        incident_id=NO_INCIDENT,
        transition=0,
        step=NotifyStep.INFORM,
        cycle=0,
        target=team,
        channel=channel,
        severity=severity,
        environment=environment,
        message=_trial_text(team, channel, severity, page),
        created_at=at,
        attributes={
            "severity": severity.value,
            "team": team,
            "target": team,
            "step": NotifyStep.INFORM.value,
            "kind": NO_INCIDENT,
            "incident": NO_INCIDENT,
            "environment": environment,
        },
    )


def _trial_text(team: str, channel: str, severity: Severity, page: str) -> Message:
    """Without an acknowledge link: there is nothing to acknowledge."""
    return Message(
        TRIAL_SUBJECT.en.format(severity, channel),
        TRIAL_SUBJECT.pt.format(severity, channel),
        "\n".join([TRIAL.en.format(team), *([page] if page else [])]),
        "\n".join([TRIAL.pt.format(team), *([page] if page else [])]),
        sms(TRIAL_SHORT.en.format(severity, channel, team), SMS),
        sms(TRIAL_SHORT.pt.format(severity, channel, team), SMS),
        page,
    )
