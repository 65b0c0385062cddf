"""A template that fails for one message: it goes out in our own form, and that is told and remarked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from alarms.model.notification import Message
from alarms.policy.channel import WebhookChannel
from alarms.policy.webhook_template import WebhookTemplate
from app.bootstrap.notifiers import build_notifiers
from app.bootstrap.template_faults import TemplateFaults
from app.settings import ChannelSecrets, Settings
from foundation.clock import SystemClock
from tests.support.http_catcher import HttpCatcher
from tests.support.router import Scene
from tests.support.router_store_contract import notification

FAILS_LATE = WebhookTemplate('{% if subject == "odd" %}{{ 1 / 0 }}{% endif %}{"a": {{ subject | tojson }}}')
SETTINGS = Settings(channel_secrets=ChannelSecrets({"tickets": "key"}))


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.close()


def test_a_template_that_fails_for_one_message_is_an_incident_and_a_remark(scene: Scene) -> None:
    faults = TemplateFaults(scene.router.routing.troubles, scene.clock)
    with HttpCatcher() as server:
        channels = {"tickets": WebhookChannel(server.url, template=FAILS_LATE)}
        built = build_notifiers(channels, SETTINGS, SystemClock(), faults.failed)
        for subject in ("usual", "odd", "odd"):
            sent = replace(notification(), message=Message(subject, "assunto", "body", "corpo"))
            built.by_channel["tickets"].send(sent)
        built.close()
        assert [b'"a"' in caught.body for caught in server.caught] == [True, False, False]
    scene.router.tick()
    (incident,) = scene.router.open_incidents()
    assert incident.title == "RouterPartFails: template of channel tickets"
    assert "division by zero" in incident.summary
    assert faults.problems() == []
    (remark,) = faults.remarks()
    assert remark.startswith("the template of channel tickets failed at 2026-03-02 13:00:00 UTC: ")
    scene.clock.advance(timedelta(hours=1))
    assert faults.remarks() == []


def test_templates_that_are_read_anew_are_not_blamed_for_those_before(scene: Scene) -> None:
    faults = TemplateFaults(scene.router.routing.troubles, scene.clock)
    with HttpCatcher() as server:
        channels = {"tickets": WebhookChannel(server.url, template=FAILS_LATE)}
        built = build_notifiers(channels, SETTINGS, SystemClock(), faults.failed)
        built.by_channel["tickets"].send(replace(notification(), message=Message("odd", "odd", "b", "c")))
        built.close()
    faults.forget()
    assert faults.remarks() == []
