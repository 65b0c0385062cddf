"""The real promtool accepts every generated rule file, and every generated test passes on it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
import yaml

from slo.loaders.catalogue_files import load_catalogue
from slo.model.catalogue import Catalogue
from slo.model.spec import Window
from slo.prometheus import render_yaml, resource_text, rule_files, rule_tests
from slo.prometheus.counts import counts_over_window
from slo.prometheus.promtool import slo_tests
from slo.prometheus.rules import rule_file, rules_file
from tests.support.promtool import PROMTOOL, check_rules, test_rules, write_rules, write_tests
from tests.support.slo_samples import DAY, GOOD, GOOGLE, TOTAL, an_slo, counted

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
    assert ran.stdout.count("SUCCESS") == len(tests) == (3 if counts_over_window(chosen) else 4)


STANDING_ALONE = counted(f"{GOOD} or vector(0)", f"{TOTAL} or vector(0)")
SHARED_NAME = tuple(replace(tier, alert_name="ShopBurns") for tier in GOOGLE)
KINDS_OF_STRANGERS = {
    "one alert name for every tier": an_slo(tiers=SHARED_NAME),
    "or vector(0)": an_slo(indicator=STANDING_ALONE, tiers=GOOGLE[:2]),
    "a period of 90 days": an_slo(window=Window(90 * DAY)),
    "a period of a day": an_slo(window=Window(DAY), tiers=GOOGLE[:1]),
    "nine nines": an_slo(target=Fraction(999_999_999, 1_000_000_000), tiers=GOOGLE[:2]),
    "one in two": an_slo(target=Fraction(1, 2), tiers=GOOGLE[:3]),
    "braces in its texts": replace(
        an_slo(tiers=GOOGLE[:1]),
        display_name="{{ a shop }} {{",
        labels={"team": "{{ x", "empty": ""},
        texts={"display_name_pt": "{{ loja", "runbook": "https://runbooks.example/{{.window}}"},
    ),
    "few events are not told": replace(an_slo(min_events=500_000, tiers=GOOGLE[:2]), min_bad_events=3),
}


@pytest.mark.parametrize("kind", KINDS_OF_STRANGERS)
def test_generated_tests_pass_for(kind: str, tmp_path: Path) -> None:
    slo = KINDS_OF_STRANGERS[kind]
    write_rules(tmp_path, {rules_file(slo): rule_file(slo, "prod")})
    write_tests(tmp_path, slo_tests(slo, "prod"))
    assert check_rules(tmp_path).returncode == 0
    ran = test_rules(sorted((tmp_path / "tests").iterdir()))
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_slo_is_tested_for_fire_reset_quiet_and_missing_series() -> None:
    tests = rule_tests(SHIPPED, "prod")
    latency = tests["credit-decision-latency.test.yaml"]["tests"]
    assert isinstance(latency, list)
    consistency = tests["credit-data-consistency.test.yaml"]["tests"]
    assert isinstance(consistency, list)
    said = " | ".join(test["name"] for test in (*latency, *consistency))
    for expected in (
        "fires on a burn, then resets",
        "no traffic",
        "missing counts as 0",
        "without its bucket nothing is known",
        "needs both windows",
    ):
        assert expected in said


def test_kubernetes_resources_hold_the_same_groups() -> None:
    for name, document in rule_files(SHIPPED, "prod").items():
        text = resource_text(name, render_yaml(document), "prod")
        resource = yaml.safe_load(text)
        assert resource["spec"] == yaml.safe_load(render_yaml(document))
        assert resource["kind"] == "PrometheusRule"
        assert text == render_yaml(resource | {"spec": document})  # as if it had been rendered whole


def test_sloths_names_carry_the_same_numbers(tmp_path: Path) -> None:
    """As a dashboard made for Sloth asks: by ``sloth_id``, ``sloth_slo`` and ``sloth_window``."""
    slo = SHIPPED.slo("credit/decision-latency")
    document = rule_file(slo, "prod", sloth_names=True)
    write_rules(tmp_path, {rules_file(slo): document})
    groups = document["groups"]
    assert isinstance(groups, list)
    own = 'environment="prod",objective="main",service="credit",slo="credit/decision-latency"'
    mine = '{sloth_id="credit-decision-latency",sloth_service="credit",sloth_slo="decision-latency"}'
    fed = {"slo:good_events:increase5m": "95x9", "slo:total_events:increase5m": "100x9"}
    expected = {
        'slo:sli_error:ratio_rate5m{sloth_id="credit-decision-latency",sloth_window="5m"}': 0.05,
        f"slo:current_burn_rate:ratio{mine}": 1,
        f"slo:objective:ratio{mine}": 0.95,
        f"slo:error_budget:ratio{mine}": 0.05,
        f"slo:time_period:days{mine}": 30,
        'sloth_slo_info{sloth_id="credit-decision-latency",sloth_objective="95"}': 1,
    }
    test = {
        "interval": "1m",
        "input_series": [{"series": f"{name}{{{own}}}", "values": values} for name, values in fed.items()],
        "promql_expr_test": [
            {
                "expr": f"sum(round({query}, 0.000001))",
                "eval_time": "8m",
                "exp_samples": [{"labels": "{}", "value": value}],
            }
            for query, value in expected.items()
        ],
    }
    tests = {
        "rule_files": [f"../{rules_file(slo)}"],
        "evaluation_interval": "1m",
        "group_eval_order": [group["name"] for group in groups],
        "tests": [test],
    }
    write_tests(tmp_path, {"sloth.test.yaml": tests})
    assert check_rules(tmp_path).returncode == 0
    ran = test_rules([tmp_path / "tests" / "sloth.test.yaml"])
    assert ran.returncode == 0, ran.stdout + ran.stderr
