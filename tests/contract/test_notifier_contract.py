"""One contract for every receiver: both languages, one dedup id, failures that say if trying again helps."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default as email_policy
from pathlib import Path
from typing import Any

import httpx
import pytest

from alarms.model.errors import PermanentFailure, TemporaryFailure
from alarms.model.notification import Message, Notification
from alarms.model.severity import Severity
from alarms.notify.dispatcher import Notifier
from alarms.notify.local_sink import LocalSink
from alarms.notify.slack import SlackNotifier
from alarms.notify.smtp import SmtpNotifier, SmtpServer
from alarms.notify.sns import SnsNotifier
from alarms.notify.webhook import WebhookNotifier, signature
from foundation.clock import ManualClock
from tests.support.alerts import MONDAY_10
from tests.support.aws_refusal import aws_refusal
from tests.support.broken_notifiers import BROKEN, Wire
from tests.support.router_store_contract import notification
from tests.support.smtp_server import SmtpCatcher


@dataclass
class Case:
    notifier: Notifier
    wire: Wire
    faults: bool = True  # whether the other side can be told to fail
    identified: bool = True  # whether the other side is told the dedup id


def page(severity: Severity = Severity.P1) -> Notification:
    from dataclasses import replace

    message = Message("[P1] Queima: it burns", "[P1] Está queimando", "first\nsecond", "primeiro\nação")
    return replace(notification(severity=severity), message=message)


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


def http_client(wire: Wire, read: Callable[[httpx.Request], tuple[str, str]]) -> httpx.Client:
    def respond(request: httpx.Request) -> httpx.Response:
        if wire.fault is not None:
            return httpx.Response(503 if wire.fault == "temporary" else 410)
        wire.arrived.append(read(request))
        return httpx.Response(200)

    return httpx.Client(transport=httpx.MockTransport(respond))


def webhook_case(_: Path) -> Iterator[Case]:
    wire = Wire()

    def read(request: httpx.Request) -> tuple[str, str]:
        expected = signature(b"key", request.content, MONDAY_10)
        assert request.headers["mirante-signature"] == expected
        message = json.loads(request.content)["message"]
        return request.headers["idempotency-key"], "\n".join(message.values())

    client = http_client(wire, read)
    yield Case(WebhookNotifier("http://receiver/", b"key", lambda: MONDAY_10, client), wire)
    client.close()


def slack_case(_: Path) -> Iterator[Case]:
    wire = Wire()

    def read(request: httpx.Request) -> tuple[str, str]:
        (attachment,) = json.loads(request.content)["attachments"]
        texts = [block["text"]["text"] for block in attachment["blocks"] if block["type"] == "section"]
        identity = attachment["blocks"][-1]["elements"][0]["text"].removeprefix("dedup ")
        return identity, "\n".join(texts)

    client = http_client(wire, read)
    yield Case(SlackNotifier("http://receiver/secret", client), wire)
    client.close()


def smtp_case(_: Path) -> Iterator[Case]:
    wire = Wire()

    def read(content: bytes) -> None:
        mail = message_from_bytes(content, policy=email_policy)
        body = mail.get_body()
        assert body is not None
        identity = str(mail["Message-ID"]).removeprefix("<").removesuffix("@mirante>")
        wire.arrived.append((identity, f"{mail['Subject']}\n{body.get_content()}"))

    with SmtpCatcher(read, lambda: wire.fault) as server:
        yield Case(SmtpNotifier(SmtpServer("127.0.0.1", server.port, "m@x.org"), {"*": "ops@x.org"}), wire)


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


CASES = {"sns": sns_case, "webhook": webhook_case, "slack": slack_case, "smtp": smtp_case, "sink": sink_case}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    yield from CASES[request.param](tmp_path)


def it_brings_both_languages(case: Case) -> None:
    assert case.notifier.send(page())
    (_, text) = case.wire.arrived[0]
    for part in ("it burns", "first", "second", "Está queimando", "ação"):
        assert part in text, part


def the_same_message_carries_the_same_dedup_id(case: Case) -> None:
    case.notifier.send(page())
    case.notifier.send(page())
    assert {identity for identity, _ in case.wire.arrived} == {page().dedup_id}


def what_may_pass_is_temporary(case: Case) -> None:
    if case.faults:
        case.wire.fault = "temporary"
        with pytest.raises(TemporaryFailure):
            case.notifier.send(page())
        assert case.wire.arrived == []


def what_never_will_is_permanent(case: Case) -> None:
    if case.faults:
        case.wire.fault = "permanent"
        with pytest.raises(PermanentFailure):
            case.notifier.send(page())


CHECKS = (
    it_brings_both_languages,
    the_same_message_carries_the_same_dedup_id,
    what_may_pass_is_temporary,
    what_never_will_is_permanent,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_notifier_keeps_the_contract(check: Callable[[Case], None], case: Case) -> None:
    check(case)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_the_contract_notices_a_broken_notifier(broken: Any) -> None:
    noticed = []
    for check in CHECKS:
        wire = Wire()
        try:
            check(Case(broken(wire), wire))
        except (AssertionError, ConnectionError, PermanentFailure):
            noticed.append(check)
        except pytest.fail.Exception:
            noticed.append(check)
    assert noticed


def test_sns_is_told_team_step_and_severity_in_at_most_ten_attributes() -> None:
    seen: list[dict[str, Any]] = []

    class Client:
        def publish(self, **kwargs: Any) -> dict[str, str]:
            seen.append(kwargs)
            return {"MessageId": "m"}

    topics = {Severity.P1: "arn:p1.fifo", Severity.P2: "arn:p2"}
    SnsNotifier(Client(), topics).send(page())
    (call,) = seen
    assert call["TopicArn"] == "arn:p1.fifo"
    assert (call["MessageGroupId"], call["MessageDeduplicationId"]) == ("incident-1", page().dedup_id)
    assert call["Subject"] == "[P1] Queima: it burns"
    assert len(call["MessageAttributes"]) <= 10
    with pytest.raises(PermanentFailure, match="no topic is configured for P4"):
        SnsNotifier(Client(), topics).send(page(Severity.P4))


def test_an_sns_that_cannot_be_reached_is_temporary() -> None:
    class Client:
        def publish(self, **kwargs: Any) -> dict[str, str]:
            raise aws_refusal("EndpointConnectionError")

    with pytest.raises(TemporaryFailure):
        SnsNotifier(Client(), dict.fromkeys(Severity, "arn")).send(page())


def test_the_sink_counts_a_repeated_page_and_shows_it_once(tmp_path: Path) -> None:
    sink = LocalSink(tmp_path / "n.sqlite", ManualClock(MONDAY_10))
    sink.send(page())
    sink.send(page())
    (shown,) = sink.delivered()
    assert (shown.times, shown.notification, shown.delivered_at) == (2, page(), MONDAY_10)
    assert sink.delivered("business") == []
    sink.close()


def test_a_slack_address_is_never_part_of_an_error() -> None:
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(500)))
    with pytest.raises(TemporaryFailure) as raised:
        SlackNotifier("http://receiver/secret", client).send(page())
    assert "secret" not in str(raised.value)
    client.close()
