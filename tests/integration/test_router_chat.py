"""``mirante serve control`` without AWS: a page by every channel, and presses of buttons that come back."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default as email_policy
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs, urlencode

import httpx
import pytest
from slack_sdk.signature import SignatureVerifier

from app.settings import channel_variable
from tests.support.command_line import Ran, mirante
from tests.support.hooks import alert, alertmanager
from tests.support.http_catcher import Caught, HttpCatcher, Reply
from tests.support.patience import patience, wait_until
from tests.support.processes import Role
from tests.support.running_router import HEADERS, TOKEN, Desk, alarm_policy
from tests.support.smtp_server import SmtpCatcher

SOON = 120.0  # real seconds
SIGNING = "signing-secret"
TELEGRAM = "telegram-token"
ACCEPTED = {"/chat": 200, "/flow": 202, "/v2/enqueue": 202}
KINDS = ("chat", "flow", "bot", "push", "pager", "phone", "tickets", "other", "mail")
TEMPLATE = '{"summary": {{ subject | tojson }}, "id": {{ incident | tojson }}}'


@dataclass
class World:
    """One running router and every service around it."""

    role: Role
    desk: Desk
    outside: HttpCatcher
    mails: list[bytes]

    def page(self, name: str) -> str:
        """The id of the incident that a new alert makes."""
        body = alertmanager(alert(name, starts=datetime.now(UTC), severity="P1"))
        address = f"{self.role.url}/hooks/alertmanager"
        answer = httpx.post(address, json=body, headers=HEADERS, timeout=patience(30))
        assert answer.status_code == 200
        wait_until(lambda: self.desk.incident(name) is not None, SOON, f"{name} is an incident")
        found = self.desk.incident(name)
        assert found is not None
        return str(found["id"])

    def about(self, path: str, text: str) -> Caught:
        """The first request at ``path`` that holds that text."""

        def found() -> list[Caught]:
            return [one for one in self.outside.at(path) if text.encode() in one.body]

        wait_until(lambda: found() != [], SOON, f"{text} at {path}")
        return found()[0]

    def acknowledged_by(self, incident: str) -> str | None:
        by = self.desk.get(f"/v1/alerts/{incident}")["incident"]["acknowledged_by"]
        return None if by is None else str(by)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("chat")
    mails: list[bytes] = []
    with (
        HttpCatcher(lambda caught: Reply(ACCEPTED.get(caught.path, 200))) as outside,
        SmtpCatcher(mails.append, lambda: None) as mail,
    ):
        settings = {
            "MIRANTE_ALARM_POLICY": str(policy(folder / "policy", outside.url, mail.port)),
            "MIRANTE_HOOK_TOKEN": TOKEN,
            "MIRANTE_SLACK_SIGNING_SECRET": SIGNING,
            "MIRANTE_TELEGRAM_HOOK_TOKEN": TELEGRAM,
            "MIRANTE_CONSOLE_URL": "https://mirante.example/",
            **{channel_variable(name): value for name, value in secrets(outside.url).items()},
        }
        with Role("control", folder / "data", settings) as role:
            yield World(role, Desk(role), outside, mails)


def secrets(url: str) -> dict[str, str]:
    return {
        "chat": f"{url}/chat",
        "flow": f"{url}/flow",
        "bot": "1:secret",
        "push": "tk_secret",
        "pager": "integration-secret",
        "phone": "phone-secret",
        "tickets": "key-secret",
        "other": f"{url.replace('http', 'json', 1)}/other",
    }


def policy(folder: Path, url: str, mail_port: int) -> Path:
    everybody: dict[str, Any] = {"*": "team"}
    channels = {
        "chat": {"kind": "slack", "interactive": True},
        "flow": {"kind": "teams", "language": "pt"},
        "bot": {"kind": "telegram", "server": url, "recipients": {"*": "-1001"}, "interactive": True},
        "push": {"kind": "ntfy", "server": url, "recipients": everybody},
        "pager": {"kind": "pagerduty", "server": url},
        "phone": {
            "kind": "sms",
            "server": url,
            "account": "AC1",
            "sender": "+15550100",
            "recipients": {"*": ["+15550101", "+15550102"]},
            "voice": ["P1"],
        },
        "tickets": {"kind": "webhook", "url": f"{url}/tickets", "template": "tickets.json.j2"},
        "other": {"kind": "apprise"},
        "mail": {
            "kind": "smtp",
            "host": "127.0.0.1",
            "port": mail_port,
            "sender": "mirante@example.org",
            "recipients": {"*": ["sre@example.org", "ops@example.org"]},
            "encryption": "none",
        },
    }
    folder.mkdir(parents=True)
    (folder / "tickets.json.j2").write_text(TEMPLATE, encoding="utf-8")
    return alarm_policy(folder, channels, {"operations": KINDS})


def typed(settings: Mapping[str, str], *arguments: str) -> Ran:
    """A command as a person with these settings types it."""
    with patch.dict(os.environ, settings):
        return mirante(*arguments)


def test_a_page_reaches_every_channel(world: World) -> None:
    incident = world.page("DiskFull")
    slack = json.loads(world.about("/chat", incident).body)
    assert slack["blocks"][0]["text"]["text"].startswith("🔴 [P1] DiskFull")
    card = world.about("/flow", incident).body.decode()
    assert "novo incidente" in card
    assert "new incident" not in card
    told = json.loads(world.about("/bot1:secret/sendMessage", incident).body)
    assert told["chat_id"] == "-1001"
    assert (
        told["reply_markup"]["inline_keyboard"][0][1]["url"]
        == f"https://mirante.example/console/incidents/{incident}"
    )
    push = json.loads(world.about("/", incident).body)
    assert (push["topic"], push["priority"]) == ("team", 5)
    event = json.loads(world.about("/v2/enqueue", incident).body)
    assert (event["event_action"], event["dedup_key"]) == ("trigger", incident)
    for what in ("Messages", "Calls"):
        path = f"/2010-04-01/Accounts/AC1/{what}.json"
        wait_until(lambda at=path: len(world.outside.at(at)) == 2, SOON, what)  # type: ignore[misc]
        forms = [parse_qs(caught.body.decode()) for caught in world.outside.at(path)]
        assert {form["To"][0] for form in forms} == {"+15550101", "+15550102"}
    ticket = json.loads(world.about("/tickets", incident).body)
    assert (ticket["id"], ticket["summary"].startswith("[P1] DiskFull")) == (incident, True)
    assert "[P1] DiskFull" in json.loads(world.about("/other", incident).body)["title"]

    def mailed() -> list[bytes]:
        return [mail for mail in world.mails if incident.encode() in mail]

    wait_until(lambda: len(mailed()) == 2, SOON, "a mail to both")
    read = message_from_bytes(mailed()[0], policy=email_policy)
    html = read.get_body(("html",))
    assert html is not None
    assert f"https://mirante.example/console/incidents/{incident}" in html.get_content()


def test_the_button_of_a_slack_message_acknowledges_and_the_pager_service_hears_of_it(world: World) -> None:
    incident = world.page("PressedInSlack")
    message = json.loads(world.about("/chat", incident).body)
    (button,) = [
        one
        for block in message["blocks"]
        if block["type"] == "actions"
        for one in block["elements"]
        if "value" in one
    ]
    payload = {
        "type": "block_actions",
        "user": {"id": "U1", "username": "ana"},
        "message": message,
        "actions": [button],
    }
    body, stamp = urlencode({"payload": json.dumps(payload)}), str(int(time.time()))

    def press(secret: str) -> int:
        signature = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body) or ""
        headers = {"x-slack-request-timestamp": stamp, "x-slack-signature": signature}
        address = f"{world.role.url}/hooks/slack"
        return httpx.post(address, content=body, headers=headers, timeout=patience(30)).status_code

    assert (press("other"), world.acknowledged_by(incident)) == (401, None)
    assert (press(SIGNING), world.acknowledged_by(incident)) == (200, "ana (Slack U1)")
    world.about("/v2/enqueue", f'"acknowledge","dedup_key":"{incident}"')


def test_the_button_of_a_telegram_message_acknowledges(world: World) -> None:
    incident = world.page("PressedInTelegram")
    message = json.loads(world.about("/bot1:secret/sendMessage", incident).body)
    update = {
        "update_id": 1,
        "callback_query": {
            "id": "1",
            "from": {"id": 7, "first_name": "Ana"},
            "message": {"chat": {"id": -1001}},
            "data": message["reply_markup"]["inline_keyboard"][0][0]["callback_data"],
        },
    }
    headers = {"x-telegram-bot-api-secret-token": TELEGRAM}
    answer = httpx.post(
        f"{world.role.url}/hooks/telegram", json=update, headers=headers, timeout=patience(30)
    )
    assert answer.json()["text"] == "Acknowledged by Ana (Telegram 7) / Assumido por Ana (Telegram 7)"
    assert world.acknowledged_by(incident) == "Ana (Telegram 7)"


@pytest.mark.parametrize("channel", KINDS)
def test_every_channel_can_be_tried(world: World, channel: str) -> None:
    ran = typed(world.role.settings, "alerts", "try", channel)
    assert (ran.status, ran.err) == (0, ""), ran
    assert f"{channel} accepted the message as" in ran.out


def test_the_list_says_which_secrets_are_there_and_not_what_they_are(world: World) -> None:
    listed = typed(world.role.settings, "alerts", "channels").out
    kinds = ("slack", "teams", "telegram", "ntfy", "pagerduty", "sms", "webhook", "apprise", "smtp")
    for name, kind in zip(KINDS, kinds, strict=True):
        (line,) = [line for line in listed.splitlines() if line.split()[:2] == [name, kind]]
        assert f" {'set' if name != 'mail' else 'needs none'} " in line, line
    for secret in secrets(world.outside.url).values():
        assert secret not in listed


def test_no_log_holds_a_secret(world: World) -> None:
    logged = world.role.log.read_text(encoding="utf-8")
    for secret in secrets(world.outside.url).values():
        assert secret not in logged


def test_channels_and_templates_change_while_it_runs(world: World) -> None:
    folder = Path(world.role.settings["MIRANTE_ALARM_POLICY"])
    (folder / "tickets.json.j2").write_text('{"changed": {{ incident | tojson }}}', encoding="utf-8")
    file = folder / "channels.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace('"-1001"', '"-1009"'), encoding="utf-8")
    with patch.dict(os.environ, {"MIRANTE_ROUTER_URL": world.role.url}):
        assert typed(world.role.settings, "alerts", "reload").status == 0
    incident = world.page("AfterTheChange")
    assert json.loads(world.about("/tickets", incident).body) == {"changed": incident}
    assert json.loads(world.about("/bot1:secret/sendMessage", incident).body)["chat_id"] == "-1009"
    data = {"data": f"acknowledge:{incident}", "message": {"chat": {"id": -1001}}, "from": {}, "id": "1"}
    answer = httpx.post(
        f"{world.role.url}/hooks/telegram",
        json={"update_id": 9, "callback_query": data},
        headers={"x-telegram-bot-api-secret-token": TELEGRAM},
        timeout=patience(30),
    )
    assert "was not told" in answer.json()["text"]
    assert world.acknowledged_by(incident) is None
