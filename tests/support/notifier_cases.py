"""Every notifier with a receiver that runs: a server on the loopback that reads what a person would see."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default as email_policy
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from alarms.model.notification import Notification
from alarms.model.severity import Severity
from alarms.notify.apprise_urls import AppriseNotifier
from alarms.notify.dispatcher import Notifier
from alarms.notify.local_sink import LocalSink
from alarms.notify.ntfy import NtfyNotifier
from alarms.notify.pagerduty import PagerDutyNotifier
from alarms.notify.slack import SlackNotifier
from alarms.notify.sms import SmsNotifier
from alarms.notify.smtp import SmtpNotifier
from alarms.notify.sns import SnsNotifier
from alarms.notify.teams import TeamsNotifier
from alarms.notify.telegram import TelegramNotifier
from alarms.notify.webhook import WebhookNotifier, signature
from alarms.policy.channel import (
    BOTH,
    Encryption,
    NtfyChannel,
    PagerDutyChannel,
    SmsChannel,
    SmtpChannel,
    TelegramChannel,
)
from alarms.policy.webhook_template import WebhookTemplate
from foundation.clock import ManualClock
from tests.support.alerts import MONDAY_10
from tests.support.aws_refusal import aws_refusal
from tests.support.broken_notifiers import Wire
from tests.support.http_catcher import Caught, HttpCatcher, Reply
from tests.support.smtp_server import SmtpCatcher

SECRET = "xoxsecret-of-the-channel"
EVERYBODY = {"*": ("everybody",), "security": ("guards", "watch")}
NUMBERS = {"*": ("+15550100",), "security": ("+15550101", "+15550102")}
MAILBOXES = {"*": ("ops@x.org",), "security": ("sec@x.org", "cert@x.org")}
CHATS = {"*": ("-1001",), "security": ("-1002", "-1003")}
TEMPLATE = (
    '{"title": {{ subject | tojson }}, "text": {{ [body, subject_pt, body_pt] | join("\n") | tojson }}}'
)


@dataclass
class Case:
    """``faults``: the other side can be told to fail; ``reasons``: the notifier hears why it did."""

    notifier: Notifier
    wire: Wire
    faults: bool = True
    reasons: bool = True


@dataclass(frozen=True)
class HttpKind:
    """``make`` takes the server's URL; ``read`` answers what a reader sees; ``to``: who was told."""

    make: Callable[[str], Notifier]
    read: Callable[[Any], str]
    to: Callable[[Caught], str] | None = None
    path: str = "/"
    status: int = 200
    reasons: bool = True


def parsed(caught: Caught) -> Any:
    if caught.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {name: values[0] for name, values in parse_qs(caught.body.decode()).items()}
    return json.loads(caught.body)


def webhook(url: str, template: WebhookTemplate | None = None) -> Notifier:
    return WebhookNotifier(f"{url}/{SECRET}", b"key", lambda: MONDAY_10, template=template)


def runs(document: Any) -> str:
    """All texts of an Adaptive Card, in their order."""
    (attachment,) = document["attachments"]
    found: list[str] = []

    def walk(node: Any) -> None:
        for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            walk(child)
        if isinstance(node, dict) and node.get("type") in ("TextRun", "TextBlock"):
            found.append(node["text"])

    walk(attachment["content"])
    return "\n".join(found)


def block_texts(document: Any) -> str:
    said = [block["text"]["text"] for block in document["blocks"] if "text" in block]
    assert html.unescape(document["text"]).splitlines()[1:2] == ["first"], "a service without blocks, too"
    return html.unescape("\n".join(said))


HTTP_KINDS = {
    "webhook": HttpKind(webhook, lambda d: "\n".join(d["message"].values())),
    "template": HttpKind(
        lambda url: webhook(url, WebhookTemplate(TEMPLATE)), lambda d: f"{d['title']}\n{d['text']}"
    ),
    "slack": HttpKind(lambda url: SlackNotifier(f"{url}/{SECRET}"), block_texts),
    "teams": HttpKind(lambda url: TeamsNotifier(f"{url}/{SECRET}"), runs, status=202),
    "telegram": HttpKind(
        lambda url: TelegramNotifier(TelegramChannel(CHATS, url), SECRET),
        lambda d: html.unescape(d["text"]),
        to=lambda caught: str(parsed(caught)["chat_id"]),
    ),
    "ntfy": HttpKind(
        lambda url: NtfyNotifier(NtfyChannel(EVERYBODY, url), SECRET),
        lambda d: f"{d['title']}\n{d['message']}",
        to=lambda caught: str(parsed(caught)["topic"]),
    ),
    "pagerduty": HttpKind(
        lambda url: PagerDutyNotifier(PagerDutyChannel(url), SECRET),
        lambda d: "\n".join(d["payload"]["custom_details"].values()),
        status=202,
    ),
    "sms": HttpKind(
        lambda url: SmsNotifier(SmsChannel("AC1", "+15550199", NUMBERS, url, languages=BOTH), SECRET),
        lambda d: str(d["Body"]),
        to=lambda caught: str(parsed(caught)["To"]),
        status=201,
    ),
    "apprise": HttpKind(
        lambda url: AppriseNotifier(f"{url.replace('http', 'json', 1)}/{SECRET}/?format=text"),
        lambda d: f"{d['title']}\n{d['message']}",
        reasons=False,
    ),
}
FAULTS = {"temporary": 503, "permanent": 410}


@contextmanager
def http_case(name: str) -> Iterator[tuple[Case, HttpCatcher]]:
    kind, wire = HTTP_KINDS[name], Wire()

    def answer(caught: Caught) -> Reply:
        if wire.fault is not None:
            return Reply(FAULTS[wire.fault], f'{{"message": "no: {SECRET}"}}'.encode())
        if name in ("webhook", "template"):
            assert caught.headers["mirante-signature"] == signature(b"key", caught.body, MONDAY_10)
        identity = caught.headers.get("idempotency-key", "the library has none")
        wire.arrived.append((identity, kind.read(parsed(caught))))
        return Reply(kind.status)

    with HttpCatcher(answer) as server:
        notifier = kind.make(server.url)
        yield Case(notifier, wire, reasons=kind.reasons), server
        close = getattr(notifier, "close", lambda: None)
        close()


def plain_http_case(name: str) -> Callable[[Path], Iterator[Case]]:
    def case(_: Path) -> Iterator[Case]:
        with http_case(name) as (made, _server):
            yield made

    return case


def sns_case(_: Path) -> Iterator[Case]:
    wire = Wire()

    class Client:
        def publish(self, **kwargs: Any) -> dict[str, str]:
            if wire.fault == "temporary":
                raise aws_refusal("Throttling")
            if wire.fault == "permanent":
                raise aws_refusal("NotFound")
            wire.arrived.append((kwargs["MessageAttributes"]["dedup_id"]["StringValue"], kwargs["Message"]))
            return {"MessageId": "m"}

    yield Case(SnsNotifier(Client(), dict.fromkeys(Severity, "arn:aws:sns:sa-east-1:1:t")), wire)


def smtp_channel(port: int, encryption: Encryption = Encryption.NONE, user: str | None = None) -> SmtpChannel:
    return SmtpChannel("127.0.0.1", port, "m@x.org", MAILBOXES, encryption, user)


def smtp_case(_: Path) -> Iterator[Case]:
    wire = Wire()

    def read(content: bytes) -> None:
        mail = message_from_bytes(content, policy=email_policy)
        identity = str(mail["Message-ID"]).removeprefix("<").removesuffix("@mirante>")
        for form in ("plain", "html"):
            body = mail.get_body((form,))
            assert body is not None
            wire.arrived.append((identity, f"{mail['Subject']}\n{html.unescape(body.get_content())}"))

    with SmtpCatcher(read, lambda: wire.fault) as server:
        yield Case(SmtpNotifier(smtp_channel(server.port)), wire)


def sink_case(folder: Path) -> Iterator[Case]:
    wire = Wire()
    sink = LocalSink(folder / "notifications.sqlite", ManualClock(MONDAY_10))

    class Watched:
        def send(self, sent: Notification) -> str:
            identity = sink.send(sent)
            message = sink.delivered()[-1].notification.message
            shown = [message.subject, message.body, message.subject_pt, message.body_pt]
            wire.arrived.append((sink.delivered()[-1].notification.dedup_id, "\n".join(shown)))
            return identity

    yield Case(Watched(), wire, faults=False)
    sink.close()


CASES: dict[str, Callable[[Path], Iterator[Case]]] = {
    "sns": sns_case,
    "smtp": smtp_case,
    "sink": sink_case,
    **{name: plain_http_case(name) for name in HTTP_KINDS},
}
