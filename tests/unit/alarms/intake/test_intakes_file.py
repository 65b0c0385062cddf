"""The intakes file: what ships as an example works, and every mistake names its place and its fix."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from alarms.intake.intakes_file import load_intakes, read_intakes
from alarms.intake.json_alerts import parse
from alarms.intake.normalise import intake_rules
from alarms.model.alert import Alert, AlertState
from alarms.model.expected_beat import ExpectedBeat
from alarms.model.severity import Severity
from foundation.errors import DefinitionErrors
from foundation.workspace import SHIPPED
from tests.support.alerts import MONDAY_10
from tests.support.router import SHIPPED_POLICY

DOCUMENT = (Path(__file__).parents[4] / "docs" / "intakes.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)
DATADOG = {
    "title": "[Triggered on {host:q1}] Queue is long",
    "transition": "Triggered",
    "priority": "P1",
    "cycle": "7412",
    "text": "1,200 are waiting",
    "date": "1772456400000",
    "host": "q1",
    "tags": "env:prod,host:q1,team:payments",
    "link": "https://app.datadoghq.example/monitors/1",
}
KUMA: dict[str, Any] = {
    "heartbeat": {"monitorID": 3, "status": 0, "time": "2026-03-02 13:00:00.123", "msg": "ECONNREFUSED"},
    "monitor": {
        "id": 3,
        "name": "Shop",
        "url": "https://shop.example",
        "tags": [{"name": "team", "value": "web"}],
    },
    "msg": "[Shop] [Down] ECONNREFUSED",
}
ZABBIX = {
    "event_id": "9981",
    "value": "1",
    "name": "Disk is full on db1",
    "severity": "Disaster",
    "host": "db1",
    "details": "",
    "tags": '[{"tag": "scope", "value": "capacity"}]',
}
NEW_RELIC: dict[str, Any] = {
    "id": "b1c2",
    "title": "Errors over 5 %",
    "state": "ACTIVATED",
    "priority": "CRITICAL",
    "createdAt": 1772456400000,
    "alertPolicyNames": ["Shop"],
    "alertConditionNames": ["Errors"],
    "issueUrl": "https://radar.newrelic.example/b1c2",
}


def written(folder: Path, text: str) -> Path:
    file = folder / "intakes.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def problems(folder: Path, text: str) -> str:
    with pytest.raises(DefinitionErrors) as raised:
        read_intakes(written(folder, text))
    return "\n".join(str(error) for error in raised.value.errors)


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> Any:
    found: dict[str, Any] = {"json": {}, "heartbeats": {}}
    for example in EXAMPLES:
        document = yaml.safe_load(example)
        for section in found:
            found[section] |= document.get(section, {})
    return read_intakes(written(tmp_path_factory.mktemp("intakes"), yaml.safe_dump({"version": 1, **found})))


def taken(documented: Any, name: str, payload: Any) -> Alert:
    rules = intake_rules("test", [], SHIPPED_POLICY.severity_words, (), documented.mappings)
    (alert,) = parse(name, json.dumps(payload).encode(), rules, MONDAY_10).alerts
    return alert


@pytest.mark.parametrize(
    ("name", "fires", "over", "severity"),
    [
        ("datadog", DATADOG, {"transition": "Recovered", "title": "[Recovered] Queue"}, Severity.P1),
        ("uptime-kuma", KUMA, {"heartbeat": {"status": 1}, "msg": "[Shop] [Up] 200"}, Severity.P2),
        ("zabbix", ZABBIX, {"value": "0"}, Severity.P1),
        ("new-relic", NEW_RELIC, {"state": "CLOSED"}, Severity.P1),
    ],
)
def test_each_example_of_the_documentation_reads_what_its_sender_sends(
    documented: Any, name: str, fires: dict[str, Any], over: dict[str, Any], severity: Severity
) -> None:
    begun, ended = taken(documented, name, fires), taken(documented, name, {**fires, **over})
    assert (begun.state, begun.severity, ended.state) == (AlertState.FIRING, severity, AlertState.RESOLVED)
    assert begun.member == ended.member
    assert begun.name != "Unnamed alert"
    assert begun.labels or name == "none"


def test_the_examples_find_labels_links_and_texts(documented: Any) -> None:
    datadog, kuma = taken(documented, "datadog", DATADOG), taken(documented, "uptime-kuma", KUMA)
    assert (datadog.labels["team"], datadog.links["monitor"]) == ("payments", DATADOG["link"])
    assert (kuma.name, kuma.summary, kuma.labels) == ("Shop", KUMA["msg"], {"team": "web"})
    assert taken(documented, "zabbix", ZABBIX).summary == "Disk is full on db1"
    assert (
        taken(documented, "uptime-kuma", {"heartbeat": None, "monitor": None, "msg": "Test"}).name == "Test"
    )


def test_the_heartbeats_of_the_documentation_are_read(documented: Any) -> None:
    assert sorted(documented.heartbeats) == ["nightly-backup", "prometheus", "shop-grafana"]


def test_a_workspace_without_the_file_has_none() -> None:
    assert load_intakes(SHIPPED).mappings == {}


def test_heartbeats_are_read_with_their_defaults(tmp_path: Path) -> None:
    found = read_intakes(
        written(
            tmp_path,
            "version: 1\nheartbeats:\n  backup: {every: 24h}\n"
            "  prometheus: {every: 5m, grace: 30s, severity: P1, sender: prom, alert: Watchdog, "
            "labels: {component: aurora}, runbook: no-data}\n",
        )
    )
    assert found.heartbeats == {
        "backup": ExpectedBeat("backup", timedelta(hours=24), timedelta(minutes=1), Severity.P2),
        "prometheus": ExpectedBeat(
            "prometheus",
            timedelta(minutes=5),
            timedelta(seconds=30),
            Severity.P1,
            "prom",
            "Watchdog",
            {"component": "aurora"},
            "no-data",
        ),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 2\n", "intakes.yaml:1: version"),
        ("version: 1\njson:\n  x: {}\n", "json.x.name: is required but missing"),
        ("version: 1\njson:\n  X_: {name: a}\n", "intakes.yaml:3: json.X_: 'X_' is not a valid name"),
        (
            "version: 1\njson:\n  x:\n    name: 'a['\n",
            "intakes.yaml:4: json.x.name: 'a[' is not a JMESPath expression",
        ),
        (
            "version: 1\njson:\n  x: {name: lenght(a)}\n",
            "'lenght' is not a function of JMESPath. Did you mean `length`?",
        ),
        (
            "version: 1\njson:\n  x: {name: a, labels: {b: 'c..d'}}\n",
            "json.x.labels.b: 'c..d' is not a JMESPath",
        ),
        (
            "version: 1\njson:\n  x: {name: a, state: {ended: [b]}}\n",
            "json.x.state.path: is required but missing",
        ),
        ("version: 1\njson:\n  x: {name: a, state: {path: b, ended: []}}\n", "json.x.state.ended: is empty"),
        ("version: 1\njson:\n  x: {name: a, severity: {path: b, words: {c: P9}}}\n", "'P9' is not one of P1"),
        ("version: 1\njson:\n  x: {name: a, sumary: b}\n", "Did you mean `summary`?"),
        ("version: 1\nheartbeats:\n  x: {grace: 5m}\n", "heartbeats.x.every: is required but missing"),
        ("version: 1\nheartbeats:\n  x: {every: 1s}\n", "heartbeats.x.every: '1s' is too short"),
        ("version: 1\nheartbeats:\n  x: {every: soon}\n", "'soon' is not a duration"),
        ("version: 1\nheartbeats:\n  x: {every: 5m, severity: high}\n", "'high' is not one of P1"),
    ],
)
def test_each_mistake_names_its_place_and_its_fix(tmp_path: Path, text: str, said: str) -> None:
    assert said in problems(tmp_path, text)
