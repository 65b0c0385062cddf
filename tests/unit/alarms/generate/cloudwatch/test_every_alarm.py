from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import botocore.loaders
import botocore.model
import botocore.validate
import pytest

from alarms.generate.cloudwatch import names
from alarms.generate.cloudwatch.composites import EXTENSION_SECONDS, WAIT_SECONDS
from alarms.generate.cloudwatch.every_alarm import every_alarm
from alarms.generate.cloudwatch.logs import (
    log_groups,
    metric_filters,
)
from alarms.generate.cloudwatch.template import template
from slo.cloudwatch import is_composite
from slo.cloudwatch.alarms import range_problem
from slo.cloudwatch.limits import LONGEST_NAME, LONGEST_RULE
from slo.model.conventions import CLOUDWATCH_DESCRIPTION
from tests.support.catalogues import ENVIRONMENT, shipped, shipped_watched

WATCHED = shipped_watched()
TOPICS = {f"P{rank}": f"arn:aws:sns:us-east-1:123456789012:mirante-p{rank}" for rank in range(1, 5)}
ALARMS: list[dict[str, Any]] = every_alarm(shipped(), WATCHED, ENVIRONMENT, TOPICS)
BY_NAME = {alarm["AlarmName"]: alarm for alarm in ALARMS}


def problems(service: str, operation: str, arguments: Mapping[str, object]) -> str:
    """What boto3 itself would refuse, from its own service model, without a call."""
    described = botocore.loaders.Loader().load_service_model(service, "service-2")
    shape = botocore.model.ServiceModel(described, service).operation_model(operation).input_shape
    report: str = botocore.validate.ParamValidator().validate(dict(arguments), shape).generate_report()
    return report


@pytest.mark.parametrize("alarm", ALARMS, ids=lambda alarm: str(alarm["AlarmName"]))
def test_boto3_accepts_the_arguments_and_no_limit_is_broken(alarm: dict[str, Any]) -> None:
    operation = "PutCompositeAlarm" if is_composite(alarm) else "PutMetricAlarm"
    assert problems("cloudwatch", operation, alarm) == ""
    assert len(alarm["AlarmName"]) <= LONGEST_NAME
    assert len(alarm["AlarmDescription"]) <= CLOUDWATCH_DESCRIPTION
    assert len(alarm.get("AlarmRule", "")) <= LONGEST_RULE
    if not is_composite(alarm):
        period = alarm["Period"] if "Period" in alarm else alarm["Metrics"][0].get("Period")
        if period is not None:
            assert range_problem(period, alarm["EvaluationPeriods"]) is None


def test_names_are_unique_and_whatever_an_alarm_refers_to_stands_before_it() -> None:
    assert len(BY_NAME) == len(ALARMS)
    seen: set[str] = set()
    for alarm in ALARMS:
        named = re.findall(r'"([^"]+)"', alarm.get("AlarmRule", ""))
        named += [alarm["ActionsSuppressor"]] if "ActionsSuppressor" in alarm else []
        assert set(named) <= seen, alarm["AlarmName"]
        seen.add(alarm["AlarmName"])


def test_every_component_has_its_saturation_alarm() -> None:
    for component in shipped().components:
        alarm = BY_NAME[names.indicator_alarm(ENVIRONMENT, "ComponentSaturationHigh", component.id)]
        assert f"component = '{component.id}'" in alarm["Metrics"][0]["Expression"]
        assert alarm["Threshold"] == 0.9
        assert alarm["ActionsEnabled"] is False


def test_the_consistency_alarm_stands_at_the_target_of_the_slo() -> None:
    target = shipped().slo("credit/data-consistency").objectives[0].target
    alarm = BY_NAME[names.indicator_alarm(ENVIRONMENT, "ConsistencyIndexLow")]
    assert alarm["Threshold"] == float(target)
    assert alarm["ComparisonOperator"] == "LessThanThreshold"
    assert alarm["TreatMissingData"] == "missing"


def test_lag_dead_letters_and_errors_in_logs_have_alarms_and_a_silent_role_is_a_fault() -> None:
    assert BY_NAME[names.indicator_alarm(ENVIRONMENT, "IngestLagHigh")]["Threshold"] == 60.0
    dead = BY_NAME[names.indicator_alarm(ENVIRONMENT, "IngestDeadLetters")]
    assert "outcome = 'dead_letter'" in dead["Metrics"][0]["Expression"]
    assert BY_NAME[names.log_alarm(ENVIRONMENT, "control-errors")]["Threshold"] == 0.0
    silent = BY_NAME[names.silence_alarm(ENVIRONMENT, "api")]
    assert (silent["Statistic"], silent["TreatMissingData"]) == ("SampleCount", "breaching")


def told(firing: set[str]) -> set[str]:
    """Who is told while these metric alarms are in ALARM: rules, then actions less the suppressed ones."""
    state = set(firing)
    for alarm in ALARMS:
        if is_composite(alarm) and _holds(alarm["AlarmRule"], state):
            state.add(alarm["AlarmName"])
    return {
        name
        for name in state
        if BY_NAME[name].get("AlarmActions") and BY_NAME[name].get("ActionsSuppressor") not in state
    }


def _holds(rule: str, state: set[str]) -> bool:
    terms = {name: name in state for name in re.findall(r'ALARM\("([^"]+)"\)', rule)}
    return all(terms.values()) if " AND " in rule else any(terms.values())


def saturated(component: str) -> str:
    return names.indicator_alarm(ENVIRONMENT, "ComponentSaturationHigh", component)


def test_a_symptom_is_held_back_while_its_cause_speaks() -> None:
    cause, symptom = saturated("aurora"), saturated("decision-api")
    assert told({symptom}) == {names.unless_caused(symptom)}
    assert told({cause, symptom}) == {names.unless_caused(cause)}


def test_a_cause_two_steps_below_explains_as_well_and_a_bystander_does_not() -> None:
    assert told({saturated("aurora"), saturated("prober")}) == {names.unless_caused(saturated("aurora"))}
    both = {saturated("keyspaces"), saturated("decision-api")}
    assert told(both) == {names.unless_caused(name) for name in both}


def test_the_page_of_an_slo_is_never_held_back() -> None:
    for alarm in ALARMS:
        if '"slo"' in alarm["AlarmDescription"]:
            assert "ActionsSuppressor" not in alarm


def test_suppression_waits_for_the_cause_and_outlasts_it() -> None:
    waiting = [alarm for alarm in ALARMS if "ActionsSuppressor" in alarm]
    assert waiting
    for alarm in waiting:
        assert alarm["ActionsSuppressorWaitPeriod"] == WAIT_SECONDS
        assert alarm["ActionsSuppressorExtensionPeriod"] == EXTENSION_SECONDS


def test_what_an_alarm_tells_the_router_is_one_line_of_json() -> None:
    alarm = BY_NAME[names.unless_caused(saturated("aurora"))]
    identity = json.loads(alarm["AlarmDescription"].splitlines()[-1])
    assert identity == {
        "alertname": "ComponentSaturationHigh",
        "category": "saturation",
        "component": "aurora",
        "environment": ENVIRONMENT,
        "severity": "P2",
    }


def test_logs_are_kept_between_one_and_six_months_by_type() -> None:
    assert {group.retention_days for group in WATCHED.log_groups} <= {30, 60, 90, 120, 150, 180}
    assert {30, 180} <= {group.retention_days for group in WATCHED.log_groups}
    for group in log_groups(WATCHED, ENVIRONMENT):
        created = {key: group[key] for key in ("logGroupName", "tags")}
        assert problems("logs", "CreateLogGroup", created) == ""
        kept = {key: group[key] for key in ("logGroupName", "retentionInDays")}
        assert problems("logs", "PutRetentionPolicy", kept) == ""


def test_every_filter_has_an_alarm_on_the_very_metric_it_makes() -> None:
    filters = metric_filters(WATCHED, ENVIRONMENT)
    assert len(filters) == len(WATCHED.log_patterns)
    for one in filters:
        assert problems("logs", "PutMetricFilter", one) == ""
        assert isinstance(one["metricTransformations"], list)
        (made,) = one["metricTransformations"]
        alarm = BY_NAME[str(one["filterName"])]
        assert (alarm["Namespace"], alarm["MetricName"]) == (made["metricNamespace"], made["metricName"])
        assert made["defaultValue"] == 0.0


def test_cfn_lint_finds_no_error_in_the_template(tmp_path: Path) -> None:
    file = tmp_path / "template.json"
    file.write_text(json.dumps(template(shipped(), WATCHED, ENVIRONMENT)))
    linter = Path(sys.executable).with_name("cfn-lint")
    if not linter.exists():
        pytest.skip("cfn-lint is not installed")
    done = subprocess.run(
        [str(linter), "--format", "parseable", "--non-zero-exit-code", "error", str(file)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_the_template_holds_every_alarm_beside_the_slos_own() -> None:
    resources: Any = template(shipped(), WATCHED, ENVIRONMENT)["Resources"]
    named = {found["Properties"].get("AlarmName") for found in resources.values()}
    ours = {alarm["AlarmName"] for alarm in ALARMS if '"slo"' not in alarm["AlarmDescription"]}
    burn_halves = {name for name in ours if name.endswith(("-long", "-short"))}
    assert ours - burn_halves <= named
