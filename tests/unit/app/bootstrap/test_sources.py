"""Who is asked what fires, by the settings."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest

from alarms.intake.normalise import IntakeRules
from app.bootstrap.sources import source_names, watched_sources
from app.settings import Settings, SettingsError

URLS: dict[str, Any] = {"alertmanager": "http://am:9093", "prometheus": "http://u:secret@prom:9090"}
TOPIC = "arn:aws:sns:sa-east-1:123456789012:alarms"


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({}, ()),
        (URLS, ("alertmanager", "prometheus")),
        ({"prometheus": "http://prom:9090"}, ("prometheus",)),
        ({"alarm_topics": (TOPIC,)}, ()),
        ({"alarm_queue": "https://queue"}, ("cloudwatch",)),
        ({"alarm_topics": (TOPIC,), "watched_sources": ("cloudwatch",)}, ("cloudwatch",)),
        ({**URLS, "watched_sources": ("alertmanager",)}, ("alertmanager",)),
        ({**URLS, "watched_sources": ("none",)}, ()),
    ],
)
def test_those_with_an_address_are_asked_unless_others_are_named(
    given: dict[str, Any], names: tuple[str, ...]
) -> None:
    assert source_names(Settings(**given)) == names


@pytest.mark.parametrize(("name", "says"), [("nagios", "is not a source"), ("prometheus", "has no address")])
def test_a_source_that_cannot_be_asked_is_refused(name: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        source_names(Settings(watched_sources=(name,)))


def test_alertmanager_and_the_prometheus_behind_it_are_one_way_in_and_show_no_password() -> None:
    with ExitStack() as opened:
        (watched,) = watched_sources(Settings(**URLS), lambda: IntakeRules("test"), opened)
    names = [asker.name for asker in watched.askers]
    assert names == ["alertmanager http://am:9093", "prometheus http://prom:9090"]
