"""The channels a person configures in ``alarms/channels.yaml``, checked and typed; no secret is in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from alarms.model.severity import Severity
from alarms.policy.defaults import CHANNELS
from foundation.files import read_document
from foundation.located import Place
from foundation.workspace import SHIPPED

NAME = re.compile(r"[a-z][a-z0-9-]*")
TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]{1,256}")
MAILBOX = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+")
LARGEST_PORT = 65_535


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


class ChannelKind(StrEnum):
    LOCAL = "local"
    SNS = "sns"
    WEBHOOK = "webhook"
    SLACK = "slack"
    SMTP = "smtp"
    LAMBDA = "lambda"


class Encryption(StrEnum):
    STARTTLS = "starttls"
    NONE = "none"


def load_channels(path: Path = SHIPPED.alarms / CHANNELS) -> Channels:
    """The channels of ``path``, or those that ship with the package, by name.

    Raises:
        foundation.errors.DefinitionErrors: everything wrong with them, each with file, line, field and fix.
    """
    top = read_document(path)
    fields = top.fields(["version", "channels"])
    fields["version"].choice(["1"])
    channels = {name: _channel(name, place) for name, place in fields["channels"].entries()}
    if not channels:
        fields["channels"].wrong("names no channel", "Write at least default: {kind: local}")
    top.source.problems.raise_if_any()
    return channels


def _channel(name: str, place: Place) -> Channel:
    if not NAME.fullmatch(name):
        place.wrong(
            f"{name!r} is not a valid name",
            "Use lower-case letters, digits and dashes, starting with a letter",
        )
    kinds = dict(place.entries())
    if "kind" not in kinds:
        place.fields(["kind"], list(kinds))
        return LocalChannel()
    return READERS[kinds["kind"].member(ChannelKind)](place)


def _local(place: Place) -> Channel:
    place.fields(["kind"])
    return LocalChannel()


def _sns(place: Place) -> Channel:
    topics = place.fields(["kind", "topics"])["topics"]
    found = {Severity(name): _topic(item) for name, item in topics.fields(list(Severity)).items()}
    if len({arn.split(":")[3] for arn in found.values() if arn}) > 1:
        topics.wrong("the topics are in several regions", "Make one channel per region")
    return SnsChannel(found)


def _topic(place: Place) -> str:
    arn = place.text()
    if arn and not TOPIC.fullmatch(arn):
        place.wrong(f"{arn!r} is not the ARN of an SNS topic", "Write arn:aws:sns:REGION:ACCOUNT:NAME")
        return ""
    return arn


def _webhook(place: Place) -> Channel:
    address = place.fields(["kind", "url"])["url"]
    url = address.text()
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname):
        address.wrong(f"{url!r} is not a URL", "Write https://HOST/PATH")
    if parts.username or parts.password:
        address.wrong("contains a secret", "Remove the user and password; requests are signed instead")
    return WebhookChannel(url)


def _slack(place: Place) -> Channel:
    fields = place.fields(["kind"], ["url"])
    if "url" in fields:
        fix = "Remove it and set MIRANTE_CHANNEL_SECRET_<NAME> instead"
        fields["url"].wrong("the URL of a chat webhook is a secret", fix)
    return SlackChannel()


def _smtp(place: Place) -> Channel:
    fields = place.fields(["kind", "host", "port", "sender", "recipients"], ["encryption", "user"])
    encryption = fields["encryption"].member(Encryption) if "encryption" in fields else Encryption.STARTTLS
    user = fields["user"].text() if "user" in fields else None
    if user is not None and encryption is Encryption.NONE:
        fields["user"].wrong("its password would be sent unencrypted", "Use starttls, or remove the user")
    port = fields["port"].integer(1)
    if port > LARGEST_PORT:
        fields["port"].wrong(f"{port} is not a port", f"Write 1 to {LARGEST_PORT}")
    return SmtpChannel(
        host=fields["host"].text(),
        port=port,
        sender=_mailbox(fields["sender"]),
        recipients=_named(fields["recipients"], _mailbox),
        starttls=encryption is Encryption.STARTTLS,
        user=user,
    )


def _lambda(place: Place) -> Channel:
    return LambdaChannel(_named(place.fields(["kind", "functions"])["functions"], Place.text))


def _named(place: Place, value: Callable[[Place], str]) -> Mapping[str, str]:
    found = {name: value(item) for name, item in place.entries()}
    if place.given and not found:
        place.wrong("is empty", "Name at least one")
    return found


def _mailbox(place: Place) -> str:
    text = place.text()
    if text and not MAILBOX.fullmatch(text):
        place.wrong(f"{text!r} is not a mail address", "Write one address: ops@example.org")
    return text


READERS: Mapping[ChannelKind, Callable[[Place], Channel]] = {
    ChannelKind.LOCAL: _local,
    ChannelKind.SNS: _sns,
    ChannelKind.WEBHOOK: _webhook,
    ChannelKind.SLACK: _slack,
    ChannelKind.SMTP: _smtp,
    ChannelKind.LAMBDA: _lambda,
}
