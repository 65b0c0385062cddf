"""Runs generated tests against mutated rules, the test that killed most recently first."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from slo.model.spec import Slo
from slo.prometheus.promtool import slo_tests
from slo.prometheus.rules import rule_file, rules_file
from slo.prometheus.yaml_text import render_yaml
from tests.support.promtool import test_rules
from tests.support.rule_mutants import Mutant, mutants


def single_tests(slo: Slo, environment: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Each test of each file on its own, so that the first failure ends the run."""
    for name, document in slo_tests(slo, environment).items():
        tests = document["tests"]
        assert isinstance(tests, list)
        for index, test in enumerate(tests):
            yield name.replace(".test.yaml", f"-{index}.test.yaml"), {**document, "tests": [test]}


def trials(
    slo: Slo, environment: str = "prod", every: int = 1, offset: int = 0
) -> Iterator[tuple[Mutant, bool]]:
    """Each chosen mutant, and whether some generated test noticed it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "tests").mkdir()
        order: list[Path] = []
        for file, document in single_tests(slo, environment):
            path = folder / "tests" / file
            path.write_text(render_yaml(document), encoding="utf-8")
            order.append(path)
        for number, mutant in enumerate(mutants(rule_file(slo, environment))):
            if number % every != offset:
                continue
            (folder / rules_file(slo)).write_text(render_yaml(mutant.document), encoding="utf-8")
            killer = next((path for path in order if test_rules([path]).returncode), None)
            if killer is not None:
                order.remove(killer)
                order.insert(0, killer)
            yield mutant, killer is not None


def survivors(
    slo: Slo, environment: str = "prod", every: int = 1, offset: int = 0
) -> tuple[list[Mutant], int]:
    """Mutants that no generated test notices, and how many were tried."""
    tried = list(trials(slo, environment, every, offset))
    return [mutant for mutant, noticed in tried if not noticed], len(tried)
