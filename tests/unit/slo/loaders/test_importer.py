"""Importing keeps every promise: what is written reads back as the same SLOs, and changes are named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from foundation.errors import Effect
from foundation.exit_status import ExitStatus
from foundation.workspace import SHIPPED
from slo.loaders.catalogue_files import load_catalogue
from slo.loaders.imported_file import ImportResult
from slo.loaders.importer import import_files
from slo.model.spec import Slo
from tests.support.definition_files import SLO, SLOTH

SHAPES = Path(__file__).parents[3] / "support" / "definitions" / "shapes"
FILES = {
    "shipped": SHIPPED.definitions / "credit.yaml",
    "every OpenSLO shape": SHAPES / "shapes.yaml",
    "sloth": SHAPES / "sloth.yaml",
}


def promise(slo: Slo) -> Slo:
    """The SLO without where it was read and without the spelling of our own annotations."""
    return replace(slo, source_file="", source_line=None, annotations={})


@pytest.mark.parametrize("name", FILES)
def test_what_is_written_reads_back_as_the_same_slos(name: str, tmp_path: Path) -> None:
    imported = import_files([FILES[name]])
    (tmp_path / "imported.yaml").write_text(imported.text, encoding="utf-8")
    again = load_catalogue(tmp_path)
    assert [promise(slo) for slo in again.slos] == [promise(slo) for slo in imported.catalogue.slos]
    assert again.services == imported.catalogue.services
    assert again.targets == imported.catalogue.targets
    assert not again.notices


@pytest.mark.parametrize("name", FILES)
def test_importing_twice_changes_nothing_more(name: str, tmp_path: Path) -> None:
    first = import_files([FILES[name]])
    path = tmp_path / "imported.yaml"
    path.write_text(first.text, encoding="utf-8")
    assert import_files([path]).text == first.text


def test_what_sloth_does_otherwise_is_named(tmp_path: Path) -> None:
    path = tmp_path / "web.yaml"
    path.write_text(SLOTH, encoding="utf-8")
    changes = import_files([path]).changes
    assert [change.effect for change in changes].count(Effect.LOST) == 1
    told = "\n".join(str(change) for change in changes)
    assert f"{path}:4: changed: web/uptime: one alert per window" in told
    assert "added: web/uptime: an alert (P3) for when its metrics stop" in told
    assert "lost: web/uptime: the labels sloth_id" in told


def test_a_ready_made_ratio_is_named() -> None:
    told = [str(change) for change in import_files([SHAPES / "sloth.yaml"]).changes]
    assert any("ledger/freshness: a precomputed ratio has no counts" in text for text in told)


def test_a_plain_openslo_file_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "web.yaml"
    path.write_text(SLO, encoding="utf-8")
    assert import_files([path]).changes == ()


def test_what_was_left_open_is_named_as_assumed(tmp_path: Path) -> None:
    path = tmp_path / "web.yaml"
    path.write_text(SLO.replace("  budgetingMethod: Occurrences\n", ""), encoding="utf-8")
    (change,) = import_files([path]).changes
    assert (change.effect, change.about) == (Effect.ASSUMED, "spec.budgetingMethod")


def test_a_broken_file_imports_nothing(tmp_path: Path) -> None:
    path = tmp_path / "web.yaml"
    path.write_text(SLO.replace("target: 0.99", "target: 99"), encoding="utf-8")
    found = import_files([path])
    (file,) = found.files
    assert (file.result, found.text, found.exit_status) == (ImportResult.REFUSED, "", ExitStatus.NO)
    assert [str(error) for error in file.errors] == [
        f"{path}:30: spec.objectives[0].target: is not between 0 and 1. Use `targetPercent` for percents and "
        "`target` for ratios."
    ]


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def test_one_bad_file_keeps_no_other_from_being_imported(tmp_path: Path) -> None:
    write(tmp_path / "deep" / "er", sloth=SLOTH, other="kind: ConfigMap\ndata: {}\n", helm="{{ if }}\na: [\n")
    write(tmp_path, bad=SLOTH.replace("objective: 99.9", "objective: many"), slo=SLO)
    found = import_files([tmp_path])
    results = {Path(file.name).stem: (file.result, file.formats) for file in found.files}
    assert results == {
        "bad": (ImportResult.REFUSED, ("Sloth",)),
        "helm": (ImportResult.NO_SLO_FILE, ()),
        "other": (ImportResult.NO_SLO_FILE, ()),
        "slo": (ImportResult.IMPORTED, ("OpenSLO",)),
        "sloth": (ImportResult.IMPORTED, ("Sloth",)),
    }
    assert [slo.id for slo in found.catalogue.slos] == ["web/uptime", "web/uptime-2"]
    assert found.left_behind == (str(tmp_path / "bad.yaml"),)
    assert found.exit_status == ExitStatus.NO


def test_a_file_of_no_format_is_refused_only_where_a_person_named_it(tmp_path: Path) -> None:
    write(tmp_path, other="kind: ConfigMap\n", slo=SLO)
    assert import_files([tmp_path]).exit_status == ExitStatus.DONE
    assert import_files([tmp_path / "other.yaml", tmp_path / "slo.yaml"]).exit_status == ExitStatus.NO


def test_two_files_with_one_name_for_different_slos_both_come_along(tmp_path: Path) -> None:
    write(tmp_path, a=SLOTH, b=SLOTH.replace("99.9", "99.5"), c=SLOTH)
    found = import_files([tmp_path])
    assert {slo.id: float(slo.objectives[0].target) for slo in found.catalogue.slos} == {
        "web/uptime": 0.999,
        "web/uptime-2": 0.995,
    }
    told = "\n".join(str(change) for change in found.changes)
    assert f"changed: web/uptime: is named web/uptime-2, since {tmp_path}/a.yaml:4 has that name" in told
    assert f"changed: web/uptime: is kept once: {tmp_path}/a.yaml:4 says the same" in told


POLICY = """\
apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: fast}
spec:
  alertWhenBreaching: true
  conditions:
    - kind: AlertCondition
      metadata: {name: fast}
      spec: {severity: page, condition: {kind: burnrate, op: gt, threshold: 10, lookbackWindow: 1h}}
"""


def test_what_a_file_names_may_be_defined_in_another(tmp_path: Path) -> None:
    asking = SLO + "  alertPolicies:\n    - alertPolicyRef: fast\n"
    write(tmp_path, slo=asking, policy=POLICY)
    found = import_files([tmp_path])
    assert [tier.name for tier in found.catalogue.slos[0].tiers] == ["fast"]
    assert not found.left_behind
    (alone,) = import_files([tmp_path / "slo.yaml"]).changes
    assert (alone.effect, alone.text) == (Effect.LOST, "there is no AlertPolicy 'fast' in these files")


def test_an_slo_without_its_indicator_is_told_to_be_left_behind(tmp_path: Path) -> None:
    start, end = SLO.index("  indicator:"), SLO.index("  objectives:")
    write(tmp_path, slo=SLO[:start] + "  indicatorRef: elsewhere\n" + SLO[end:])
    found = import_files([tmp_path])
    assert (found.files[0].result, found.exit_status) == (ImportResult.INCOMPLETE, ExitStatus.NO)


def test_a_bound_that_a_named_threshold_lacks_is_told_and_the_rest_of_the_file_is_imported(
    tmp_path: Path,
) -> None:
    start, end = SLO.index("  indicator:"), SLO.index("  objectives:")
    metric = "{metricSource: {type: Prometheus, spec: {query: max(x)}}}"
    sli = (
        f"apiVersion: openslo/v1\nkind: SLI\nmetadata: {{name: load}}\nspec: {{thresholdMetric: {metric}}}\n"
    )
    unbounded = SLO[:start].replace("name: uptime", "name: load") + "  indicatorRef: load\n" + SLO[end:]
    write(tmp_path, slo=f"{SLO}---\n{sli}---\n{unbounded}")
    found = import_files([tmp_path])
    assert [slo.id for slo in found.catalogue.slos] == ["web/uptime"]
    assert (found.files[0].result, found.exit_status) == (ImportResult.INCOMPLETE, ExitStatus.NO)
    assert any("value" in change.about and "is not imported" in change.text for change in found.changes)


def test_a_source_that_nobody_here_counts_is_loaded_and_named(tmp_path: Path) -> None:
    write(tmp_path, slo=SLO.replace("type: Prometheus", "type: Datadog"))
    found = import_files([tmp_path])
    assert [slo.id for slo in found.catalogue.slos] == ["web/uptime"]
    (change,) = found.changes
    assert change.effect is Effect.LOST
    assert "good comes from Datadog, total comes from Datadog, which Mirante cannot count" in change.text
