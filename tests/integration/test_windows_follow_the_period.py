"""The real promtool passes every generated test, whatever period the shipped windows are asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from slo.loaders.catalogue_files import load_catalogue
from slo.model.spec import Window
from slo.prometheus.promtool import slo_tests
from slo.prometheus.rules import rule_file, rules_file
from tests.support.promtool import PROMTOOL, check_rules, test_rules, write_rules, write_tests

SHIPPED = load_catalogue()

pytestmark = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")


@pytest.mark.parametrize("days", [1, 7, 14, 28, 30, 90])
def test_windows_of_30_days_serve_any_period(days: int, tmp_path: Path) -> None:
    period = timedelta(days=days)
    tiers = SHIPPED.windows["google-30d"].tiers_for(period)
    slo = replace(SHIPPED.slo("credit/decision-latency"), window=Window(period), tiers=tiers)
    write_rules(tmp_path, {rules_file(slo): rule_file(slo, "prod")})
    tests = slo_tests(slo, "prod")
    write_tests(tmp_path, tests)
    assert check_rules(tmp_path).returncode == 0
    ran = test_rules([tmp_path / "tests" / name for name in tests])
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count("SUCCESS") == len(tests)
