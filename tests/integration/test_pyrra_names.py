"""Dashboards made for Pyrra read our series: their own queries, asked of the real rule engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from slo.loaders.importer import import_files
from slo.prometheus.names import identity_labels, selector
from slo.prometheus.rules import rule_file, rules_file
from tests.support.promtool import PROMTOOL, check_rules, test_rules, write_rules, write_tests

CORPUS = Path(__file__).parents[1] / "corpus" / "pyrra" / "valid"

pytestmark = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")


@pytest.mark.parametrize("name", ["ratio", "latency", "gauge"])
def test_pyrras_boards_find_objective_window_availability_budget_requests_and_errors(
    name: str, tmp_path: Path
) -> None:
    """The queries of ``examples/grafana`` of Pyrra, over counts of which 5 in 10,000 are bad."""
    (slo,) = import_files([CORPUS / f"{name}.yaml"]).catalogue.slos
    document = rule_file(slo, "prod", pyrra_names=True)
    write_rules(tmp_path, {rules_file(slo): document})
    own = selector(identity_labels(slo, slo.objectives[0], "prod"))
    fed = {
        "slo:good_events:increase5m": "9995x9", "slo:total_events:increase5m": "10000x9",
        "slo:good_events:increase28d": "9995x9", "slo:total_events:increase28d": "10000x9",
    }  # fmt: skip
    mine = f'{{slo="{slo.name}"}}'
    budget = f"(pyrra_availability{mine} - pyrra_objective{mine}) / (1 - pyrra_objective{mine})"
    expected = {
        f"pyrra_objective{mine}": 0.999,
        f"pyrra_window{mine}": 28 * 86_400,
        f"pyrra_availability{mine}": 0.9995,
        budget: 0.5,
    }
    if name != "gauge":  # its five minutes are recorded from slices, which are not fed here
        expected[f"sum(pyrra_requests:rate5m{mine})"] = 33.333333
        expected[f"sum(pyrra_errors:rate5m{mine})"] = 0.016667
    groups = document["groups"]
    assert isinstance(groups, list)
    tests = {
        "rule_files": [f"../{rules_file(slo)}"],
        "evaluation_interval": "1m",
        "group_eval_order": [group["name"] for group in groups],
        "tests": [
            {
                "interval": "1m",
                "input_series": [
                    {"series": f"{series}{own}", "values": values} for series, values in fed.items()
                ],
                "promql_expr_test": [
                    {
                        "expr": f"sum(round({query}, 0.000001))",
                        "eval_time": "8m",
                        "exp_samples": [{"labels": "{}", "value": value}],
                    }
                    for query, value in expected.items()
                ],
            }
        ],
    }
    write_tests(tmp_path, {"pyrra.test.yaml": tests})
    assert check_rules(tmp_path).returncode == 0
    ran = test_rules([tmp_path / "tests" / "pyrra.test.yaml"])
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_an_objective_that_is_grouped_has_one_availability_over_its_groups(tmp_path: Path) -> None:
    """Where Pyrra records none: 99 of 100 in one lane and 1 of 900 bad in another are 998 of 1,000."""
    (slo,) = import_files([CORPUS / "latency-grouped.yaml"]).catalogue.slos
    document = rule_file(slo, "prod", pyrra_names=True)
    (group,) = [g for g in document["groups"] if g["name"].endswith("pyrra-names")]  # type: ignore[attr-defined]
    write_rules(tmp_path, {"pyrra.rules.yaml": {"groups": [group]}})
    labels = identity_labels(slo, slo.objectives[0], "prod")
    fed = {
        ("good", "a"): "99x9", ("total", "a"): "100x9", ("good", "b"): "899x9", ("total", "b"): "900x9",
    }  # fmt: skip
    test = {
        "interval": "1m",
        "input_series": [
            {"series": f"slo:{what}_events:increase28d{selector({**labels, 'lane': lane})}", "values": values}
            for (what, lane), values in fed.items()
        ],
        "promql_expr_test": [
            {
                "expr": f'round(sum(pyrra_availability{{slo="{slo.name}"}}), 0.000001)',
                "eval_time": "8m",
                "exp_samples": [{"labels": "{}", "value": 0.998}],
            }
        ],
    }
    tests = {"rule_files": ["../pyrra.rules.yaml"], "evaluation_interval": "1m", "tests": [test]}
    write_tests(tmp_path, {"pyrra.test.yaml": tests})
    ran = test_rules([tmp_path / "tests" / "pyrra.test.yaml"])
    assert ran.returncode == 0, ran.stdout + ran.stderr
