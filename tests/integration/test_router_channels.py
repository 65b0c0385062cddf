"""``mirante serve control`` with every channel, every way in, a remediation and a heartbeat."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default as email_policy
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import pytest

from alarms.notify.webhook import signature
from tests.support.aws_emulator import aws_client, aws_variables, needs_emulator, shared_emulator
from tests.support.command_line import Ran, mirante
from tests.support.hooks import alert, alertmanager, cloudwatch_alarm, eventbridge_event
from tests.support.http_catcher import Caught, HttpCatcher
from tests.support.patience import patience, wait_until
from tests.support.processes import Role
from tests.support.running_router import HEADERS, TOKEN, Desk, TeamQueues, alarm_policy
from tests.support.smtp_server import SmtpCatcher

SOON = 120.0  # real seconds
TOPIC = "arn:aws:sns:sa-east-1:123456789012:alarms"
FUNCTION = """
import json, os, urllib.request

def handler(event, context):
    urllib.request.urlopen(os.environ["TOLD"], data=json.dumps(event).encode())
"""
RESTART = {
    "name": "restart-api",
    "match": ['alertname="ApiDown"'],
    "severities": ["P1"],
    "channel": "machines",
    "at_most": 1,
    "within": "1h",
}

pytestmark = needs_emulator


@dataclass
class World:
    """One running router and everything around it."""

    role: Role
    desk: Desk
    outside: HttpCatcher
    mails: list[bytes]
    queues: TeamQueues
    alarm_queue: str
    endpoint: str

    def post(self, path: str, document: Any, headers: dict[str, str] | None = None) -> int:
        chosen = HEADERS if headers is None else headers
        return httpx.post(
            f"{self.role.url}{path}", json=document, headers=chosen, timeout=patience(30)
        ).status_code

    def opened(self, title: str) -> dict[str, Any]:
        wait_until(lambda: self.desk.incident(title) is not None, SOON, f"{title} is an incident")
        found = self.desk.incident(title)
        assert found is not None
        return found

    def caught(self, path: str, about: str) -> list[Caught]:
        """What arrived at ``path`` and holds that text."""
        return [one for one in self.outside.at(path) if about.encode() in one.body]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("control")
    mails: list[bytes] = []
    endpoint = shared_emulator()
    with (
        HttpCatcher() as outside,
        SmtpCatcher(mails.append, lambda: None) as mail,
    ):
        queues = TeamQueues(endpoint, "channels", ("operations", "data-engineering", "remediation"))
        alarm_queue, alarm_queue_arn = queues.queue("channels-alarms-in")
        settings = {
            **aws_variables(endpoint),
            "MIRANTE_ALARM_POLICY": str(policy(folder / "policy", endpoint, outside, mail.port, queues)),
            "MIRANTE_HOOK_TOKEN": TOKEN,
            "MIRANTE_HOOK_KEY": "shared",
            "MIRANTE_ALARM_QUEUE": alarm_queue,
            "MIRANTE_ALARM_TOPICS": TOPIC,
            "MIRANTE_CHANNEL_SECRET_TICKETS": "key",
            "MIRANTE_CHANNEL_SECRET_CHAT": f"{outside.url}/chat-secret",
            "MIRANTE_CONSOLE_URL": "https://mirante.example/",
            "MIRANTE_HEARTBEAT_URL": f"{outside.url}/alive",
            "MIRANTE_HEARTBEAT_EVERY": "0.5",
        }
        subscribed = typed(settings, "alerts", "subscribe", "router", alarm_queue_arn)
        assert (subscribed.status, len(subscribed.out.splitlines())) == (0, 4), subscribed
        with Role("control", folder / "data", settings) as role:
            yield World(role, Desk(role), outside, mails, queues, alarm_queue, endpoint)


def typed(settings: Mapping[str, str], *arguments: str) -> Ran:
    """A command as a person with these settings types it."""
    with patch.dict(os.environ, settings):
        return mirante(*arguments)


def policy(folder: Path, endpoint: str, outside: HttpCatcher, mail_port: int, queues: TeamQueues) -> Path:
    channels = {
        "pages": queues.channel,
        "tickets": {"kind": "webhook", "url": f"{outside.url}/tickets"},
        "chat": {"kind": "slack"},
        "mail": {
            "kind": "smtp",
            "host": "127.0.0.1",
            "port": mail_port,
            "sender": "mirante@example.org",
            "recipients": {"operations": "ops@example.org", "*": "sre@example.org"},
            "encryption": "none",
        },
        "machines": {"kind": "lambda", "functions": {"restart-api": function(endpoint, outside)}},
    }
    on_topic = {**RESTART, "name": "isolate", "match": ['alertname="Intruder"'], "channel": "pages"}
    everywhere = {"operations": ("pages", "tickets", "chat", "mail")}
    return alarm_policy(folder, channels, everywhere, [RESTART, on_topic])


def function(endpoint: str, outside: HttpCatcher) -> str:
    """A Lambda function that tells of each event it gets."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("restart.py", FUNCTION)
    made = aws_client("lambda", endpoint).create_function(
        FunctionName="restart",
        Runtime="python3.11",
        Role="arn:aws:iam::000000000000:role/restart",
        Handler="restart.handler",
        Code={"ZipFile": packed.getvalue()},
        Environment={"Variables": {"TOLD": f"{outside.url}/restarted"}},
    )
    return str(made["FunctionArn"])


def body_of(name: str, **labels: str) -> dict[str, Any]:
    return alertmanager(alert(name, starts=datetime.now(UTC), **labels))  # type: ignore[arg-type]


def test_a_page_reaches_topic_webhook_chat_and_mail_in_both_languages(world: World) -> None:
    assert world.post("/hooks/alertmanager", body_of("DiskFull", severity="P1")) == 200
    incident = world.opened("DiskFull")["id"]

    def arrived() -> bool:
        mailed = any(incident.encode() in content for content in world.mails)
        return bool(world.caught("/tickets", incident) and world.caught("/chat-secret", incident) and mailed)

    wait_until(arrived, SOON, "webhook, chat and mail")
    (ticket,) = world.caught("/tickets", incident)
    stamp = ticket.headers["mirante-signature"].partition(",")[0].removeprefix("t=")
    expected = signature(b"key", ticket.body, datetime.fromtimestamp(int(stamp), UTC))
    assert ticket.headers["mirante-signature"] == expected
    notification = json.loads(ticket.body)
    assert ticket.headers["idempotency-key"] == notification["dedup_id"]
    assert f"https://mirante.example/console/incidents/{incident}" in notification["message"]["body"]
    (chat,) = world.caught("/chat-secret", incident)
    assert "[P1] DiskFull: new incident" in json.loads(chat.body)["text"]
    (mail,) = [content for content in world.mails if incident.encode() in content]
    read = message_from_bytes(mail, policy=email_policy)
    text = read.get_body()
    assert text is not None
    assert read["To"] == "ops@example.org"
    for part in ("You are the first responder.", "Você é o primeiro a atender."):
        assert part in notification["message"]["body"] + notification["message"]["body_pt"]
        assert part in text.get_content()
        assert part in chat.body.decode()
    (page,) = [one for one in taken(world, "operations", incident) if one["step"] == "first"]
    assert (page["severity"], page["team"]) == ("P1", "operations")
    assert world.queues.take("data-engineering") == []
    tap = world.role.url + notification["message"]["acknowledge"].removeprefix("https://mirante.example")
    assert "<button" in httpx.get(tap, timeout=patience(30)).text
    assert world.desk.get(f"/v1/alerts/{incident}")["incident"]["state"] == "open", "looking is nothing"
    done = httpx.post(tap, timeout=patience(30), follow_redirects=True)
    assert (done.status_code, "<button" in done.text) == (200, False)
    assert world.desk.get(f"/v1/alerts/{incident}")["incident"]["acknowledged_by"].endswith(" (link)")
    assert tap.rpartition("/")[2] not in json.dumps(world.desk.get(f"/v1/alerts/{incident}"))


def taken(world: World, team: str, incident: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []

    def some() -> bool:
        found.extend(one for one in world.queues.take(team) if one["incident"] == incident)
        return bool(found)

    wait_until(some, SOON, f"a message about {incident} in the queue of {team}")
    return found


def test_alarms_come_in_by_every_way_and_only_from_those_who_may(world: World) -> None:
    signed = json.dumps(body_of("BySignature")).encode()
    digest = hmac.new(b"shared", signed, hashlib.sha256).hexdigest()
    answer = httpx.post(
        f"{world.role.url}/hooks/alertmanager",
        content=signed,
        headers={"x-mirante-signature": f"sha256={digest}"},
    )
    assert answer.status_code == 200
    now = datetime.now(UTC)
    assert world.post("/hooks/eventbridge", eventbridge_event("by-event", at=now)) == 200
    sqs = aws_client("sqs", world.endpoint)
    told = json.dumps(cloudwatch_alarm("by-topic-and-queue", at=now))
    aws_client("sns", world.endpoint).publish(TopicArn=world.queues.channel["topics"]["P2"], Message=told)
    sqs.send_message(
        QueueUrl=world.alarm_queue, MessageBody=json.dumps(eventbridge_event("by-queue", at=now))
    )
    for title in ("BySignature", "by-event", "by-topic-and-queue", "by-queue"):
        world.opened(title)
    for path in ("/hooks/alertmanager", "/hooks/eventbridge", "/hooks/sns"):
        assert world.post(path, body_of("Stranger"), {}) == 401
        assert world.post(path, body_of("Stranger"), {"authorization": "Bearer wrong"}) == 401
    assert world.desk.incident("Stranger") is None
    assert world.desk.get("/v1/alerts/quarantine")["quarantined"] == []
    left = sqs.get_queue_attributes(QueueUrl=world.alarm_queue, AttributeNames=["All"])["Attributes"]
    assert left["ApproximateNumberOfMessages"] == "0"


@pytest.mark.parametrize(
    ("name", "action", "asked_at"),
    [
        (
            "ApiDown",
            "restart-api",
            lambda world: [json.loads(c.body) for c in world.outside.at("/restarted")],
        ),
        ("Intruder", "isolate", lambda world: world.queues.take("remediation")),
    ],
)
def test_a_remediation_is_asked_for_once_by_its_channel_and_stands_in_the_history(
    world: World, name: str, action: str, asked_at: Callable[[World], list[dict[str, Any]]]
) -> None:
    asked: list[dict[str, Any]] = []

    def heard() -> bool:
        asked.extend(asked_at(world))
        return bool(asked)

    for component in ("a", "b"):
        assert world.post("/hooks/alertmanager", body_of(name, severity="P1", component=component)) == 200
    wait_until(heard, SOON, f"{action} is asked for")
    assert (asked[0]["step"], asked[0]["target"]) == ("remediation", f"remediation:{action}")
    found = [one["id"] for one in world.desk.get("/v1/alerts?state=all")["alerts"] if one["title"] == name]
    explained = [world.desk.get(f"/v1/alerts/{incident}/explain") for incident in found]
    kinds = [[entry["kind"] for entry in one["timeline"]].count("remediation-asked") for one in explained]
    assert sorted(kinds) == [0, 1], "at most one within the hour"
    reasons = [decision["reason"] for one in explained for decision in one["decisions"]]
    assert any(reason.startswith("asked for 1 times within 1:00:00 already") for reason in reasons)


def test_a_channel_is_tried_before_anybody_depends_on_it(world: World) -> None:
    for channel in ("pages", "tickets", "chat", "mail"):
        ran = typed(world.role.settings, "alerts", "try", channel)
        assert (ran.status, ran.err) == (0, ""), channel
        assert f"{channel} accepted the message as" in ran.out
    assert len(world.caught("/tickets", "test of the channel")) == 1
    assert len(world.caught("/chat-secret", "teste do canal")) == 1
    (page,) = taken(world, "operations", "trial")
    assert (page["step"], page["severity"]) == ("inform", "P4")
    assert world.desk.get("/v1/alerts/quarantine")["quarantined"] == []
    machines = typed(world.role.settings, "alerts", "try", "machines")
    assert machines.status == 2
    assert "a test would trigger a real action" in machines.err
    listed = typed(world.role.settings, "alerts", "channels").out
    assert "chat      slack    operations" in listed
    assert "chat-secret" not in listed


def test_people_at_another_machine_ask_the_running_router(world: World, tmp_path: Path) -> None:
    assert world.post("/hooks/alertmanager", body_of("AskedFromAfar", severity="P3")) == 200
    incident = world.opened("AskedFromAfar")["id"]
    settings = {"MIRANTE_ROUTER_URL": world.role.url, "MIRANTE_HOOK_TOKEN": TOKEN}
    away = ("--data-dir", str(tmp_path / "none"), "alerts")
    acknowledged = typed(settings, *away, "ack", incident[-8:], "--by", "ana")
    assert (acknowledged.status, acknowledged.err) == (0, "")
    assert "AskedFromAfar" in typed(settings, *away, "list").out
    assert world.desk.get(f"/v1/alerts/{incident}")["incident"]["acknowledged_by"] == "ana (operator)"
    refused = typed({**settings, "MIRANTE_HOOK_TOKEN": "wrong"}, *away, "list")
    assert refused.status == 2
    assert "Set hook_token to that router's token" in refused.err
    assert not (tmp_path / "none").exists()


def test_the_heart_beats_while_pages_leave(world: World) -> None:
    before = len(world.outside.at("/alive"))
    wait_until(lambda: len(world.outside.at("/alive")) > before, SOON, "another heartbeat")


def test_everything_is_counted(world: World) -> None:
    assert world.post("/hooks/alertmanager", body_of("Counted", severity="P2")) == 200
    incident = world.opened("Counted")["id"]
    assert world.desk.post(f"/v1/alerts/{incident}/acknowledge", {"note": "on it"}).status_code == 200
    assert world.desk.post(f"/v1/alerts/{incident}/resolve").status_code == 200
    wait_until(lambda: world.caught("/tickets", incident) != [], SOON, "its page")
    text = httpx.get(f"{world.role.url}/metrics").text
    for sample in (
        'mirante_alerts_received_total{source="alertmanager"}',
        'mirante_notifications_total{result="sent",severity="P2"}',
        "mirante_oldest_undelivered_notification_seconds",
        'mirante_incidents_open{severity="P1"}',
        "mirante_escalations_repaired_total",
    ):
        assert sample in text, sample
