"""Importing keeps every promise: what is written reads back as the same SLOs, and changes are named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from foundation.errors import DefinitionErrors, Effect
from foundation.workspace import SHIPPED
from slo.loaders.catalogue_files import load_catalogue
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
    with pytest.raises(DefinitionErrors, match="is not between 0 and 1"):
        import_files([path])
