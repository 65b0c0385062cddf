"""Events as made for PagerDuty: one alert for each key, begun, acknowledged and ended by it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from alarms.intake.normalise import LABEL_LIMIT, VALUE_LIMIT, Parsed, intake_rules
from alarms.intake.pagerduty import parse
from alarms.intake.worker import IntakeWorker
from alarms.model.alert import AlertState
from alarms.model.errors import MalformedPayload
from alarms.model.incident import IncidentState
from alarms.model.receipt import Receipt, ReceiptState
from alarms.model.severity import Severity
from tests.support.alerts import MONDAY_10
from tests.support.hooks import pagerduty
from tests.support.router import SHIPPED_POLICY, Scene

RULES = intake_rules("test", [], SHIPPED_POLICY.severity_words, SHIPPED_POLICY.ignored_labels)


def taken(document: Any) -> Parsed:
    return parse(json.dumps(document).encode(), RULES, MONDAY_10)


def bare(action: str, key: str = "db1/disk") -> dict[str, Any]:
    """All that an end needs to say."""
    return {"routing_key": "token-of-the-shop", "event_action": action, "dedup_key": key}


def test_a_trigger_is_an_alert_with_all_that_it_says() -> None:
    (found,) = taken(pagerduty()).alerts
    assert (found.name, found.summary) == ("Disk of db1 is 97 % full", "Disk of db1 is 97 % full")
    assert (found.severity, found.component, found.source) == (Severity.P1, "aurora", "pagerduty")
    assert found.starts_at.isoformat() == "2026-03-02T12:55:00+00:00"
    assert found.labels == {
        "host": "db1.example",
        "component": "aurora",
        "group": "payments",
        "class": "disk",
        "client": "Shop monitor",
        "dedup_key": "db1/disk",
        "used": "97 %",
        "free_bytes": "1234",
    }
    assert found.links == {
        "client": "https://monitor.example/events/7",
        "What to do": "https://wiki.example/disk",
        "Disk": "https://charts.example/disk.png",
    }


@pytest.mark.parametrize(
    "end", [bare("resolve"), pagerduty("resolve"), pagerduty("RESOLVE", payload={"summary": "x"})]
)
def test_an_end_is_that_of_the_alert_with_its_key_whatever_else_it_says(end: dict[str, Any]) -> None:
    (fires,), (over,) = taken(pagerduty()).alerts, taken(end).alerts
    assert (over.member, over.state) == (fires.member, AlertState.RESOLVED)


def test_an_acknowledgement_names_the_alert_and_is_none() -> None:
    parsed = taken(bare("acknowledge"))
    assert parsed.alerts == ()
    assert parsed.acknowledged == (taken(pagerduty()).alerts[0].member,)


def test_each_sender_has_keys_of_its_own() -> None:
    one, other = taken(pagerduty()), taken(pagerduty(routing_key="another"))
    assert one.alerts[0].member != other.alerts[0].member


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("critical", Severity.P1),
        ("error", Severity.P3),
        ("warning", Severity.P3),
        ("info", Severity.P4),
        ("odd", None),
    ],
)
def test_severities_read_as_the_policy_says(word: str, severity: Severity | None) -> None:
    assert taken(pagerduty(payload={"severity": word})).alerts[0].severity is severity


@pytest.mark.parametrize("payload", [None, "x", 5, [], {}, {"summary": "\x1b"}])
def test_a_trigger_that_does_not_say_what_still_fires(payload: Any) -> None:
    (found,) = taken({**bare("trigger"), "payload": payload}).alerts
    assert (found.name, found.state, found.starts_at) == ("Unnamed alert", AlertState.FIRING, MONDAY_10)


def test_an_unknown_action_that_says_what_happened_fires() -> None:
    assert taken(pagerduty("open")).alerts[0].state is AlertState.FIRING


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"routing_key": "x"}, "event_action"),
        ({"routing_key": "x", "event_action": "open"}, "event_action"),
        ({"routing_key": "x", "event_action": 5}, "event_action"),
        ({"routing_key": "x", "event_action": "resolve"}, "dedup_key"),
        ({"routing_key": "x", "event_action": "acknowledge", "dedup_key": ""}, "dedup_key"),
        ([], "body"),
    ],
)
def test_an_event_that_says_nothing_is_refused_by_field(document: Any, field: str) -> None:
    with pytest.raises(MalformedPayload, match=f"pagerduty payload: {field}"):
        taken(document)


def test_details_of_any_form_are_kept_and_take_no_place_of_others() -> None:
    for details in ("text", 5, ["a"], {"host": "other", "deep": {"a": [1]}, "none": None}):
        (found,) = taken(pagerduty(payload={"custom_details": details})).alerts
        assert found.labels["host"] == "db1.example"
    assert found.labels["deep"] == '{"a":[1]}'


def test_long_texts_are_shortened_and_too_many_labels_counted() -> None:
    details = {f"k{n}": "v" * 5000 for n in range(300)}
    (found,) = taken(pagerduty(payload={"summary": "s" * 9000, "custom_details": details})).alerts
    assert (len(found.name), len(found.summary)) == (LABEL_LIMIT, VALUE_LIMIT)
    assert int(found.labels["labels_left_out"]) > 0
    assert all(len(value) <= VALUE_LIMIT for value in found.labels.values())


@pytest.mark.parametrize(
    "links", [None, "x", [5, None], [{"href": "javascript:x"}], [{"text": "no address"}]]
)
def test_links_that_are_none_are_left_out(links: Any) -> None:
    assert set(taken(pagerduty(links=links, images=links)).alerts[0].links) == {"client"}


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.close()


def work_off(scene: Scene, *documents: Any) -> None:
    known = sum(scene.store.count_receipts(state) for state in ReceiptState)
    scene.store.append_receipts(
        [
            Receipt(f"r-{known + n}", "pagerduty", MONDAY_10, json.dumps(d).encode(), sender="shop")
            for n, d in enumerate(documents)
        ]
    )
    IntakeWorker(scene.store, scene.router, RULES, scene.clock).drain()
    scene.dispatcher.drain()


def test_an_incident_is_begun_acknowledged_and_ended_by_its_key_alone(scene: Scene) -> None:
    work_off(scene, pagerduty())
    (incident,) = scene.router.open_incidents()
    work_off(scene, bare("acknowledge"))
    acknowledged = scene.router.incident(incident.id)
    assert (acknowledged.state, acknowledged.acknowledged_by) == (IncidentState.ACKNOWLEDGED, "shop")
    work_off(scene, bare("resolve"))
    assert scene.router.incident(incident.id).state is IncidentState.RESOLVED
    (record,) = scene.store.alerts(incident.id)
    assert (record.name, record.labels["host"]) == ("Disk of db1 is 97 % full", "db1.example")


def test_a_repeated_trigger_with_other_words_is_the_same_incident(scene: Scene) -> None:
    work_off(scene, pagerduty(), pagerduty(payload={"summary": "Disk of db1 is 98 % full"}))
    assert len(scene.router.open_incidents()) == 1


def test_two_keys_are_two_incidents(scene: Scene) -> None:
    work_off(scene, pagerduty(key="a"), pagerduty(key="b", payload={"summary": "Memory of db1"}))
    assert len(scene.router.open_incidents()) == 2


def test_an_acknowledgement_or_an_end_of_something_unknown_changes_nothing(scene: Scene) -> None:
    work_off(scene, bare("acknowledge"), bare("resolve"))
    work_off(scene, bare("acknowledge"))
    assert scene.router.open_incidents() == []
    assert scene.store.count_receipts(ReceiptState.DONE) == 3
