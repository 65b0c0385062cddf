"""Foreign payloads as alerts: one identity for one problem, whoever reports it."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jmespath
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alarms.intake import alertmanager as am
from alarms.intake.cloudwatch import parse_alarm, parse_event
from alarms.intake.mapping import JsonMapping
from alarms.intake.normalise import LABEL_LIMIT, VALUE_LIMIT, intake_rules
from alarms.intake.parsers import kind_of, read, unwrapped
from alarms.model.alert import AlertState
from alarms.model.errors import MalformedPayload
from alarms.model.severity import Severity
from slo.loaders.catalogue_files import load_catalogue
from slo.model.conventions import alert_key, cloudwatch_alarm_name, no_data_alert_key
from tests.support.alerts import MONDAY_10
from tests.support.hooks import (
    alert,
    alertmanager,
    cloudwatch_alarm,
    eventbridge_event,
    grafana,
    grafana_alert,
    pagerduty,
)
from tests.support.router import SHIPPED_POLICY

CATALOGUE = load_catalogue()
RULES = intake_rules("test", CATALOGUE.slos, SHIPPED_POLICY.severity_words, SHIPPED_POLICY.ignored_labels)
at = jmespath.compile
MAPPED = replace(
    RULES,
    mappings={
        "shop": JsonMapping(
            name=at("title"),
            alerts=at("alerts"),
            state=at("state"),
            starts_at=at("when"),
            key=at("id"),
            tags=at("tags"),
        )
    },
)
SLO = CATALOGUE.slo("credit/transaction-errors")
OBJECTIVE = SLO.objectives[0].name
KEY = alert_key("test", SLO.id, OBJECTIVE, {})
NOTES = {
    "summary": "Financial transactions without error: burning 20.0x over 1h",
    "summary_pt": "Transações financeiras sem erro: queimando 20.0x em 1h",
    "description": "burns",
    "factor": "14.4",
    "objective_text": "99.9 %",
    "long_window": "1h",
    "long_good": "980",
    "long_total": "1000",
    "long_burn": "20.00",
    "short_window": "5m",
    "short_good": "98",
    "short_total": "100",
    "short_burn": "20.00",
    "budget_spent": "0.2500",
    "history": "0.5000",
    "exhaustion_seconds": "3600",
}


def parsed(document: dict[str, Any]) -> list[Any]:
    return list(am.parse(json.dumps(document).encode(), RULES, MONDAY_10).alerts)


def ours(**labels: str) -> dict[str, Any]:
    known = {
        "slo": SLO.id,
        "objective": OBJECTIVE,
        "environment": "test",
        "severity": "P1",
        "tier": "page-fast",
    }
    return alert("CreditTransactionErrorsBurnPageFast", annotations=NOTES, **{**known, **labels})  # type: ignore[arg-type]


def test_our_burn_from_prometheus_has_our_key_and_its_arithmetic() -> None:
    (found,) = parsed(alertmanager(ours(alert_key=KEY)))
    assert (found.alert_key, found.slo_id, found.tier, found.severity) == (
        KEY,
        SLO.id,
        "page-fast",
        Severity.P1,
    )
    assert found.burn is not None
    assert (found.burn.long_good, found.burn.long_total, found.burn.exhaustion_seconds) == (980, 1000, 3600.0)
    assert found.title == "Financial transactions without error: error budget burning"
    assert found.title_pt.startswith("Transações financeiras")


def test_a_number_that_prometheus_did_not_have_is_not_made_up() -> None:
    (found,) = parsed(alertmanager({**ours(), "annotations": {**NOTES, "long_good": "?"}}))
    assert found.burn is None
    assert found.severity is Severity.P1


def test_one_slo_per_label_value_has_one_key_per_value() -> None:
    grouped = replace(RULES, group_by={SLO.id: ("channel",)})
    body = json.dumps(alertmanager(ours(channel="web"), ours(channel="app"))).encode()
    keys = [found.alert_key for found in am.parse(body, grouped, MONDAY_10).alerts]
    assert keys == [alert_key("test", SLO.id, OBJECTIVE, {"channel": value}) for value in ("web", "app")]


def test_the_same_burn_from_cloudwatch_has_the_same_key_and_tier() -> None:
    name = cloudwatch_alarm_name("test", SLO.id, OBJECTIVE, "page-fast")
    by_sns = parse_alarm(json.dumps(cloudwatch_alarm(name)).encode(), RULES, MONDAY_10).alerts[0]
    by_event = parse_event(json.dumps(eventbridge_event(name)).encode(), RULES, MONDAY_10).alerts[0]
    assert {by_sns.alert_key, by_event.alert_key} == {KEY}
    assert {by_sns.tier, by_event.tier} == {"page-fast"}


def test_silence_has_the_same_key_from_both_backends() -> None:
    name = cloudwatch_alarm_name("test", SLO.id, OBJECTIVE, "no-data")
    cloudwatch = parse_alarm(json.dumps(cloudwatch_alarm(name)).encode(), RULES, MONDAY_10).alerts[0]
    (prometheus,) = parsed(alertmanager(ours(objective="no-data")))
    assert {cloudwatch.alert_key, prometheus.alert_key} == {no_data_alert_key("test", SLO.id)}


def test_replicas_of_a_foreign_alert_share_a_key_and_are_told_apart() -> None:
    one, two = parsed(alertmanager(alert(instance="a", disk="/"), alert(instance="b", disk="/")))
    other = parsed(alertmanager(alert(instance="a", disk="/data")))[0]
    assert one.alert_key == two.alert_key != other.alert_key
    assert one.tier != two.tier


@pytest.mark.parametrize("label", ["prometheus", "prometheus_replica", "replica"])
@pytest.mark.parametrize("made", [alert, ours], ids=["a foreign alert", "a burn of ours"])
def test_two_prometheus_servers_report_one_incident_and_each_fires_and_ends_by_itself(
    label: str, made: Callable[..., dict[str, Any]]
) -> None:
    one, two = parsed(alertmanager(made(**{label: "a"}), made(**{label: "b"})))
    assert one.alert_key == two.alert_key
    assert one.member != two.member


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("critical", Severity.P1),
        ("Warning", Severity.P3),
        ("P1", Severity.P1),
        ("p2", Severity.P2),
        ("P0", Severity.P1),
        ("SEV-1", Severity.P1),
        ("Emergency", Severity.P1),
        ("fatal", Severity.P1),
        ("Disaster", Severity.P1),
        ("urgent", Severity.P1),
        ("crit", Severity.P1),
        ("emerg", Severity.P1),
        ("panic", Severity.P1),
        ("blocker", Severity.P1),
        ("Severity-1", Severity.P1),
        ("S2", Severity.P2),
        ("err", Severity.P3),
        ("high", Severity.P2),
        (" info ", Severity.P4),
        ("CRÍTICO", Severity.P1),
        ("CRI\u0301TICO", Severity.P1),
        ("crítica", Severity.P1),
        ("Médio", Severity.P3),
        ("informação", Severity.P4),
        ("Alta", Severity.P2),
        ("niedrig", Severity.P4),
        ("ÉLEVÉE", Severity.P2),
        ("P1 - Critical", Severity.P1),
        ("1 - Critical", Severity.P1),
        ("high/critical", Severity.P1),
        ("low, then high", Severity.P2),
        ("Sev 1", Severity.P1),
        ("Sev 3 (low)", Severity.P3),
        ("not critical at all", Severity.P3),
        ("criticality", None),
        ("?", None),
        ("", None),
    ],
)
def test_foreign_severities_read_as_the_policy_says(word: str, severity: Severity | None) -> None:
    assert parsed(alertmanager(alert(severity=word)))[0].severity is severity


@pytest.mark.parametrize(
    ("name", "description", "severity"),
    [
        ("cpu-high", "", None),
        ("cpu-high", None, None),
        ("cpu-high", "Severity: critical. Look at the writer", Severity.P1),
        ("cpu-high", "severity=SEV2", Severity.P2),
        ("cpu-alta", "Severidade: crítica. Veja o writer", Severity.P1),
        ("cpu-high", "[P1] the writer is slow", Severity.P1),
        ("prod-P1-cpu", "", Severity.P1),
        ("SEV-3 disk", "no word of it", Severity.P3),
        ("XP100-cpu", "the P1 team looks at it", None),
    ],
)
def test_a_cloudwatch_alarm_says_how_severe_it_is_by_its_description_or_its_name(
    name: str, description: str | None, severity: Severity | None
) -> None:
    document = {**cloudwatch_alarm(name), "AlarmDescription": description}
    (found, _) = parse_alarm(json.dumps(document).encode(), RULES, MONDAY_10).alerts
    assert found.severity is severity


def test_a_resolved_alert_of_a_firing_group_is_resolved() -> None:
    later = MONDAY_10 + timedelta(minutes=5)
    firing, over = parsed(alertmanager(alert("A"), alert("B", "resolved", ends=later)))
    assert (firing.state, firing.ends_at) == (AlertState.FIRING, None)
    assert (over.state, over.ends_at) == (AlertState.RESOLVED, later)


def test_unknown_keys_are_no_reason_to_lose_an_alert() -> None:
    assert parsed(alertmanager({**alert(), "future": {"x": 1}}, future=[1]))


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"version": "3", "alerts": []}, "version"),
        ({"version": "4"}, "alerts"),
        ({"version": "4", "alerts": {}}, "alerts"),
    ],
)
def test_what_is_wrong_is_named(document: dict[str, Any], field: str) -> None:
    with pytest.raises(MalformedPayload) as raised:
        parsed(document)
    assert raised.value.field == field


@pytest.mark.parametrize(
    ("odd", "name"),
    [
        ({"status": "maybe"}, "DiskFull"),
        ({"startsAt": "soon"}, "DiskFull"),
        ({"startsAt": None}, "DiskFull"),
        ({"startsAt": "2026-03-02T10:00:00"}, "DiskFull"),
        ({"labels": {"alertname": 3}}, "3"),
        ({"labels": {}}, "Unnamed alert"),
        ({"labels": None}, "Unnamed alert"),
        ({"labels": {"alertname": "DiskFull", "deep": {"a": [1]}, "none": None}}, "DiskFull"),
        ({"labels": {"alertname": "DiskFull", **{f"l{n:03d}": "x" for n in range(300)}}}, "DiskFull"),
        ({"annotations": {"summary": "x" * 5_000}}, "DiskFull"),
        ({"annotations": [1]}, "DiskFull"),
        ({"generatorURL": 5}, "DiskFull"),
    ],
    ids=str,
)
def test_an_odd_alert_is_an_alert_and_spoils_no_other(odd: dict[str, Any], name: str) -> None:
    found = parsed(alertmanager(alert("First"), {**alert(), **odd}, alert("Last")))
    assert [one.name for one in found] == ["First", name, "Last"]
    assert found[1].state is AlertState.FIRING
    assert len(found[1].labels) <= LABEL_LIMIT + 1
    assert max(map(len, [found[1].summary, *found[1].labels.values(), "x"])) <= VALUE_LIMIT


def test_what_is_too_long_is_shortened_and_says_so() -> None:
    (found,) = parsed(alertmanager(alert(annotations={"summary": "x" * 5_000})))
    assert found.summary.endswith("… (shortened from 5000 characters)")
    many = {"alertname": "Many", **{f"l{n:03d}": "x" for n in range(300)}}
    (found,) = parsed(alertmanager({**alert(), "labels": many}))
    assert found.labels["labels_left_out"] == "45"


def test_what_is_no_alert_is_left_unread_by_itself() -> None:
    body = json.dumps(alertmanager(alert("First"), 3, alert("Last"))).encode()  # type: ignore[arg-type]
    found = am.parse(body, RULES, MONDAY_10)
    assert [one.name for one in found.alerts] == ["First", "Last"]
    (part,) = found.unread
    assert json.loads(part.payload)["alerts"] == [3]


def test_an_alert_without_a_time_begins_when_it_came() -> None:
    (found,) = parsed(alertmanager({**alert(), "startsAt": ""}))
    assert found.starts_at == MONDAY_10


def test_grafanas_webhook_is_read_whose_alerts_have_the_same_shape() -> None:
    (found,) = parsed({"version": "1", "alerts": [alert("FromGrafana")]})
    assert found.name == "FromGrafana"


@pytest.mark.parametrize(
    ("payload", "worst"),
    [
        (b'{"severity": "warning", "x": {"Severity": "P1"}', Severity.P1),
        (b'{"priority":"info"', Severity.P4),
        (b"\xff\xfe", None),
    ],
)
def test_the_worst_severity_that_can_be_read_is_found_in_what_cannot(
    payload: bytes, worst: Severity | None
) -> None:
    assert RULES.severity_in(payload) is worst


def test_an_alarm_without_an_arn_is_keyed_on_account_region_and_name() -> None:
    old = cloudwatch_alarm()
    del old["AlarmArn"]
    first = parse_alarm(json.dumps(old).encode(), RULES, MONDAY_10).alerts[0]
    assert first.labels["alarm_arn"] == "123456789012/South America (Sao Paulo)/cpu-high"
    assert first.component == "aurora"


def test_an_alarm_that_lost_its_data_is_neither_firing_nor_over() -> None:
    (unknown,) = parse_alarm(
        json.dumps(cloudwatch_alarm(state="INSUFFICIENT_DATA")).encode(), RULES, MONDAY_10
    ).alerts
    assert (unknown.state, unknown.severity, unknown.name) == (
        AlertState.FIRING,
        Severity.P3,
        "cpu-high has no data",
    )
    back = parse_alarm(json.dumps(cloudwatch_alarm(state="OK")).encode(), RULES, MONDAY_10).alerts
    assert [found.state for found in back] == [AlertState.RESOLVED, AlertState.RESOLVED]
    assert back[1].alert_key == unknown.alert_key


def test_who_suppresses_a_composite_alarm_is_kept() -> None:
    event = eventbridge_event()
    event["detail"]["state"]["actionsSuppressedBy"] = "WaitPeriod"
    found = parse_event(json.dumps(event).encode(), RULES, MONDAY_10).alerts[0]
    assert found.labels["suppressed_by"] == "WaitPeriod"


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (eventbridge_event(), "eventbridge"),
        (cloudwatch_alarm(), "cloudwatch"),
        (alertmanager(), "alertmanager"),
        (grafana(), "grafana"),
        ({"alerts": [], "orgId": 1}, "grafana"),
        (pagerduty(), "pagerduty"),
        (pagerduty("resolve"), "pagerduty"),
        ({"alerts": []}, "cloudwatch"),
        ([], "cloudwatch"),
    ],
)
def test_the_kind_of_a_message_is_seen_from_its_shape(document: Any, kind: str) -> None:
    raw = json.dumps(document)
    assert kind_of(raw.encode()) == kind
    enveloped = json.dumps({"Type": "Notification", "TopicArn": "t", "Message": raw}).encode()
    assert unwrapped(enveloped) == unwrapped(raw.encode()) == raw.encode()
    without_text = json.dumps({"Type": "Notification", "TopicArn": "t", "Message": 5}).encode()
    assert unwrapped(without_text) == without_text


FUZZED = 10_000 if os.environ.get("MIRANTE_PROOF") == "full" else 400
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
TEMPLATES: list[tuple[str, Any]] = [
    ("alertmanager", alertmanager(ours(), alert())),
    ("cloudwatch", cloudwatch_alarm()),
    ("eventbridge", eventbridge_event()),
    ("grafana", grafana(grafana_alert(), grafana_alert("Two", "resolved"))),
    ("pagerduty", pagerduty()),
    ("pagerduty", pagerduty("resolve")),
    (
        "json/shop",
        {"alerts": [{"title": "Full", "state": "OK", "when": 1772456400, "tags": ["a:b"], "id": 7}]},
    ),
]


@st.composite
def broken_payloads(draw: st.DrawFn) -> tuple[str, bytes]:
    """A good payload with one value somewhere replaced by anything, or bytes of any kind."""
    kind, template = draw(st.sampled_from(TEMPLATES))
    if draw(st.booleans()) and draw(st.booleans()):
        return kind, draw(st.binary(max_size=200))
    document = json.loads(json.dumps(template))
    place: Any = document
    while True:
        options = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not options:
            break
        key = draw(st.sampled_from(options))
        if isinstance(place[key], (dict, list)) and place[key] and draw(st.booleans()):
            place = place[key]
            continue
        place[key] = draw(JSON)
        break
    return kind, json.dumps(document).encode("utf-8", "surrogatepass")


@given(broken_payloads())
@settings(max_examples=FUZZED, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_payload_is_read_or_refused_by_name_and_nothing_else(case: tuple[str, bytes]) -> None:
    kind, payload = case
    with contextlib.suppress(MalformedPayload):
        read(kind, payload, MAPPED, MONDAY_10)


def test_what_a_rule_says_of_its_own_comes_with_the_alert() -> None:
    notes = {
        "summary": "The disk is full",
        "description": "It fills up within the hour.",
        "impact": "no new orders",
        "action": "grow it",
        "runbook_url": "https://wiki.example/disk",
        "__alertId__": "7",
        "blank": " ",
    }
    (found,) = parsed(alertmanager(alert(annotations=notes)))
    assert found.summary == "The disk is full"
    assert found.description == "It fills up within the hour.\naction: grow it\nimpact: no new orders"
    (long,) = parsed(alertmanager(alert(annotations={f"note{n}": "x" * 4_000 for n in range(100)})))
    assert len(long.description) <= 4_096
