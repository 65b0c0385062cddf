"""Files of our own with every construct met in public ones: what Pyrra reads loads, the rest is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from slo import prometheus
from slo.loaders.catalogue_files import load_catalogue
from slo.loaders.importer import import_files
from tests.support.promtool import PROMTOOL, check_rules, write_rules, write_tests
from tests.support.promtool import test_rules as run_tests

CORPUS = Path(__file__).parents[3] / "corpus" / "pyrra"
VALID = sorted((CORPUS / "valid").glob("*.yaml"))
BROKEN = sorted((CORPUS / "broken").glob("*.yaml"))
EXPECTED = re.compile(r"# refused in line ([0-9]+): (.+)")


def name_of(path: Path) -> str:
    return path.stem


def test_the_corpus_is_whole() -> None:
    assert len(VALID) >= 50
    assert len(BROKEN) >= 30


@pytest.mark.parametrize("path", VALID, ids=name_of)
def test_a_file_that_pyrra_reads_loads_and_is_read_again_as_the_same(path: Path, tmp_path: Path) -> None:
    found = import_files([path])
    assert found.catalogue.slos
    (tmp_path / "imported.yaml").write_text(found.text, encoding="utf-8")
    again = load_catalogue(tmp_path)
    for slo in found.catalogue.slos:
        other = again.slo(slo.id)
        assert other.revision == slo.revision
        assert (other.tiers, other.window, other.group_by) == (slo.tiers, slo.window, slo.group_by)
        assert (other.labels, other.objectives) == (slo.labels, slo.objectives)
        silence = other.no_data_severity, other.no_data_after
        assert silence == (slo.no_data_severity, slo.no_data_after)


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")
def test_its_rules_are_accepted_by_prometheus(tmp_path: Path) -> None:
    for path in VALID:
        catalogue = import_files([path]).catalogue
        files = prometheus.rule_files(catalogue, "prod")
        assert len(files) == len(catalogue.slos), path.name
        write_rules(tmp_path, {f"{path.stem}-{name}": document for name, document in files.items()})
    checked = check_rules(tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")
def test_a_group_that_a_matcher_bounds_gets_tests_that_pass(tmp_path: Path) -> None:
    catalogue = import_files([CORPUS / "valid" / "ratio-grouped-by-a-matched-label.yaml"]).catalogue
    write_rules(tmp_path, prometheus.rule_files(catalogue, "prod"))
    tests = prometheus.rule_tests(catalogue, "prod")
    write_tests(tmp_path, tests)
    ran = run_tests([tmp_path / "tests" / name for name in tests])
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("path", BROKEN, ids=name_of)
def test_a_broken_file_is_refused_with_its_line_and_what_to_write(path: Path) -> None:
    expected = EXPECTED.fullmatch(path.read_text(encoding="utf-8").splitlines()[0])
    assert expected is not None
    (error,) = import_files([path]).files[0].errors
    assert error.line == int(expected[1])
    assert expected[2] in str(error)
    assert error.fix.strip()
