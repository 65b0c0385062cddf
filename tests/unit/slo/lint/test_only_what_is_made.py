from __future__ import annotations

from dataclasses import replace

from slo import lint
from slo.lint import LintSurroundings
from slo.loaders.catalogue_files import load_catalogue
from slo.model.catalogue import Catalogue


def rules_told(cloudwatch: bool) -> set[str]:
    slo = load_catalogue().slo("credit/decision-latency")
    long = replace(slo, tiers=(replace(slo.tiers[0], name="t" * 250),))
    found = lint.check(Catalogue((long,)), LintSurroundings(cloudwatch=cloudwatch))
    return {finding.rule for finding in found}


def test_the_limits_of_cloudwatch_hold_only_where_something_is_made_for_it() -> None:
    assert "cloudwatch-limit" in rules_told(cloudwatch=True)
    assert "cloudwatch-limit" not in rules_told(cloudwatch=False)
