"""``alarms/channels.yaml``: read, checked, and never holding a secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from alarms.model.severity import Severity
from alarms.policy.channel import (
    BOTH,
    AppriseChannel,
    Channel,
    Channels,
    Encryption,
    LambdaChannel,
    Language,
    LocalChannel,
    NtfyChannel,
    PagerDutyChannel,
    Recipients,
    SlackChannel,
    SmsChannel,
    SmtpChannel,
    SnsChannel,
    TeamsChannel,
    TelegramChannel,
    WebhookChannel,
)
from alarms.policy.defaults import CHANNELS
from alarms.policy.webhook_template import JSON, TemplateFault, WebhookTemplate
from foundation.errors import DefinitionErrors
from foundation.files import read_document, read_text
from foundation.located import Place
from foundation.workspace import SHIPPED

NAME = re.compile(r"[a-z][a-z0-9-]*")
TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]{1,256}")
MAILBOX = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+")
CHAT = re.compile(r"-?\d{1,20}|@[A-Za-z]\w{3,}")
TELEPHONE = re.compile(r"\+[1-9]\d{6,14}")
SENDER = re.compile(rf"{TELEPHONE.pattern}|MG[0-9a-f]{{32}}|[A-Za-z0-9 ]{{1,11}}|\d{{3,8}}")
ACCOUNT = re.compile(r"[A-Za-z0-9_-]{1,64}")
PUSH_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,64}")
CONTENT_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(; ?charset=utf-8)?", re.IGNORECASE)
LARGEST_PORT = 65_535
TEMPLATE_SUFFIX = ".j2"  # by which a change of one is noticed
MOST_RECIPIENTS = 5  # of a service that takes one at a time: all have to fit into one try
TELEGRAM = "https://api.telegram.org"
PAGERDUTY = "https://events.pagerduty.com"
SMS_GATEWAY = "https://api.twilio.com"
NTFY = "https://ntfy.sh"


class ChannelKind(StrEnum):
    LOCAL = "local"
    SNS = "sns"
    WEBHOOK = "webhook"
    SLACK = "slack"
    TEAMS = "teams"
    TELEGRAM = "telegram"
    SMTP = "smtp"
    PAGERDUTY = "pagerduty"
    SMS = "sms"
    NTFY = "ntfy"
    APPRISE = "apprise"
    LAMBDA = "lambda"


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
    pattern = _matching(TOPIC, "the ARN of an SNS topic", "arn:aws:sns:REGION:ACCOUNT:NAME")
    found = {Severity(name): pattern(item) for name, item in topics.fields(list(Severity)).items()}
    if len({arn.split(":")[3] for arn in found.values() if TOPIC.fullmatch(arn)}) > 1:
        topics.wrong("the topics are in several regions", "Make one channel per region")
    return SnsChannel(found)


def _webhook(place: Place) -> Channel:
    fields = place.fields(["kind", "url"], ["template", "content_type"])
    if "content_type" in fields and "template" not in fields:
        fields["content_type"].wrong("is that of a template, and there is none", "Remove it, or add template")
    return WebhookChannel(_url(fields["url"]), _template(fields) if "template" in fields else None)


def _template(fields: Mapping[str, Place]) -> WebhookTemplate | None:
    """A file beside this one. What is wrong inside it is told of that file and its line."""
    place, content_type = fields["template"], JSON
    if "content_type" in fields:
        content_type = _matching(CONTENT_TYPE, "a content type", JSON)(fields["content_type"])
    name = place.text()
    folder = Path(place.source.file).parent.resolve()
    path = (folder / name).resolve()
    if not path.is_relative_to(folder) or not name.endswith(TEMPLATE_SUFFIX):
        fix = "Name a file of its folder that ends so, as tickets.json.j2"
        place.wrong(f"{name!r} is not a file beside channels.yaml that ends in {TEMPLATE_SUFFIX}", fix)
        return None
    try:
        template = WebhookTemplate(read_text(path), content_type)
        template.check()
    except DefinitionErrors as unreadable:
        place.wrong(f"{name!r}: {unreadable.problem}", "Write that file, or correct its name")
        return None
    except TemplateFault as fault:
        fix = "Correct it there; in JSON, write texts as {{ subject | tojson }}"
        place.source.problems.refuse(str(path), fault.line, "template", fault.problem, fix)
        return None
    return template


def _slack(place: Place) -> Channel:
    fields = _hidden(place, "the URL of a chat webhook is a secret", ["language", "interactive"])
    return SlackChannel(_flag(fields, "interactive"), _languages(fields))


def _teams(place: Place) -> Channel:
    return TeamsChannel(_languages(_hidden(place, "the URL of a chat webhook is a secret", ["language"])))


def _telegram(place: Place) -> Channel:
    optional = ["server", "language", "interactive"]
    fields = place.fields(["kind", "recipients"], optional)
    return TelegramChannel(
        _recipients(fields["recipients"], _chat),
        _server(fields, TELEGRAM),
        _flag(fields, "interactive"),
        _languages(fields),
    )


def _smtp(place: Place) -> Channel:
    optional = ["encryption", "user", "language"]
    fields = place.fields(["kind", "host", "port", "sender", "recipients"], optional)
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
        recipients=_recipients(fields["recipients"], _mailbox, most=None),
        encryption=encryption,
        user=user,
        languages=_languages(fields),
    )


def _pagerduty(place: Place) -> Channel:
    fields = place.fields(["kind"], ["server", "language"])
    return PagerDutyChannel(_server(fields, PAGERDUTY), _languages(fields))


def _sms(place: Place) -> Channel:
    optional = ["server", "user", "voice", "language"]
    fields = place.fields(["kind", "account", "sender", "recipients"], optional)
    account = _matching(ACCOUNT, "an id", "that of the account, as AC..., or of an API key")
    sender = _matching(SENDER, "a sender", "+15550100, a name or a messaging service (MG...)")
    voice = fields["voice"].items() if "voice" in fields else []
    if voice and not TELEPHONE.fullmatch(fields["sender"].scalar()):
        fields["voice"].wrong("calls come from a telephone number", "Make sender one, or remove voice")
    return SmsChannel(
        account=account(fields["account"]),
        sender=sender(fields["sender"]),
        recipients=_recipients(fields["recipients"], _telephone),
        server=_server(fields, SMS_GATEWAY),
        user=account(fields["user"]) if "user" in fields else None,
        voice=tuple(item.member(Severity) for item in voice),
        languages=_languages(fields, (Language.EN,)),
    )


def _ntfy(place: Place) -> Channel:
    fields = place.fields(["kind", "recipients"], ["server", "open", "language"])
    topics = _recipients(fields["recipients"], _topic_name)
    return NtfyChannel(topics, _server(fields, NTFY), _flag(fields, "open"), _languages(fields))


def _apprise(place: Place) -> Channel:
    return AppriseChannel(_languages(_hidden(place, "an Apprise URL is a secret", ["language"])))


def _lambda(place: Place) -> Channel:
    functions = place.fields(["kind", "functions"])["functions"]
    found = {name: item.text() for name, item in functions.entries()}
    _refuse_empty(functions, found)
    return LambdaChannel(found)


def _hidden(place: Place, secret: str, optional: list[str]) -> Mapping[str, Place]:
    """The fields of a kind whose address must not be among them."""
    fields = place.fields(["kind"], [*optional, "url"])
    if "url" in fields:
        fields["url"].wrong(secret, "Remove it and set MIRANTE_CHANNEL_SECRET_<NAME> instead")
    return fields


def _recipients(place: Place, one: Callable[[Place], str], most: int | None = MOST_RECIPIENTS) -> Recipients:
    """One or a list for each team."""
    found = {}
    for team, item in place.entries():
        several = item.items(least=1) if item.is_list else [item]
        if most is not None and len(several) > most:
            item.wrong(f"names {len(several)}, at most {most} are told", "Make a second channel, or a group")
        found[team] = tuple(one(each) for each in several)
    _refuse_empty(place, found)
    return found


def _refuse_empty(place: Place, found: Mapping[str, object]) -> None:
    if place.given and not found:
        place.wrong("is empty", "Name at least one")


def _matching(pattern: re.Pattern[str], what: str, example: str) -> Callable[[Place], str]:
    def read(place: Place) -> str:
        text = place.text()
        if text and not pattern.fullmatch(text):
            place.wrong(f"{text!r} is not {what}", f"Write {example}")
        return text

    return read


def _url(place: Place) -> str:
    url = place.text()
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if url and (parts.scheme not in ("http", "https") or not parts.hostname):
        place.wrong(f"{url!r} is not a URL", "Write https://HOST/PATH")
    if parts.username or parts.password:
        place.wrong("contains a secret", "Remove the user and password from it")
    return url


def _server(fields: Mapping[str, Place], usual: str) -> str:
    return _url(fields["server"]).rstrip("/") if "server" in fields else usual


def _languages(fields: Mapping[str, Place], otherwise: tuple[Language, ...] = BOTH) -> tuple[Language, ...]:
    return (fields["language"].member(Language),) if "language" in fields else otherwise


def _flag(fields: Mapping[str, Place], name: str) -> bool:
    return fields[name].flag() if name in fields else False


_chat = _matching(CHAT, "a chat", "its number, quoted, or @channel")
_mailbox = _matching(MAILBOX, "a mail address", "one address: ops@example.org")
_telephone = _matching(TELEPHONE, "a telephone number", 'its + and digits, quoted: "+15550100"')
_topic_name = _matching(PUSH_TOPIC, "a topic", "up to 64 letters, digits, dashes and underscores")


def read_address(channel: Channel, place: Place) -> str:
    """One person's own address on it."""
    match channel:
        case TelegramChannel():
            return _chat(place)
        case SmtpChannel():
            return _mailbox(place)
        case SmsChannel():
            return _telephone(place)
        case NtfyChannel():
            return _topic_name(place)
        case _:
            return place.text()


READERS: Mapping[ChannelKind, Callable[[Place], Channel]] = {
    ChannelKind.LOCAL: _local,
    ChannelKind.SNS: _sns,
    ChannelKind.WEBHOOK: _webhook,
    ChannelKind.SLACK: _slack,
    ChannelKind.TEAMS: _teams,
    ChannelKind.TELEGRAM: _telegram,
    ChannelKind.SMTP: _smtp,
    ChannelKind.PAGERDUTY: _pagerduty,
    ChannelKind.SMS: _sms,
    ChannelKind.NTFY: _ntfy,
    ChannelKind.APPRISE: _apprise,
    ChannelKind.LAMBDA: _lambda,
}
