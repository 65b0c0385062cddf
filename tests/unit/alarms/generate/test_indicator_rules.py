from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from alarms.generate.indicator_rules import HEARTBEAT_ALERT, expression, rule_file
from slo.prometheus import render_yaml
from tests.support.catalogues import shipped, shipped_watched

needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")


def promtool(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    program = shutil.which("promtool")
    assert program is not None
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False, cwd=cwd)


def written(folder: Path) -> Path:
    file = folder / "rules.yaml"
    file.write_text(render_yaml(rule_file(shipped_watched(), "test", heartbeat=True)))
    return file


def test_every_condition_parses_and_invents_no_value() -> None:
    for indicator in shipped_watched().indicators:
        text = expression(indicator)
        promql_parser.parse(text)
        assert "vector(" not in text


def test_the_consistency_alarm_stands_at_the_target_of_the_slo() -> None:
    alarm = next(i for i in shipped_watched().indicators if i.name == "ConsistencyIndexLow")
    assert alarm.threshold == shipped().slo("credit/data-consistency").objectives[0].target
    assert expression(alarm) == "min by (pair) (data_consistency_index_ratio) < 0.9999"


def test_alarms_have_unique_names_both_languages_and_a_basis() -> None:
    made = shipped_watched().indicators
    assert len({i.name for i in made}) == len(made)
    for indicator in made:
        assert all((indicator.title.en, indicator.title.pt, indicator.basis.en, indicator.basis.pt))


def test_a_component_that_is_named_stands_in_the_catalogue() -> None:
    known = {component.id for component in shipped().components}
    assert {i.component for i in shipped_watched().indicators if i.component} <= known


@needs_promtool
def test_promtool_accepts_the_rules(tmp_path: Path) -> None:
    done = promtool("check", "rules", str(written(tmp_path)), cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def firing(name: str, at: str, *labels: dict[str, str]) -> dict[str, Any]:
    return {"alertname": name, "eval_time": at, "exp_alerts": [{"exp_labels": found} for found in labels]}


def alert(
    component: str = "", severity: str = "P2", category: str = "saturation", **more: str
) -> dict[str, str]:
    own = {"component": component} if component else {}
    symptom = "false" if category in ("self", "security", "heartbeat") else "true"
    base = {"environment": "test", "severity": severity, "category": category, "symptom": symptom}
    return base | own | more


def of_pair(severity: str) -> dict[str, str]:
    return alert("consistency-checker", severity, "consistency", pair="relational/hot")


SCENARIOS: dict[str, dict[str, Any]] = {
    "a full disk fires after ten minutes, and names itself": {
        "series": {'component_saturation_ratio{component="aurora",resource="disk"}': "0.95x20"},
        "value": "0.95",
        "expect": [
            firing("ComponentSaturationHigh", "9m"),
            firing("ComponentSaturationHigh", "11m", alert("aurora", resource="disk")),
        ],
    },
    "a busy moment fires nothing": {
        "series": {'component_saturation_ratio{component="aurora",resource="cpu"}': "0.5 0.99 0.5x20"},
        "expect": [firing("ComponentSaturationHigh", "15m")],
    },
    "the very first dead letter fires, though its counter was born at 1": {
        "series": {'credit_ingest_records_total{outcome="dead_letter"}': "_x4 1x20"},
        "value": "1",
        "expect": [
            firing("IngestDeadLetters", "3m"),
            firing("IngestDeadLetters", "7m", alert("lambda-processors", "P3", "ingestion")),
        ],
    },
    "stores that disagree fire at the target and not above it": {
        "series": {
            'data_consistency_index_ratio{pair="relational/hot"}': "0.9998x30",
            'data_consistency_index_ratio{pair="relational/wide"}': "0.9999x30",
        },
        "value": "0.9998",
        "expect": [
            firing(
                "ConsistencyIndexLow",
                "20m",
                of_pair("P2"),
            )
        ],
    },
    "an unknown index fires nothing here: its reading grows old instead": {
        "series": {'data_consistency_reading_age_seconds{pair="relational/hot"}': "0+60x30"},
        "value": "1500",
        "expect": [
            firing("ConsistencyIndexLow", "25m"),
            firing(
                "ConsistencyReadingOld",
                "25m",
                of_pair("P3"),
            ),
        ],
    },
    "a side that nobody watches is a page": {
        "series": {'mirante_role_info{role="prober-evaluator"}': "1x10"},
        "expect": [
            firing("DecisionSideSilent", "5m", alert("", "P2", "self")),
            firing("ControlSideSilent", "5m"),
        ],
    },
    "both sides in one process each are seen": {
        "series": {'mirante_role_info{role="data"}': "1x10", 'mirante_role_info{role="control"}': "1x10"},
        "expect": [firing("DecisionSideSilent", "5m"), firing("ControlSideSilent", "5m")],
    },
    "a target that is down is a page": {
        "series": {'up{job="api",instance="one"}': "1 0x10"},
        "expect": [
            firing(
                "ScrapeTargetDown",
                "6m",
                alert("", "P2", "self", job="api", instance="one"),
            )
        ],
    },
    "the heartbeat always fires": {
        "series": {"up": "1x5"},
        "expect": [firing(HEARTBEAT_ALERT, "2m", alert("", "P4", "heartbeat"))],
    },
}


@needs_promtool
@pytest.mark.parametrize("name", SCENARIOS)
def test_in_a_real_prometheus_engine(tmp_path: Path, name: str) -> None:
    written(tmp_path)
    scenario = SCENARIOS[name]
    series = [{"series": text, "values": values} for text, values in scenario["series"].items()]
    expected = [dict(check) for check in scenario["expect"]]
    rules = yaml.safe_load((tmp_path / "rules.yaml").read_text())
    annotations = {rule["alert"]: rule["annotations"] for group in rules["groups"] for rule in group["rules"]}
    for check in expected:
        for found in check["exp_alerts"]:
            found["exp_annotations"] = _filled(annotations[check["alertname"]], found["exp_labels"], scenario)
    test = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": series, "alert_rule_test": expected}],
    }
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(test))
    done = promtool("test", "rules", "test.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def _filled(annotations: dict[str, str], labels: dict[str, str], scenario: dict[str, Any]) -> dict[str, str]:
    filled = {}
    for key, text in annotations.items():
        for label, value in labels.items():
            text = text.replace(f"{{{{ $labels.{label} }}}}", value)
        filled[key] = text.replace("{{ $value }}", scenario.get("value", ""))
    return filled
