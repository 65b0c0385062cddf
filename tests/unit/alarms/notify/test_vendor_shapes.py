"""A page in each channel against what the vendor publishes: its models, or its SDK sending the same."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs

import apprise
import httpx2
import pytest
from microsoft_teams.cards.core import AdaptiveCard
from pagerduty import EventsApiV2Client
from slack_sdk.models.blocks import Block
from slack_sdk.webhook import WebhookClient
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import InlineKeyboardButtonLimit, MessageLimit
from twilio.rest import Client as TwilioClient

from alarms.intake.normalise import intake_rules
from alarms.intake.pagerduty import parse
from alarms.model.errors import TemporaryFailure
from alarms.model.notification import Message, Notification, NotifyStep
from alarms.model.severity import Severity
from alarms.notify import ntfy, pagerduty, slack, sms, teams, telegram
from alarms.notify.harmless import UNSEEN
from alarms.policy.channel import (
    BOTH,
    Language,
    NtfyChannel,
    PagerDutyChannel,
    SmsChannel,
    TelegramChannel,
)
from alarms.policy.channel_file import PAGERDUTY, SMS_GATEWAY
from tests.support.adaptive_card_models import complaints
from tests.support.alerts import MONDAY_10
from tests.support.http_catcher import Caught, HttpCatcher, Reply
from tests.support.router import SHIPPED_POLICY
from tests.support.router_store_contract import notification

PAGE = "https://mirante.example/console/incidents/01J9ZK3V5T6M7N8P9Q0R1S2T3U"
ACKNOWLEDGE = "https://mirante.example/acknowledge/01J9ZK3V5T6M7N8P9Q0R1S2T3U"
USUAL = Message(
    "[P1] disk: DiskFull <b>&",
    "[P1] disco: cheio",
    "db-1 is *full* <!channel> _now_\n1. look\n- [x](http://y)",
    "db-1 está cheio\n1. veja",
    "P1 DiskFull db-1",
    "P1 disco cheio db-1",
    PAGE,
    ACKNOWLEDGE,
)
LONG = replace(
    USUAL, subject="[P1] " + "s" * 2_000, body="\n".join(["<&>ção " * 400] * 90), body_pt="&" * 90_000
)
KEY = "R" * 32
BARE = Message("subject", "assunto", "", "")


def page(message: Message = USUAL, **more: Any) -> Notification:
    return replace(notification(), message=message, incident_id="01J9ZK3V5T6M7N8P9Q0R1S2T3U", **more)


PAGES = {
    "usual": page(),
    "long": page(LONG),
    "bare": page(BARE),
    "resolved": page(replace(USUAL, acknowledge=""), step=NotifyStep.RESOLVED),
    "to a person": page(address="U024BE7LH"),
    **{level.value: page(severity=level) for level in Severity},
}
ALL_PAGES = pytest.mark.parametrize("sent", PAGES.values(), ids=PAGES.keys())
LANGUAGES = pytest.mark.parametrize("languages", [BOTH, (Language.PT,)], ids=["both", "pt"])


@ALL_PAGES
@LANGUAGES
@pytest.mark.parametrize("interactive", [False, True])
def test_slacks_own_models_take_every_block(
    sent: Notification, languages: tuple[Language, ...], interactive: bool
) -> None:
    blocks = slack.document(sent, languages, interactive)["blocks"]
    assert len(blocks) <= 50
    for written, read in zip(blocks, Block.parse_all(blocks), strict=True):
        read.validate_json()
        assert read.to_dict() == written


def test_slacks_own_client_posts_the_same_to_its_address() -> None:
    sent = slack.document(page())
    with HttpCatcher() as server:
        slack.SlackNotifier(f"{server.url}/x").send(page())
        theirs = WebhookClient(f"{server.url}/x")
        theirs.send(text=sent["text"], blocks=sent["blocks"], unfurl_links=False, unfurl_media=False)
        ours, other = server.caught
    assert json.loads(ours.body) == json.loads(other.body)
    assert ours.headers["content-type"].startswith("application/json")


def test_a_mention_in_an_alert_mentions_nobody_in_slack() -> None:
    assert "<!channel>" not in json.dumps(slack.document(page()))
    assert "<@U024BE7LH>" in json.dumps(slack.document(page(address="U024BE7LH")))
    assert slack.document(page(address="@ana"))["channel"] == "@ana"


@ALL_PAGES
@LANGUAGES
def test_microsofts_own_models_take_every_element_of_the_card(
    sent: Notification, languages: tuple[Language, ...]
) -> None:
    made = teams.document(sent, languages)
    assert len(made) <= 28_000
    (attachment,) = json.loads(made)["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = AdaptiveCard.model_validate(attachment["content"])
    assert (card.version, len(card.body or [])) == ("1.4", len(attachment["content"]["body"]))
    assert list(complaints(attachment["content"])) == []


def test_the_models_notice_what_is_wrong_with_a_card() -> None:
    for spoilt in ({"type": "TextBlok"}, {"type": "TextBlock", "text": "x", "colour": "Good"}):
        assert list(complaints({"type": "AdaptiveCard", "body": [spoilt]})) != []
    assert list(complaints({"type": "Container", "items": [], "style": "pink"})) != []


def test_a_person_is_mentioned_in_teams() -> None:
    card = json.loads(teams.document(page(address="ana@x.org")))["attachments"][0]["content"]
    (entity,) = card["msteams"]["entities"]
    assert (entity["mentioned"]["id"], entity["text"]) == ("ana@x.org", card["body"][0]["text"])


class Shown(HTMLParser):
    """What is left of a text when its markup is gone."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.tags = "", set[str]()
        self.feed(text)
        self.close()

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, _: object) -> None:
        self.tags.add(tag)


@ALL_PAGES
@LANGUAGES
@pytest.mark.parametrize("interactive", [False, True])
def test_a_telegram_message_keeps_its_limits(
    sent: Notification, languages: tuple[Language, ...], interactive: bool
) -> None:
    made = telegram.document(sent, languages, interactive)
    shown = Shown(made["text"])
    assert shown.tags == {"b"}
    said = shown.text.replace(UNSEEN, "")
    assert sent.message.body_pt[:500] in said
    if Language.EN in languages:
        assert sent.message.body[:500] in said
    assert MessageLimit.MIN_TEXT_LENGTH <= len(shown.text) <= MessageLimit.MAX_TEXT_LENGTH
    keyboard = made.get("reply_markup", {"inline_keyboard": []})
    if keyboard["inline_keyboard"]:
        assert InlineKeyboardMarkup.de_json(keyboard, None).to_dict() == keyboard
    for row in keyboard["inline_keyboard"]:
        for button in row:
            data = button.get("callback_data", "x").encode()
            assert len(data) <= InlineKeyboardButtonLimit.MAX_CALLBACK_DATA


async def test_telegrams_python_library_sends_the_same() -> None:
    chat = {"id": -1, "type": "group", "title": "x"}
    results = {
        "getMe": {"id": 1, "is_bot": True, "first_name": "b", "username": "b"},
        "sendMessage": {"message_id": 9, "date": 1, "chat": chat, "text": "x"},
    }

    def answer(caught: Caught) -> Reply:
        result = results[caught.path.rpartition("/")[2]]
        return Reply(200, json.dumps({"ok": True, "result": result}).encode())

    made = telegram.document(page(), BOTH, interactive=False)
    with HttpCatcher(answer) as server:
        channel = TelegramChannel({"*": ("-1",)}, server.url)
        assert telegram.TelegramNotifier(channel, "1:token").send(page()) == "9"
        row = [InlineKeyboardButton(**one) for one in made["reply_markup"]["inline_keyboard"][0]]
        async with Bot("1:token", base_url=f"{server.url}/bot") as bot:
            await bot.send_message(
                chat_id="-1",
                text=made["text"],
                parse_mode="HTML",
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                reply_markup=InlineKeyboardMarkup([row]),
            )
        ours, *_, theirs = server.at("/bot1:token/sendMessage")
    form = {name: values[0] for name, values in parse_qs(theirs.body.decode()).items()}
    told = json.loads(ours.body)
    assert {
        name: json.loads(form[name]) if name in ("reply_markup", "link_preview_options") else form[name]
        for name in form
    } == told


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://mirante.example/x", True),
        ("http://127.0.0.1:8601/console", False),
        ("http://localhost:8601/console", False),
        ("http://mirante/console", False),
        ("", False),
    ],
)
def test_an_address_that_telegram_refuses_is_no_button(url: str, public: bool) -> None:
    assert telegram.is_public(url) is public
    made = telegram.document(page(replace(USUAL, page=url, acknowledge="")), BOTH, interactive=False)
    assert ("reply_markup" in made) is public


@ALL_PAGES
@pytest.mark.parametrize("step", [NotifyStep.FIRST, NotifyStep.RESOLVED])
def test_pagerdutys_own_client_sends_the_same_event(sent: Notification, step: NotifyStep) -> None:
    sent, answer = replace(sent, step=step), b'{"status": "success", "dedup_key": "theirs"}'
    theirs: list[httpx2.Request] = []

    def caught(request: httpx2.Request) -> httpx2.Response:
        theirs.append(request)
        return httpx2.Response(202, content=answer)

    with HttpCatcher(lambda _: Reply(202, answer)) as server:
        assert pagerduty.PagerDutyNotifier(PagerDutyChannel(server.url), KEY).send(sent) == "theirs"
        (ours,) = server.caught
    event = json.loads(ours.body)
    more = {name: event[name] for name in ("payload", "client", "client_url", "links") if name in event}
    client = EventsApiV2Client(KEY, transport=httpx2.MockTransport(caught))
    client.send_event(event["event_action"], event["dedup_key"], **more)
    assert event == json.loads(theirs[0].content)
    assert f"{PAGERDUTY}{ours.path}" == str(theirs[0].url)
    assert len(ours.body) <= 512_000
    assert event["dedup_key"] == sent.incident_id
    assert event["event_action"] == ("resolve" if step is NotifyStep.RESOLVED else "trigger")
    if event["event_action"] == "trigger":
        assert len(event["payload"]["summary"]) <= 1024
        assert event["payload"]["severity"] in {"critical", "error", "warning", "info"}


def test_another_router_reads_our_pagerduty_event() -> None:
    event = {"routing_key": "x", **pagerduty.document(page(), BOTH)}
    rules = intake_rules("test", [], SHIPPED_POLICY.severity_words, SHIPPED_POLICY.ignored_labels)
    (alert,) = parse(json.dumps(event).encode(), rules, MONDAY_10).alerts
    assert (alert.severity, alert.summary) == (Severity.P1, "[P1] disk: DiskFull <b>&")


def basic(caught: Caught) -> str:
    return base64.b64decode(caught.headers["authorization"].removeprefix("Basic ")).decode()


class ToServer:
    """The HTTP client of Twilio's SDK, with another host."""

    def __init__(self, url: str) -> None:
        from twilio.http.http_client import TwilioHttpClient

        self._url, self._real = url, TwilioHttpClient()

    def request(self, method: str, uri: str, *more: Any, **named: Any) -> Any:
        return self._real.request(method, uri.replace(SMS_GATEWAY, self._url), *more, **named)


@pytest.mark.parametrize("sender", ["+15550100", "MG" + "0" * 32])
def test_twilios_own_client_sends_the_same_message(sender: str) -> None:
    channel = SmsChannel("AC" + "1" * 32, sender, {"*": ("+15550101",)}, "")
    with HttpCatcher(lambda _: Reply(201, b'{"sid": "SM1"}')) as server:
        assert sms.SmsNotifier(replace(channel, server=server.url), "token").send(page()) == "SM1"
        client: Any = TwilioClient(channel.account, "token", http_client=ToServer(server.url))
        origin = "messaging_service_sid" if sender.startswith("MG") else "from_"
        text = "P1 DiskFull db-1"
        client.messages.create(to="+15550101", body=text, **{origin: sender})
        ours, theirs = server.caught
    assert (ours.path, parse_qs(ours.body)) == (theirs.path, parse_qs(theirs.body))
    assert basic(ours) == basic(theirs) == f"{channel.account}:token"


def test_twilios_own_client_makes_the_same_call_for_what_is_severe() -> None:
    channel = SmsChannel("AC1", "+15550100", {"*": ("+15550101",)}, "", user="SK1", voice=(Severity.P1,))
    with HttpCatcher(lambda _: Reply(201, b'{"sid": "CA1"}')) as server:
        notifier = sms.SmsNotifier(replace(channel, server=server.url), "token")
        notifier.send(page())
        notifier.send(page(severity=Severity.P2, dedup_id="2"))
        notifier.send(page(step=NotifyStep.RESOLVED, dedup_id="3"))
        client: Any = TwilioClient("SK1", "token", "AC1", http_client=ToServer(server.url))
        client.calls.create(to="+15550101", from_="+15550100", twiml=sms.spoken(page(), [Language.EN]))
        _, ours, *messages, theirs = server.caught
    assert [caught.path.rpartition("/")[2] for caught in messages] == ["Messages.json"] * 2
    assert (ours.path, parse_qs(ours.body)) == (theirs.path, parse_qs(theirs.body))
    assert basic(ours) == basic(theirs) == "SK1:token"
    twiml = parse_qs(ours.body.decode())["Twiml"][0]
    assert twiml == '<Response><Say language="en-US" loop="2">P1 DiskFull db 1</Say></Response>'


def test_a_person_reads_and_hears_the_own_language() -> None:
    own = replace(USUAL, language="pt", call="Mirante calls <Ana>", call_pt="Mirante chama <Ana>")
    with HttpCatcher(lambda _: Reply(201, b'{"sid": "1"}')) as server:
        channel = SmsChannel("AC1", "+15550100", {"*": ("+15550101",)}, server.url, voice=(Severity.P1,))
        sms.SmsNotifier(channel, "token").send(page(own, address="+15550102"))
        text, call = (parse_qs(caught.body.decode()) for caught in server.caught)
    assert text["Body"] == ["P1 disco cheio db-1"]
    said = '<Say language="pt-BR" loop="2">Mirante chama &lt;Ana&gt;</Say>'
    assert call["Twiml"] == [f"<Response>{said}</Response>"]


@ALL_PAGES
@LANGUAGES
def test_an_ntfy_message_keeps_its_limits(sent: Notification, languages: tuple[Language, ...]) -> None:
    made = ntfy.document(sent, languages)
    assert len(made["message"].encode()) <= 4096
    assert 1 <= made["priority"] <= 5
    assert len(made["actions"]) <= 3


def test_apprises_own_ntfy_service_publishes_in_the_same_way() -> None:
    sent = page()
    made = ntfy.document(sent, BOTH)
    with HttpCatcher(lambda _: Reply(200, b'{"id": "n1"}')) as server:
        assert ntfy.NtfyNotifier(NtfyChannel({"*": ("pages",)}, server.url), "tk_1").send(sent) == "n1"
        url = f"ntfy://tk_1@{server.url.removeprefix('http://')}/pages?auth=token&priority=max&click={PAGE}"
        service = apprise.Apprise()
        assert service.add(url)
        assert service.notify(title=made["title"], body=made["message"])
        ours, theirs = server.caught
    told, written = json.loads(theirs.body), json.loads(ours.body)
    assert (ours.path, ours.headers["authorization"]) == (theirs.path, theirs.headers["authorization"])
    assert told.items() <= written.items()
    assert written["click"] == theirs.headers["x-click"]  # which that service sends as headers


def test_a_telegram_message_waits_as_long_as_it_is_told() -> None:
    answer = Reply(429, b'{"ok": false, "description": "Too Many Requests"}', {"Retry-After": "17"})
    with HttpCatcher(lambda _: answer) as server, pytest.raises(TemporaryFailure) as raised:
        telegram.TelegramNotifier(TelegramChannel({"*": ("1",)}, server.url), "t").send(page())
    assert raised.value.wait == timedelta(seconds=17)
