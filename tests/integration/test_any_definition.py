"""Whatever a definition says, its rules are accepted by promtool, and its generated tests pass on them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from slo.prometheus import rule_files, rule_tests
from tests.support.promtool import PROMTOOL, check_rules, test_rules, write_rules, write_tests
from tests.support.random_definitions import definitions

FULL = os.environ.get("MIRANTE_PROOF") == "full"
PACK = 4  # definitions in one run of promtool
SEEDS = range(250) if FULL else (0, 1, 4, 9, 40, 57)  # those that once failed, a kind each, among them


@pytest.mark.proof
@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")
@pytest.mark.parametrize("seed", SEEDS)
def test_every_generated_rule_file_and_test_passes(seed: int, tmp_path: Path) -> None:
    catalogue = definitions(seed, PACK)
    rules, tests = rule_files(catalogue, "prod"), rule_tests(catalogue, "prod")
    write_rules(tmp_path, rules)
    write_tests(tmp_path, tests)
    checked = check_rules(tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.count("SUCCESS") == len(rules) == PACK
    ran = test_rules(sorted((tmp_path / "tests").iterdir()))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count("SUCCESS") == len(tests)
