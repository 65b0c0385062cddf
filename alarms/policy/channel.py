"""The channels that a person can configure, typed; no secret is in them. ``channel_file`` reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from alarms.model.severity import Severity
from alarms.policy.webhook_template import WebhookTemplate

Recipients: TypeAlias = Mapping[str, tuple[str, ...]]  # by team; "*" is every other team


class Language(StrEnum):
    EN = "en"
    PT = "pt"


BOTH = (Language.EN, Language.PT)


class Encryption(StrEnum):
    """``tls`` from the first byte, ``starttls`` before anything is said."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


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
    """``template`` makes the body; without one it is the whole notification as JSON."""

    url: str
    template: WebhookTemplate | None = None


@dataclass(frozen=True, slots=True)
class SlackChannel:
    """Its address is its secret. ``interactive``: its app sends presses of its buttons to /hooks/slack."""

    interactive: bool = False
    languages: tuple[Language, ...] = BOTH


@dataclass(frozen=True, slots=True)
class TeamsChannel:
    """Its address is its secret."""

    languages: tuple[Language, ...] = BOTH


@dataclass(frozen=True, slots=True)
class TelegramChannel:
    """``recipients`` are chats. ``interactive``: its bot sends presses of its buttons to /hooks/telegram."""

    recipients: Recipients
    server: str
    interactive: bool = False
    languages: tuple[Language, ...] = BOTH


@dataclass(frozen=True, slots=True)
class SmtpChannel:
    """``recipients`` are mail addresses. Only a relay on this machine does without encryption."""

    host: str
    port: int
    sender: str
    recipients: Recipients
    encryption: Encryption = Encryption.STARTTLS
    user: str | None = None
    languages: tuple[Language, ...] = BOTH


@dataclass(frozen=True, slots=True)
class PagerDutyChannel:
    """Events API v2; who is called is decided there."""

    server: str
    languages: tuple[Language, ...] = BOTH


@dataclass(frozen=True, slots=True)
class SmsChannel:
    """``recipients`` are telephone numbers; at the severities of ``voice`` they are called, too.

    ``user`` signs in where that is not the account itself. One language: two would be two messages.
    """

    account: str
    sender: str
    recipients: Recipients
    server: str
    user: str | None = None
    voice: tuple[Severity, ...] = ()
    languages: tuple[Language, ...] = (Language.EN,)


@dataclass(frozen=True, slots=True)
class NtfyChannel:
    """``recipients`` are topics. An ``open`` server wants no access token."""

    recipients: Recipients
    server: str
    open: bool = False
    languages: tuple[Language, ...] = BOTH


@dataclass(frozen=True, slots=True)
class AppriseChannel:
    """Whatever the library of that name reaches; its URL is its secret."""

    languages: tuple[Language, ...] = BOTH


@dataclass(frozen=True, slots=True)
class LambdaChannel:
    """``functions``: name or ARN by the name of a remediation."""

    functions: Mapping[str, str]


Channel: TypeAlias = (
    LocalChannel
    | SnsChannel
    | WebhookChannel
    | SlackChannel
    | TeamsChannel
    | TelegramChannel
    | SmtpChannel
    | PagerDutyChannel
    | SmsChannel
    | NtfyChannel
    | AppriseChannel
    | LambdaChannel
)
Channels: TypeAlias = Mapping[str, Channel]
ADDRESSING = (TelegramChannel, SmtpChannel, SmsChannel, NtfyChannel)  # those that have recipients


def secret_of(channel: Channel) -> str | None:
    """What it has to be told by the settings, in words; None: nothing."""
    match channel:
        case WebhookChannel():
            return "the key its requests are signed with"
        case SlackChannel() | TeamsChannel():
            return "its address"
        case SmtpChannel(user=str()):
            return "the password of its user"
        case TelegramChannel():
            return "the token of its bot"
        case PagerDutyChannel():
            return "the integration key of its service"
        case SmsChannel():
            return "the token of its account"
        case NtfyChannel(open=False):
            return "its access token"
        case AppriseChannel():
            return "its URL"
        case _:
            return None


def hook_secret_of(channel: Channel) -> str | None:
    """The setting without which nobody believes that its button was pressed; None: none is needed."""
    match channel:
        case SlackChannel(interactive=True):
            return "slack_signing_secret"
        case TelegramChannel(interactive=True):
            return "telegram_hook_token"
        case _:
            return None


def pagers(channels: Channels) -> frozenset[str]:
    """Those that page by themselves, until they hear that somebody has it."""
    return frozenset(name for name, channel in channels.items() if isinstance(channel, PagerDutyChannel))


def chats(channels: Channels) -> frozenset[str]:
    """Those of Telegram that are told."""
    found = (channel for channel in channels.values() if isinstance(channel, TelegramChannel))
    return frozenset(chat for one in found for several in one.recipients.values() for chat in several)


def tells(channel: Channel, team: str) -> bool:
    """Whether it brings a message to people of ``team``."""
    if isinstance(channel, ADDRESSING):
        return team in channel.recipients or "*" in channel.recipients
    return not isinstance(channel, LambdaChannel)
