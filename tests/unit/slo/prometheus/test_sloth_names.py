"""Under Sloth's names everything of an SLO carries Sloth's identity, and nothing is recorded twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from slo import prometheus
from slo.model.catalogue import Catalogue
from slo.prometheus.rules import rule_file
from tests.support import promtool
from tests.support.definition_files import SLOTH, load_texts

IDENTITY = {"sloth_id": "web-uptime", "sloth_service": "web", "sloth_slo": "uptime"}


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return load_texts(tmp_path, web=SLOTH)


def rules_of(catalogue: Catalogue) -> list[dict[str, object]]:
    groups = rule_file(catalogue.slo("web/uptime"), "prod", sloth_names=True)["groups"]
    assert isinstance(groups, list)
    return [rule for group in groups for rule in group["rules"]]


def test_every_alert_carries_what_sloths_alerts_carry(catalogue: Catalogue) -> None:
    alerts = [rule for rule in rules_of(catalogue) if "alert" in rule]
    labels = [rule["labels"] for rule in alerts]
    assert all(isinstance(own, dict) and own.items() >= IDENTITY.items() for own in labels)
    burns = [own for own in labels if isinstance(own, dict) and "tier" in own]
    severities = Counter(own["sloth_severity"] for own in burns)
    assert severities == {"page": 2, "ticket": 2}


def test_objective_and_budget_are_recorded_once_under_the_names_that_both_have(catalogue: Catalogue) -> None:
    records = Counter(str(rule["record"]) for rule in rules_of(catalogue) if "record" in rule)
    assert (records["slo:objective:ratio"], records["slo:error_budget:ratio"]) == (1, 1)
    shared = [rule for rule in rules_of(catalogue) if rule.get("record") == "slo:objective:ratio"]
    labels = shared[0]["labels"]
    assert isinstance(labels, dict)
    assert labels.items() >= IDENTITY.items()
    own = rule_file(catalogue.slo("web/uptime"), "prod")["groups"]
    assert isinstance(own, list)
    plain = Counter(rule.get("record") for group in own for rule in group["rules"])
    assert all(plain[name] == times for name, times in records.items() if times > 1)


def test_a_team_may_set_the_severity_itself(catalogue: Catalogue) -> None:
    slo = catalogue.slo("web/uptime")
    own = replace(slo, tiers=tuple(replace(tier, labels={"sloth_severity": "mine"}) for tier in slo.tiers))
    found = rules_of(replace(catalogue, slos=(own,)))
    burns = [
        rule["labels"] for rule in found if isinstance(rule["labels"], dict) and "tier" in rule["labels"]
    ]
    assert {labels["sloth_severity"] for labels in burns if isinstance(labels, dict)} == {"mine"}


@pytest.mark.skipif(promtool.PROMTOOL is None, reason="promtool is not installed")
def test_the_generated_tests_pass_with_them(catalogue: Catalogue, tmp_path: Path) -> None:
    slo = catalogue.slo("web/uptime")
    apart = replace(slo, tiers=tuple(replace(tier, alert_name="") for tier in slo.tiers))
    catalogue = replace(catalogue, slos=(apart,))
    rules = prometheus.rule_files(catalogue, "prod", sloth_names=True)
    tests = prometheus.rule_tests(catalogue, "prod", sloth_names=True)
    out = tmp_path / "out"
    promtool.write_rules(out, rules)
    promtool.write_tests(out, tests)
    ran = promtool.test_rules(sorted((out / "tests").glob("*.yaml")))
    assert ran.returncode == 0, ran.stdout + ran.stderr
