"""Files of our own with every construct met in Sloth's and OpenSLO's public ones: what those tools accept
loads, the rest is refused with its line and what to write.

Beside each broken file, on its first line: where and by which words it is refused.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from slo import prometheus
from slo.loaders.catalogue_files import load_catalogue
from slo.loaders.imported_file import ImportResult
from slo.loaders.importer import import_files
from slo.prometheus.rules import left_out
from tests.support.promtool import PROMTOOL, check_rules, write_rules

CORPUS = Path(__file__).parents[3] / "corpus"
VALID = sorted(path for tool in ("sloth", "openslo") for path in (CORPUS / tool / "valid").iterdir())
BROKEN = sorted(path for tool in ("sloth", "openslo") for path in (CORPUS / tool / "broken").iterdir())
EXPECTED = re.compile(r"# refused in line ([0-9]+): (.+)")
ELSEWHERE = {"datadog", "splunk", "source-elsewhere", "draft-1-datadog"}  # not counted by us
OTHER = {"cloudwatch", *ELSEWHERE}


def name_of(path: Path) -> str:
    return f"{path.parts[-3]}-{path.stem}"


@pytest.mark.parametrize("tool", ["sloth", "openslo"])
def test_the_corpus_is_whole(tool: str) -> None:
    assert len(list((CORPUS / tool / "valid").iterdir())) >= 40
    assert len(list((CORPUS / tool / "broken").iterdir())) >= 40


@pytest.mark.parametrize("path", VALID, ids=name_of)
def test_a_file_that_its_tool_accepts_is_imported_and_is_read_again_as_the_same(
    path: Path, tmp_path: Path
) -> None:
    found = import_files([path])
    assert [(file.result, file.errors) for file in found.files] == [(ImportResult.IMPORTED, ())]
    (tmp_path / "imported.yaml").write_text(found.text or "[]", encoding="utf-8")
    if not found.catalogue.slos:
        return
    again = load_catalogue(tmp_path)
    for slo in found.catalogue.slos:
        other = again.slo(slo.id)
        assert other.revision == slo.revision
        assert (other.tiers, other.window, other.labels) == (slo.tiers, slo.window, slo.labels)
        assert other.objectives == slo.objectives
        assert (left_out(slo) is not None) == (path.stem in ELSEWHERE)


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")
def test_their_rules_are_accepted_by_prometheus(tmp_path: Path) -> None:
    for path in VALID:
        catalogue = import_files([path]).catalogue
        files = prometheus.rule_files(catalogue, "prod", sloth_names="sloth" in path.parts)
        assert len(files) == (0 if path.stem in OTHER else len(catalogue.slos)), path
        write_rules(tmp_path, {f"{name_of(path)}-{name}": document for name, document in files.items()})
    checked = check_rules(tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("path", BROKEN, ids=name_of)
def test_a_broken_file_is_refused_with_its_line_and_what_to_write(path: Path) -> None:
    expected = EXPECTED.fullmatch(path.read_text(encoding="utf-8").splitlines()[0])
    assert expected is not None
    (file,) = import_files([path]).files
    assert file.result is ImportResult.REFUSED
    wrong = next(error for error in file.errors if expected[2] in str(error))
    assert wrong.line == int(expected[1])
    assert wrong.fix.strip()
    assert len(file.errors) <= 3
