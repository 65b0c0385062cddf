"""What the labels of an alert say calls nobody and makes no link, in any chat."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from alarms.model.notification import Message, Notification
from alarms.notify import ntfy, slack, teams, telegram
from alarms.notify.apprise_urls import AppriseNotifier
from alarms.notify.harmless import UNSEEN, harmless
from alarms.policy.channel import BOTH
from tests.support.http_catcher import HttpCatcher
from tests.support.router_store_contract import notification

ODD = (
    "@channel",
    "@all",
    "@here",
    "@everyone",
    "@ana",
    "<!channel>",
    "<@&5>",
    "<@U024BE7LH>",
    "[x](http://e)",
)
CALLS = re.compile(r"@[\w&]|<[!@#]|\]\(")
PAGE = "https://mirante.example/console/incidents/1"
SAID = " ".join(ODD)


def page() -> Notification:
    message = Message(f"[P1] {SAID}", f"[P1] {SAID}", f"host={SAID}", f"host={SAID}", SAID, SAID, PAGE, "")
    return replace(notification(), message=message)


def _apprise(sent: Notification) -> object:
    with HttpCatcher() as server:
        AppriseNotifier(server.url.replace("http://", "json://")).send(sent)
        (caught,) = server.caught
    return json.loads(caught.body)


SHOWN: dict[str, Callable[[Notification], object]] = {
    "slack, mattermost, rocket.chat": slack.document,
    "teams": lambda sent: json.loads(teams.document(sent)),
    "telegram": lambda sent: telegram.document(sent, BOTH, False),
    "ntfy": lambda sent: ntfy.document(sent, BOTH),
    "apprise": _apprise,
}


@pytest.mark.parametrize("shown", SHOWN.values(), ids=SHOWN.keys())
def test_a_label_calls_nobody_and_makes_no_link(shown: Callable[[Notification], object]) -> None:
    document = json.dumps(shown(page()), ensure_ascii=False)
    assert CALLS.search(document.replace("&lt;", "<").replace("&gt;", ">")) is None
    assert document.replace(UNSEEN, "").count("@channel") >= 2, "subject and body still say it"


@pytest.mark.parametrize("said", ODD)
def test_it_reads_as_it_was_written(said: str) -> None:
    assert CALLS.search(harmless(said)) is None
    assert harmless(said).replace(UNSEEN, "") == said


@pytest.mark.parametrize("said", ["[P1] DiskFull", "a < b", "5 @ 6", PAGE, "x[0]"])
def test_other_texts_are_left_alone(said: str) -> None:
    assert harmless(said) == said


def test_markdown_stays_off_where_it_can_be_turned_on() -> None:
    assert "markdown" not in ntfy.document(page(), BOTH)
    assert telegram.document(page(), BOTH, False)["parse_mode"] == "HTML"
    assert '"TextBlock"' not in teams.document(page()).decode()
