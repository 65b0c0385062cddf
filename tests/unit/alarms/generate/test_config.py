from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from alarms.generate.alertmanager_config import HEARTBEAT, ROUTER, config
from alarms.generate.router_address import RouterAddress
from alarms.model.silence import Matcher
from alarms.policy.policy_file import MATCHER, load_policy
from slo.prometheus import render_yaml
from tests.support.catalogues import shipped

needs_amtool = pytest.mark.skipif(shutil.which("amtool") is None, reason="amtool is not installed")


def document(heartbeat: str | None = None) -> dict[str, Any]:
    made: dict[str, Any] = config(load_policy(), shipped().components, RouterAddress(heartbeat_url=heartbeat))
    return made


def matchers(texts: list[str]) -> list[Matcher]:
    found = [MATCHER.fullmatch(text) for text in texts]
    return [Matcher(match[1], match[2], match[3]) for match in found if match is not None]


def muted(source: Mapping[str, str], target: Mapping[str, str]) -> bool:
    """Alertmanager's inhibition, with its rule that two absent labels are equal."""
    return any(
        all(m.matches(source) for m in matchers(rule["source_matchers"]))
        and all(m.matches(target) for m in matchers(rule["target_matchers"]))
        and all(source.get(label, "") == target.get(label, "") for label in rule["equal"])
        for rule in document()["inhibit_rules"]
    )


def amtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("amtool")
    assert program is not None
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


@needs_amtool
@pytest.mark.parametrize("heartbeat", [None, "http://127.0.0.1:9/beat"])
def test_amtool_finds_nothing_wrong(tmp_path: Path, heartbeat: str | None) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(render_yaml(document(heartbeat)))
    done = amtool("check-config", str(file))
    assert done.returncode == 0, done.stdout + done.stderr


@needs_amtool
@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (["severity=P1", "alert_key=ab"], ROUTER),
        (["severity=P4", "alertname=Foreign"], ROUTER),
        (["alertname=Foreign"], ROUTER),
        (["alertname=PrometheusAlive", "severity=P4"], HEARTBEAT),
    ],
)
def test_amtool_routes_every_alert_to_the_router_and_the_heartbeat_elsewhere(
    tmp_path: Path, labels: list[str], receiver: str
) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(render_yaml(document("http://127.0.0.1:9/beat")))
    done = amtool("config", "routes", "test", f"--config.file={file}", *labels)
    assert done.stdout.strip() == receiver


def test_what_is_written_reads_back_as_the_same_document() -> None:
    assert yaml.safe_load(render_yaml(document())) == document()


def test_the_tiers_of_one_burn_are_one_message_and_foreign_alerts_group_by_name() -> None:
    route = document()["route"]
    assert route["group_by"] == ["alertname", "component"]
    for child in route["routes"]:
        (ours,) = child["routes"]
        assert ours == {"matchers": ['alert_key!=""'], "group_by": ["alert_key"]}


def test_a_critical_alert_leaves_at_once_and_resolved_alerts_are_sent_too() -> None:
    made = document()
    first = made["route"]["routes"][0]
    assert first["matchers"] == ['severity="P1"']
    assert first["group_wait"] == "0s"
    (hook,) = made["receivers"][0]["webhook_configs"]
    assert hook["send_resolved"] is True
    assert hook["max_alerts"] == 0
    assert hook["url"].endswith("/hooks/alertmanager")


def test_no_secret_stands_in_the_file() -> None:
    authorization = document()["receivers"][0]["webhook_configs"][0]["http_config"]["authorization"]
    assert set(authorization) == {"type", "credentials_file"}


BURN = {"environment": "prod", "slo": "credit/decision-latency", "objective": "main"}


def test_a_burn_speaks_with_its_most_severe_tier_only() -> None:
    assert muted({**BURN, "severity": "P1"}, {**BURN, "severity": "P3"})
    assert not muted({**BURN, "severity": "P3"}, {**BURN, "severity": "P1"})
    other = {**BURN, "slo": "credit/data-consistency"}
    assert not muted({**BURN, "severity": "P1"}, {**other, "severity": "P3"})


def test_alerts_without_an_objective_do_not_mute_each_other() -> None:
    assert not muted({"environment": "prod", "severity": "P1"}, {"environment": "prod", "severity": "P3"})


def test_a_symptom_waits_while_what_it_leans_on_pages() -> None:
    cause = {"environment": "prod", "component": "aurora", "severity": "P2", "symptom": "true"}
    symptom = {"environment": "prod", "component": "outbox-relay", "severity": "P3", "symptom": "true"}
    assert muted(cause, symptom)
    assert not muted(symptom, cause)
    assert not muted({**cause, "environment": "test"}, symptom)
    assert not muted({**cause, "severity": "P4"}, symptom)


def test_a_cause_two_steps_down_explains_a_symptom_as_well() -> None:
    cause = {"environment": "prod", "component": "aurora", "severity": "P1", "symptom": "true"}
    assert muted(cause, {"environment": "prod", "component": "prober", "severity": "P3", "symptom": "true"})


def test_the_page_of_an_slo_is_never_held_back_by_a_cause() -> None:
    cause = {"environment": "prod", "component": "aurora", "severity": "P1", "symptom": "true"}
    assert not muted(cause, {**BURN, "component": "decision-api", "severity": "P1"})
