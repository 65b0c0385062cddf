"""The real promtool accepts every generated rule file, and every generated test passes on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from slo.catalogue import Catalogue, load_catalogue
from slo.prometheus import prometheus_rule_resources, rule_files, rule_tests
from slo.prometheus.promtool import slo_tests
from slo.prometheus.rules import rule_file, rules_file
from tests.support.promtool import PROMTOOL, check_rules, test_rules, write_rules, write_tests

SHAPES = Path(__file__).parent.parent / "support" / "definitions" / "shapes"
SHIPPED = load_catalogue()
OF_EVERY_SHAPE = load_catalogue(SHAPES)
SLOS = [*SHIPPED.slos, *OF_EVERY_SHAPE.slos]

pytestmark = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")


@pytest.mark.parametrize("catalogue", [SHIPPED, OF_EVERY_SHAPE], ids=["shipped", "shapes"])
def test_every_rule_file_is_accepted(catalogue: Catalogue, tmp_path: Path) -> None:
    files = rule_files(catalogue, "prod")
    write_rules(tmp_path, files)
    checked = check_rules(tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.count("SUCCESS") == len(files) == len(catalogue.slos)


@pytest.mark.parametrize("slo", SLOS, ids=lambda slo: slo.id)
def test_every_generated_test_passes(slo: object, tmp_path: Path) -> None:
    chosen = next(s for s in SLOS if s is slo)
    write_rules(tmp_path, {rules_file(chosen): rule_file(chosen, "prod")})
    tests = slo_tests(chosen, "prod")
    write_tests(tmp_path, tests)
    ran = test_rules([tmp_path / "tests" / name for name in tests])
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count("SUCCESS") == len(tests) == 3


def test_every_slo_is_tested_for_fire_reset_quiet_and_missing_series() -> None:
    tests = rule_tests(SHIPPED, "prod")
    latency = tests["credit-decision-latency.test.yaml"]["tests"]
    assert isinstance(latency, list)
    said = " | ".join(test["name"] for test in latency)
    for expected in (
        "fires on a burn, then resets",
        "no traffic",
        "missing counts as 0",
        "needs both windows",
    ):
        assert expected in said


def test_kubernetes_resources_hold_the_same_groups() -> None:
    files = rule_files(SHIPPED, "prod")
    for name, resource in prometheus_rule_resources(SHIPPED, "prod").items():
        spec = resource["spec"]
        assert isinstance(spec, dict)
        assert spec["groups"] == files[name.replace(".yaml", ".rules.yaml")]["groups"]
        assert resource["kind"] == "PrometheusRule"
