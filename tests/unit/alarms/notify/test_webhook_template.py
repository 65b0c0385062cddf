"""A template that fails after all: the page is sent in another form, and not swallowed."""

from __future__ import annotations

import json
from dataclasses import replace

import msgspec
import pytest

from alarms.model.notification import Message
from alarms.notify.webhook import WebhookNotifier
from alarms.policy.webhook_template import WebhookTemplate
from tests.support.alerts import MONDAY_10
from tests.support.http_catcher import HttpCatcher
from tests.support.router_store_contract import notification

FAILS_LATE = WebhookTemplate('{% if subject == "odd" %}{{ 1 / 0 }}{% endif %}{"a": {{ subject | tojson }}}')


@pytest.mark.parametrize(("subject", "whole"), [("usual", False), ("odd", True)])
def test_the_whole_notification_takes_the_place_of_what_cannot_be_made(subject: str, whole: bool) -> None:
    FAILS_LATE.check()
    sent = replace(notification(), message=Message(subject, "assunto", "body", "corpo"))
    with HttpCatcher() as server:
        WebhookNotifier(server.url, b"key", lambda: MONDAY_10, template=FAILS_LATE).send(sent)
        (caught,) = server.caught
    told = json.loads(caught.body)
    assert told == (msgspec.to_builtins(sent) if whole else {"a": "usual"})
    assert caught.headers["content-type"] == "application/json"
