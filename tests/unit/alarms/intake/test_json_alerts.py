"""Anybody's JSON by a mapping: whatever does not suit it still fires, or is left unread."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import jmespath
import pytest

from alarms.intake.json_alerts import parse
from alarms.intake.mapping import JsonMapping
from alarms.intake.normalise import VALUE_LIMIT, Parsed, intake_rules
from alarms.intake.parsers import parser_of
from alarms.model.alert import AlertState
from alarms.model.errors import MalformedPayload
from alarms.model.severity import Severity
from tests.support.alerts import MONDAY_10
from tests.support.router import SHIPPED_POLICY

at = jmespath.compile
MAPPING = JsonMapping(
    name=at("title"),
    state=at("transition"),
    severity=at("priority"),
    severity_words={"urgent!": Severity.P1},
    starts_at=at("date"),
    key=at("cycle"),
    summary=at("text"),
    labels={"host": at("host.name"), "component": at("component")},
    tags=at("tags"),
    links={"monitor": at("link")},
)
EVENT: dict[str, Any] = {
    "title": "[Triggered] Queue is long",
    "transition": "Triggered",
    "priority": "P2",
    "date": 1772456400000,
    "cycle": "c-17",
    "text": "1,200 waiting",
    "host": {"name": "q1"},
    "component": "outbox",
    "tags": "team:payments, env:prod,alone",
    "link": "https://monitors.example/17",
}


def taken(document: Any, **mapping: Any) -> Parsed:
    rules = intake_rules(
        "test",
        [],
        SHIPPED_POLICY.severity_words,
        SHIPPED_POLICY.ignored_labels,
        {"shop": replace(MAPPING, **mapping)},
    )
    return parse("shop", json.dumps(document).encode(), rules, MONDAY_10)


def test_each_part_is_where_the_mapping_says() -> None:
    (found,) = taken(EVENT).alerts
    assert (found.name, found.summary, found.source) == (EVENT["title"], "1,200 waiting", "json/shop")
    assert (found.severity, found.component, found.state) == (Severity.P2, "outbox", AlertState.FIRING)
    assert found.starts_at.isoformat() == "2026-03-02T13:00:00+00:00"
    assert found.labels == {
        "host": "q1", "component": "outbox", "team": "payments", "env": "prod", "alone": "",
    }  # fmt: skip
    assert found.links == {"monitor": "https://monitors.example/17"}


@pytest.mark.parametrize("word", ["Recovered", "OK", "resolved", " up "])
def test_an_end_by_its_key_is_that_of_the_same_alert_under_another_title(word: str) -> None:
    (fires,) = taken(EVENT).alerts
    (over,) = taken({**EVENT, "transition": word, "title": "[Recovered] Queue"}).alerts
    assert (over.member, over.state, over.ends_at) == (fires.member, AlertState.RESOLVED, MONDAY_10)


@pytest.mark.parametrize("word", ["No Data", "Warn", "", None, 5, True, {"a": 1}, ["OK"]])
def test_any_other_state_fires(word: Any) -> None:
    assert taken({**EVENT, "transition": word}).alerts[0].state is AlertState.FIRING


@pytest.mark.parametrize(("value", "state"), [(1, AlertState.RESOLVED), (0, AlertState.FIRING)])
def test_a_source_may_have_words_of_its_own_for_an_end(value: int, state: AlertState) -> None:
    assert taken({**EVENT, "transition": value}, ended=("1",)).alerts[0].state is state


def test_without_a_state_everything_fires() -> None:
    assert taken({**EVENT, "transition": "OK"}, state=None).alerts[0].state is AlertState.FIRING


def test_without_a_key_name_and_labels_are_the_identity_and_replicas_are_told_apart() -> None:
    plain = {"title": "Full", "tags": {"disk": "/"}}
    mapping = {"key": None, "labels": {"instance": at("instance")}}
    one, two = (taken({**plain, "instance": name}, **mapping).alerts[0] for name in ("a", "b"))
    other = taken({**plain, "tags": {"disk": "/data"}}, **mapping).alerts[0]
    assert one.alert_key == two.alert_key != other.alert_key
    assert (one.tier, one.member) != (two.tier, two.member)


def test_a_key_that_one_alert_lacks_is_made_of_its_name_and_labels() -> None:
    (found,) = taken({"title": "Full"}).alerts
    assert (found.by_key, found.alert_key) == (False, taken({"title": "Full"}, key=None).alerts[0].alert_key)


@pytest.mark.parametrize(
    "when",
    [
        "2026-03-02T13:00:00Z",
        "2026-03-02T10:00:00-0300",
        1772456400,
        "1772456400",
        1772456400.0,
        1772456400000,
        1772456400000000,
        1772456400000000000,
    ],
)
def test_instants_are_iso_or_counted_since_1970_in_any_unit(when: Any) -> None:
    assert taken({**EVENT, "date": when}).alerts[0].starts_at.isoformat() == "2026-03-02T13:00:00+00:00"


@pytest.mark.parametrize(
    "when", [None, "", "yesterday", "2026-03-02T13:00:00", -5, 0, 10**40, "nan", "inf", True, {}, []]
)
def test_what_is_no_instant_is_now(when: Any) -> None:
    found = taken({**EVENT, "date": when}).alerts[0].starts_at
    assert found == MONDAY_10


@pytest.mark.parametrize(
    ("word", "severity"),
    [("Urgent!", Severity.P1), ("high", Severity.P2), (1, None), (None, None), ("odd", None)],
)
def test_severities_read_by_the_mapping_then_by_the_policy(word: Any, severity: Severity | None) -> None:
    assert taken({**EVENT, "priority": word}).alerts[0].severity is severity


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ({"a": 1, "b": None}, {"a": "1", "b": ""}),
        (["a:1", "b:2:3", 5, None, ""], {"a": "1", "b": "2:3"}),
        ([{"tag": "a", "value": "1"}, {"name": "b", "value": 2}, {"value": "lost"}], {"a": "1", "b": "2"}),
        ("a:1,b:2", {"a": "1", "b": "2"}),
        ('[{"tag": "a", "value": "1"}]', {"a": "1"}),
        ("[torn", {"[torn": ""}),
        (5, {}),
        (None, {}),
    ],
)
def test_tags_of_any_form_are_labels(tags: Any, found: dict[str, str]) -> None:
    assert taken({"title": "x", "tags": tags}).alerts[0].labels == found


def test_a_list_of_alerts_is_taken_one_by_one_and_what_is_none_is_left_unread() -> None:
    parsed = taken({"body": {"alerts": [EVENT, "x", None, {}]}}, alerts=at("body.alerts"))
    assert [found.name for found in parsed.alerts] == [EVENT["title"], "Unnamed alert"]
    assert [part.payload for part in parsed.unread] == [b'"x"', b"null"]


@pytest.mark.parametrize("document", [None, {"body": {}}, {"body": {"alerts": []}}])
def test_a_body_in_which_the_mapping_finds_no_alert_is_refused(document: Any) -> None:
    with pytest.raises(MalformedPayload, match="json/shop payload: alerts: the mapping finds no alert"):
        taken(document, alerts=at("body.alerts"))


def test_an_expression_that_does_not_suit_what_came_finds_nothing() -> None:
    (found,) = taken(
        {"title": 5, "text": ["a"]}, summary=at("length(title)"), key=at("join(',', title)")
    ).alerts
    assert (found.name, found.summary) == ("5", "5")


def test_long_texts_are_shortened() -> None:
    (found,) = taken({**EVENT, "title": "t" * 9000, "text": "s" * 9000}).alerts
    assert (len(found.name), len(found.summary)) == (256, VALUE_LIMIT)


def test_a_hook_without_a_mapping_says_which_there_are() -> None:
    parser = parser_of("json/other")
    assert parser is not None
    rules = intake_rules("test", [], {}, (), {"shop": MAPPING})
    with pytest.raises(MalformedPayload, match=r"intakes\.yaml has no json: other \(it has: shop\)"):
        parser(b"{}", rules, MONDAY_10)
