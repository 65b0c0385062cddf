"""``mirante import``: Sloth or OpenSLO in, our definitions out, and every change named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from slo.loaders.catalogue_files import load_files
from slo.loaders.writer import documents
from slo.model.catalogue import Catalogue
from slo.model.spec import BudgetingMethod, CountUnit, Slo
from slo.prometheus.yaml_text import render_yaml


class Effect(StrEnum):
    CHANGED = "changed"  # says it differently, or means something slightly else
    ADDED = "added"  # the source had nothing of the kind
    LOST = "lost"  # cannot be kept
    ASSUMED = "assumed"  # the source left it open


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
    catalogue, sloth = load_files(files)
    text = "---\n".join(render_yaml(document) for document in documents(catalogue))
    changes = sorted(_changes(catalogue, sloth), key=lambda c: (c.file, c.line or 0, c.about, c.text))
    return Imported(catalogue, text, tuple(changes))


def _changes(catalogue: Catalogue, sloth: Set[str]) -> Iterator[ImportChange]:
    for notice in catalogue.notices:
        yield ImportChange(Effect.ASSUMED, notice.file, notice.line, notice.field, notice.reason)
    for composite in catalogue.composites:
        weights = ", ".join(f"{m.slo_id} x {float(m.weight):g}" for m in composite.members)
        first = catalogue.slo(composite.members[0].slo_id)
        text = f"each objective becomes a separate SLO ({weights}); the joint budget is lost"
        yield ImportChange(Effect.LOST, first.source_file, first.source_line, composite.id, text)
    for slo in catalogue.slos:
        yield from _slo_changes(slo, slo.source_file in sloth)


def _slo_changes(slo: Slo, sloth: bool) -> Iterator[ImportChange]:
    def change(effect: Effect, text: str) -> ImportChange:
        return ImportChange(effect, slo.source_file, slo.source_line, slo.id, text)

    if slo.unit is CountUnit.RATIO_MINUTES and slo.method is BudgetingMethod.OCCURRENCES:
        text = "a precomputed ratio has no counts, so every minute weighs the same, busy or quiet"
        yield change(Effect.CHANGED, text)
    if not sloth:
        return
    if slo.no_data_severity:
        yield change(Effect.ADDED, f"an alert ({slo.no_data_severity}) for when its metrics stop")
    if slo.tiers:
        kept = ", ".join(tier.name for tier in slo.tiers)
        yield change(Effect.CHANGED, f"one alert per window ({kept}) instead of two joined by `or`")
    yield change(Effect.CHANGED, "the period is summed from counts, not averaged from five-minute ratios")
    text = (
        "the labels sloth_id, sloth_service, sloth_slo and sloth_window (kept with Sloth's names switched on)"
    )
    yield change(Effect.LOST, text)
