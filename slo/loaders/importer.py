"""``mirante import``: Sloth or OpenSLO in, our definitions out, and every change named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from foundation.errors import Effect
from slo.loaders.catalogue_files import load_files
from slo.loaders.peers import Peer
from slo.loaders.writer import documents
from slo.model.catalogue import Catalogue
from slo.model.spec import BudgetingMethod, CountUnit, Slo
from slo.prometheus.yaml_text import render_yaml


@dataclass(frozen=True, slots=True)
class ImportChange:
    """``file`` and ``line`` are where the source says it."""

    effect: Effect
    file: str
    line: int | None
    about: str
    text: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.effect.value}: {self.about}: {self.text}"


@dataclass(frozen=True, slots=True)
class Imported:
    """``text`` is one YAML file of OpenSLO documents; reading it gives ``catalogue``'s SLOs again."""

    catalogue: Catalogue
    text: str
    changes: tuple[ImportChange, ...]


def import_files(files: Sequence[Path]) -> Imported:
    """Read ``files`` together and write them in our form.

    Raises:
        DefinitionErrors: they say something that cannot be read; nothing is imported then.
    """
    catalogue, foreign = load_files(files)
    text = "---\n".join(render_yaml(document) for document in documents(catalogue))
    changes = sorted(_changes(catalogue, foreign), key=lambda c: (c.file, c.line or 0, c.about, c.text))
    return Imported(catalogue, text, tuple(changes))


def _changes(catalogue: Catalogue, foreign: Mapping[str, Peer]) -> Iterator[ImportChange]:
    for notice in catalogue.notices:
        yield ImportChange(notice.effect, notice.file, notice.line, notice.field, notice.reason)
    for composite in catalogue.composites:
        weights = ", ".join(f"{m.slo_id} x {float(m.weight):g}" for m in composite.members)
        first = catalogue.slo(composite.members[0].slo_id)
        text = f"each objective becomes a separate SLO ({weights}); the joint budget is lost"
        yield ImportChange(Effect.LOST, first.source_file, first.source_line, composite.id, text)
    for slo in catalogue.slos:
        yield from _slo_changes(slo, foreign.get(slo.source_file))


def _slo_changes(slo: Slo, peer: Peer | None) -> Iterator[ImportChange]:
    def change(effect: Effect, text: str) -> ImportChange:
        return ImportChange(effect, slo.source_file, slo.source_line, slo.id, text)

    if slo.unit is CountUnit.RATIO_MINUTES and slo.method is BudgetingMethod.OCCURRENCES:
        text = "a precomputed ratio has no counts, so every minute weighs the same, busy or quiet"
        yield change(Effect.CHANGED, text)
    for effect, text in peer.changes(slo) if peer else ():
        yield change(effect, text)
