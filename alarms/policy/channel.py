"""The channels a person configures in ``alarms/channels.yaml``, checked and typed; no secret is in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from alarms.model.severity import Severity


@dataclass(frozen=True, slots=True)
class LocalChannel:
    """Into a file of the data directory that anybody can look at."""


@dataclass(frozen=True, slots=True)
class SnsChannel:
    """``topics``: the ARN for each severity, all of one region."""

    topics: Mapping[Severity, str]

    @property
    def region(self) -> str:
        return next(iter(self.topics.values())).split(":")[3]


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    url: str


@dataclass(frozen=True, slots=True)
class SlackChannel:
    """Its address is its secret."""


@dataclass(frozen=True, slots=True)
class SmtpChannel:
    """``recipients`` by team; ``*`` is every other team. Only a relay on this machine does without TLS."""

    host: str
    port: int
    sender: str
    recipients: Mapping[str, str]
    starttls: bool = True
    user: str | None = None


@dataclass(frozen=True, slots=True)
class LambdaChannel:
    """``functions``: name or ARN by the name of a remediation."""

    functions: Mapping[str, str]


Channel: TypeAlias = LocalChannel | SnsChannel | WebhookChannel | SlackChannel | SmtpChannel | LambdaChannel
Channels: TypeAlias = Mapping[str, Channel]


def secret_of(channel: Channel) -> str | None:
    """What it has to be told by the settings, in words; None: nothing."""
    match channel:
        case WebhookChannel():
            return "the key its requests are signed with"
        case SlackChannel():
            return "its address"
        case SmtpChannel(user=str()):
            return "the password of its user"
        case _:
            return None
