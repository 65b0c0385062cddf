"""The CloudFormation template: what boto3 gets, as resources that cfn-lint accepts."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from slo.cloudwatch import alarms, templates
from slo.loaders.catalogue_files import load_catalogue
from slo.model.catalogue import Catalogue
from tests.support.patience import patience

SHAPES = Path(__file__).parents[3] / "support" / "definitions" / "shapes"
SHIPPED = load_catalogue()


def template(catalogue: Catalogue) -> dict[str, Any]:
    (only,) = templates(catalogue, "prod").values()
    return only


@pytest.mark.parametrize("catalogue", [SHIPPED, load_catalogue(SHAPES)], ids=["shipped", "shapes"])
def test_cfn_lint_accepts_it(catalogue: Catalogue, tmp_path: Path) -> None:
    path = tmp_path / "template.json"
    path.write_text(json.dumps(template(catalogue)), encoding="utf-8")
    linter = Path(sys.executable).with_name("cfn-lint")
    ran = subprocess.run([linter, path], capture_output=True, text=True, timeout=patience(240), check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_it_has_one_resource_for_each_alarm_and_a_topic_for_each_severity() -> None:
    document = template(SHIPPED)
    assert len(document["Resources"]) == len(alarms(SHIPPED, "prod"))
    assert sorted(document["Parameters"]) == ["TopicP1", "TopicP2", "TopicP3", "TopicP4"]


def test_a_composite_waits_for_its_children() -> None:
    resources = template(SHIPPED)["Resources"]
    composite = resources["MiranteProdCreditDecisionLatencyMainPageFast"]
    assert composite["Type"] == "AWS::CloudWatch::CompositeAlarm"
    assert set(composite["DependsOn"]) <= set(resources)
    assert len(composite["DependsOn"]) == 2


def test_it_is_the_same_every_time() -> None:
    assert json.dumps(template(SHIPPED)) == json.dumps(template(load_catalogue()))


def test_many_slos_are_split_within_five_hundred_resources() -> None:
    base = SHIPPED.slo("credit/decision-latency")
    many = Catalogue(slos=tuple(replace(base, name=f"latency-{n}") for n in range(60)))
    parts = templates(many, "prod")
    sizes = [len(part["Resources"]) for part in parts.values()]  # type: ignore[arg-type]
    assert sum(sizes) == len(alarms(many, "prod"))
    assert max(sizes) <= 500
