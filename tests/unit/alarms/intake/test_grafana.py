"""Grafana's webhooks, of the kinds that its versions send: each alert stands alone, with its addresses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from alarms.intake.grafana import parse
from alarms.intake.normalise import VALUE_LIMIT, intake_rules
from alarms.intake.parsers import kind_of, read
from alarms.model.alert import Alert, AlertState
from alarms.model.errors import MalformedPayload
from alarms.model.severity import Severity
from slo.loaders.catalogue_files import load_catalogue
from tests.support.alerts import MONDAY_10
from tests.support.hooks import alert, alertmanager, grafana, grafana_alert
from tests.support.router import SHIPPED_POLICY

CATALOGUE = load_catalogue()
RULES = intake_rules("test", CATALOGUE.slos, SHIPPED_POLICY.severity_words, SHIPPED_POLICY.ignored_labels)


def taken(*alerts: dict[str, Any], **more: Any) -> tuple[Alert, ...]:
    return parse(json.dumps(grafana(*alerts, **more)).encode(), RULES, MONDAY_10).alerts


def test_an_alert_has_its_addresses_its_values_and_its_time() -> None:
    (found,) = taken(grafana_alert(labels={"severity": "critical"}, imageURL="https://grafana.example/i.png"))
    assert (found.name, found.source, found.state) == ("QueueLong", "grafana", AlertState.FIRING)
    assert found.summary == "QueueLong: over its limit (B = 44.24, C = 1)"
    assert found.severity is Severity.P1
    assert found.starts_at.isoformat() == "2026-03-02T13:58:30.157076+00:00"
    assert found.ends_at is None
    assert {name: url.partition("/")[0] for name, url in found.links.items()} == dict.fromkeys(
        ("runbook", "source", "dashboard", "panel", "silence", "image"), "https:"
    )


def test_its_end_is_that_of_the_same_alert() -> None:
    (fires,) = taken(grafana_alert())
    (over,) = taken(grafana_alert(status="resolved"), status="resolved", state="ok")
    assert (over.member, over.state) == (fires.member, AlertState.RESOLVED)
    assert over.ends_at is not None
    assert over.ends_at.isoformat() == "2026-03-02T14:30:00+00:00"


def test_a_group_holds_what_fires_and_what_is_over() -> None:
    found = taken(grafana_alert("One"), grafana_alert("Two", status="resolved"))
    assert [one.state for one in found] == [AlertState.FIRING, AlertState.RESOLVED]


@pytest.mark.parametrize("name", ["DatasourceError", "DatasourceNoData"])
def test_a_rule_that_cannot_be_judged_is_told_by_the_rules_name(name: str) -> None:
    (found,) = taken(
        grafana_alert(name, labels={"rulename": "Queue too long", "datasource_uid": "u"}, values=None)
    )
    assert (found.name, found.title) == (name, f"{name}: Queue too long")


def test_of_versions_that_did_not_number_values_their_own_text_is_shown() -> None:
    (found,) = taken(grafana_alert(values=None, valueString="[ metric='' labels={} value=14151.33 ]"))
    assert found.summary == "QueueLong: over its limit ([ metric='' labels={} value=14151.33 ])"


@pytest.mark.parametrize("values", [{}, None, "x", 5, [1]])
def test_values_that_are_none_are_left_out(values: Any) -> None:
    (found,) = taken(grafana_alert(values=values, valueString=None))
    assert found.summary == "QueueLong: over its limit"


def test_odd_values_are_shown_as_they_are() -> None:
    (found,) = taken(grafana_alert(values={"A": None, "B": 10**40, "C": True, "D": "x" * 500}))
    assert "A = None, B = 1000000" in found.summary
    assert len(found.summary) < 400


@pytest.mark.parametrize("address", ["", None, 5, "javascript:alert(1)", "/d/pay"])
def test_what_is_not_an_address_is_no_link(address: Any) -> None:
    (found,) = taken(
        grafana_alert(dashboardURL=address, panelURL=address, silenceURL=address, generatorURL=address)
    )
    assert set(found.links) == {"runbook"}


def test_an_alert_without_a_name_times_or_texts_fires_now() -> None:
    (found,) = taken({"status": "alerting"})
    assert (found.name, found.state, found.starts_at) == ("Unnamed alert", AlertState.FIRING, MONDAY_10)
    assert found.severity is None


def test_a_text_too_long_is_shortened_and_says_so() -> None:
    (found,) = taken(grafana_alert(annotations={"description": "x" * 20_000}))
    assert len(found.summary) <= VALUE_LIMIT
    assert "shortened from" in found.summary


def test_what_is_not_an_alert_is_left_unread_and_recognised_again_alone() -> None:
    parsed = parse(json.dumps({**grafana(), "alerts": [grafana_alert(), "x", 5]}).encode(), RULES, MONDAY_10)
    assert len(parsed.alerts) == 1
    assert [kind_of(part.payload) for part in parsed.unread] == ["grafana", "grafana"]


def test_a_burn_of_ours_that_grafana_relays_is_ours() -> None:
    slo = CATALOGUE.slo("credit/transaction-errors")
    labels = {"slo": slo.id, "objective": slo.objectives[0].name, "environment": "test", "severity": "P1"}
    (found,) = taken(grafana_alert(labels=labels))
    assert found.slo_id == slo.id
    assert found.title is not None
    assert "error budget" in found.title


@pytest.mark.parametrize("sent_to", ["grafana", "alertmanager"])
def test_each_of_the_two_alike_forms_is_read_as_what_it_is(sent_to: str) -> None:
    for kind, document in (("grafana", grafana(grafana_alert())), ("alertmanager", alertmanager(alert()))):
        read_as, parsed = read(sent_to, json.dumps(document).encode(), RULES, MONDAY_10)
        assert (read_as, parsed.alerts[0].source) == (kind, kind)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"alerts": 5}', b'{"version": "1"}', b'{"alerts": []}'])
def test_what_is_nothing_of_grafanas_is_said_to_be_so(body: bytes) -> None:
    with pytest.raises(MalformedPayload, match="grafana payload"):
        parse(body, RULES, MONDAY_10)
