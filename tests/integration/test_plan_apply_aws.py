"""``plan`` and ``apply`` on a server that speaks AWS's protocol and is found by ``aws_endpoint`` alone: drift
is fixed, nothing else touched."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import yaml

from foundation.aws.boto import EMULATED_REGION
from tests.support.aws_emulator import aws_client, needs_emulator, running_emulator
from tests.support.cloudwatch_whole import WholeCloudWatch, whole_cloudwatch
from tests.support.command_line import Ran, mirante
from tests.support.patience import wait_until

pytestmark = needs_emulator
ROOT = Path(__file__).parents[2]
DEFINITIONS = ROOT / "slo" / "definitions"
BURN = "mirante-test-credit-transaction-errors-main-page-fast-long"


@dataclass(frozen=True, slots=True)
class Aws:
    url: str
    whole: WholeCloudWatch
    folder: Path

    def client(self, service: str) -> Any:
        return aws_client(service, self.url, EMULATED_REGION)

    def few(self) -> None:
        """A catalogue of one component: what is tested here does not depend on how many there are."""
        definitions = self.folder / "definitions"
        definitions.mkdir()
        shutil.copy(DEFINITIONS / "credit.yaml", definitions)
        listed = yaml.safe_load((DEFINITIONS / "components.yaml").read_text(encoding="utf-8"))
        (api,) = (one for one in listed["components"] if one["id"] == "decision-api")
        document = {"components": [{**api, "depends_on": []}]}
        (definitions / "components.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")

    @property
    def environment(self) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "MIRANTE_AWS_ENDPOINT": self.url,
            "MIRANTE_DEFINITIONS": str(self.folder / "definitions"),
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "platform")]),
        }

    def run(self, *arguments: str) -> Ran:
        with patch.dict(os.environ, self.environment, clear=True):
            return mirante("--environment", "test", *arguments)

    def plan(self, *flags: str) -> list[dict[str, Any]]:
        found = self.run("plan", "aws", "--json", *flags)
        assert found.status in (0, 1), found.err
        changes: list[dict[str, Any]] = json.loads(found.out)["changes"]
        assert bool(changes) == bool(found.status)
        return changes


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Aws]:
    with running_emulator(tmp_path) as emulator, whole_cloudwatch(emulator) as (url, whole):
        found = Aws(url, whole, tmp_path)
        found.few()
        yield found


def test_apply_makes_everything_a_second_apply_nothing_and_drift_is_named_and_fixed(aws: Aws) -> None:
    first = aws.run("apply", "aws")
    assert first.status == 0, first.err
    assert "a month at list price" in first.out
    assert aws.plan() == []
    before = len(aws.whole.seen)
    again = aws.run("apply", "aws")
    assert again.status == 0
    assert not [
        name for name in aws.whole.seen[before:] if name.startswith(("Put", "Tag", "Create", "Delete"))
    ]

    make_drift(aws)
    named = {change["name"]: change for change in aws.plan()}
    assert named[BURN]["differences"] == ["Threshold: 99.5 deployed, 14.4 wanted"]
    board = named["mirante-test-operations"]["differences"]
    assert board[0] == "periodOverride: nothing deployed, inherit wanted"
    assert board[-1].endswith("more differences")
    assert named["/mirante/test/api"]["differences"] == ["retentionInDays: 7 deployed, 90 wanted"]
    assert named["mirante-test-log-api-errors"]["action"] == "create"
    assert len(named) == 4
    fixed = aws.run("apply", "aws")
    assert fixed.status == 0, fixed.err
    assert aws.plan() == []


def test_what_is_not_ours_is_left_alone_and_pruning_removes_only_what_is(aws: Aws) -> None:
    cloudwatch = aws.client("cloudwatch")
    theirs = {
        "Namespace": "Shop",
        "MetricName": "Orders",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
    }
    theirs |= {"Statistic": "Sum", "ComparisonOperator": "LessThanThreshold"}
    cloudwatch.put_metric_alarm(AlarmName=BURN, **theirs)
    cloudwatch.put_metric_alarm(AlarmName="mirante-test-of-another-team", **theirs)
    cloudwatch.put_dashboard(DashboardName="mirante-test-their-board", DashboardBody='{"widgets":[]}')
    refused = aws.run("apply", "aws")
    assert refused.status == 1
    assert f"! alarm {BURN}" in refused.out
    (kept,) = cloudwatch.describe_alarms(AlarmNames=[BURN])["MetricAlarms"]
    assert kept["MetricName"] == "Orders"

    composites = cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    cloudwatch.delete_alarms(
        AlarmNames=[alarm["AlarmName"] for alarm in composites if BURN in alarm["AlarmRule"]]
    )
    cloudwatch.delete_alarms(AlarmNames=[BURN])
    ours = [{"Key": "mirante:environment", "Value": "test"}]
    cloudwatch.put_metric_alarm(AlarmName="mirante-test-of-last-year", Tags=ours, **theirs)
    assert aws.run("apply", "aws").status == 0
    (left,) = aws.plan()
    assert (left["name"], left["action"]) == ("mirante-test-of-last-year", "left")
    assert aws.run("apply", "aws", "--prune").status == 0
    assert aws.plan("--prune") == []
    names = {
        a["AlarmName"] for a in cloudwatch.describe_alarms(AlarmNamePrefix="mirante-test-of")["MetricAlarms"]
    }
    assert names == {"mirante-test-of-another-team"}
    assert (
        cloudwatch.get_dashboard(DashboardName="mirante-test-their-board")["DashboardBody"]
        == '{"widgets":[]}'
    )


def test_killed_half_way_the_next_run_finishes(aws: Aws) -> None:
    arguments = [sys.executable, "-m", "app.cli", "--environment", "test", "apply", "aws"]
    command = subprocess.Popen(arguments, env=aws.environment, cwd=aws.folder, stdout=subprocess.DEVNULL)
    begun = lambda: aws.whole.seen.count("PutMetricAlarm") >= 10 or command.poll() is not None  # noqa: E731
    wait_until(begun, 120, "ten alarms are put", pause=0.005)
    assert command.poll() is None
    command.send_signal(signal.SIGKILL)
    command.wait()
    made = aws.whole.seen.count("PutMetricAlarm")
    missing = aws.plan()
    alarms = sum(change["kind"] == "alarm" for change in missing)
    assert {change["action"] for change in missing} <= {"create", "change"}
    assert len(missing) > 10
    assert aws.run("apply", "aws").status == 0
    assert aws.plan() == []
    assert aws.whole.seen.count("PutMetricAlarm") == made + alarms  # it did not begin again


def test_throttling_is_waited_out_and_a_lasting_refusal_stops_nothing_else(aws: Aws) -> None:
    throttled = {"left": 2}

    def twice(operation: str) -> str | None:
        throttled["left"] -= operation == "PutMetricAlarm"
        return "ThrottlingException" if operation == "PutMetricAlarm" and throttled["left"] >= 0 else None

    aws.whole.refuse = twice
    assert aws.run("apply", "aws").status == 0
    assert throttled["left"] < 0
    aws.whole.refuse = lambda _: None
    assert aws.plan() == []

    make_drift(aws)
    aws.whole.refuse = lambda name: "AccessDeniedException" if name == "PutRetentionPolicy" else None
    failed = aws.run("apply", "aws")
    assert failed.status == 3
    assert "log group /mirante/test/api: PutRetentionPolicy: AccessDeniedException" in failed.err
    assert "Traceback" not in failed.err
    aws.whole.refuse = lambda _: None
    (left,) = aws.plan()
    assert left["name"] == "/mirante/test/api"
    assert aws.run("apply", "aws").status == 0


def make_drift(aws: Aws) -> None:
    """What a hurried hand does in a console."""
    cloudwatch, logs = aws.client("cloudwatch"), aws.client("logs")
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[BURN])["MetricAlarms"]
    kept = {"AlarmName", "AlarmDescription", "ActionsEnabled", "Metrics", "EvaluationPeriods"}
    kept |= {"DatapointsToAlarm", "ComparisonOperator", "TreatMissingData"}
    cloudwatch.put_metric_alarm(**{key: alarm[key] for key in kept if key in alarm}, Threshold=99.5)
    cloudwatch.put_dashboard(DashboardName="mirante-test-operations", DashboardBody='{"widgets":[]}')
    logs.put_retention_policy(logGroupName="/mirante/test/api", retentionInDays=7)
    logs.delete_metric_filter(logGroupName="/mirante/test/api", filterName="mirante-test-log-api-errors")
