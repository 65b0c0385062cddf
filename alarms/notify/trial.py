"""A message that proves a channel carries, before anybody depends on it."""

from __future__ import annotations

from datetime import datetime

from alarms.model.notification import Message, Notification, NotifyStep, dedup_id
from alarms.model.severity import Severity

NO_INCIDENT = "trial"


def trial_message(
    team: str, channel: str, severity: Severity, environment: str, at: datetime
) -> Notification:
    """Of no incident, for nobody to act on; each instant's is another one."""
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
        message=Message(
            f"[{severity}] Mirante: a trial of the channel {channel}",
            f"[{severity}] Mirante: um teste do canal {channel}",
            f"This is a trial for {team}, sent by hand. Nothing happened and nothing is to be done.",
            f"Este é um teste para {team}, enviado à mão. Nada aconteceu e não há nada a fazer.",
        ),
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
