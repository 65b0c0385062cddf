"""``mirante import``: other tools' files in, our definitions out, and every change named.

Each file is read by itself, so that a broken one keeps no other from being imported; what it names may be
defined in any of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar

from foundation.errors import DefinitionErrors, Effect
from foundation.exit_status import ExitStatus
from foundation.paths import files_below
from foundation.quantities import duration_text
from slo.loaders.imported_file import ImportedFile, ImportResult, find, other_files, read
from slo.loaders.peers import PEERS
from slo.loaders.writer import documents, window_set_of
from slo.model.catalogue import Catalogue
from slo.model.entities import WindowSet
from slo.model.spec import BudgetingMethod, CountUnit, Slo
from slo.prometheus.rules import left_out
from slo.prometheus.yaml_text import render_yaml


class Named(Protocol):
    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=Named)
SUFFIXES = (".yaml", ".yml", ".json")


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
    """``text`` is one YAML file of OpenSLO documents; reading it gives ``catalogue``'s SLOs again.

    ``files`` are all that were looked at, those that were refused among them.
    """

    catalogue: Catalogue
    text: str
    changes: tuple[ImportChange, ...]
    files: tuple[ImportedFile, ...] = ()

    @property
    def left_behind(self) -> tuple[str, ...]:
        """Files that claim to define SLOs, and whose SLOs are not all here."""
        behind = (ImportResult.REFUSED, ImportResult.INCOMPLETE)
        return tuple(file.name for file in self.files if file.result in behind)

    @property
    def exit_status(self) -> ExitStatus:
        """As of the errors of the files that were refused; none of any format is as wrong as a broken one."""
        errors = [error for file in self.files for error in file.errors]
        if errors:
            return DefinitionErrors(errors).exit_status
        found = any(file.formats for file in self.files)
        return ExitStatus.DONE if found and not self.left_behind else ExitStatus.NO


def import_files(paths: Sequence[Path], progress: Callable[[int], None] = lambda done: None) -> Imported:
    """Read files and write them in our form; what is wrong with one is kept with it.

    A folder stands for every YAML and JSON file below it. ``progress`` is told how many are done.

    Raises:
        DefinitionErrors: a folder cannot be listed.
    """
    named = {path for path in paths if not path.is_dir()}
    below = [file for path in paths if path not in named for file in files_below(path, *SUFFIXES)]
    found = [find(path, named=path in named) for path in dict.fromkeys([*sorted(named), *below])]
    around = other_files(found)
    files = []
    for done, file in enumerate(found):
        files.append(read(file, around, named=Path(file.name) in named))
        progress(done + 1)
    return _together(files)


def _together(files: Sequence[ImportedFile]) -> Imported:
    kept: dict[str, Slo] = {}
    changes: list[ImportChange] = []
    for file in files:
        changes += _changes(file)
        for slo in file.catalogue.slos:
            changes += _keep(slo, kept)
    every = [file.catalogue for file in files]
    catalogue = Catalogue(
        slos=tuple(sorted(kept.values(), key=lambda slo: slo.id)),
        services=_by_name(every, lambda one: one.services),
        data_sources=_by_name(every, lambda one: one.data_sources),
        targets=_by_name(every, lambda one: one.targets),
        composites=tuple(composite for one in every for composite in one.composites),
        windows={name: windows for one in every for name, windows in one.windows.items()},
        notices=tuple(notice for one in every for notice in one.notices),
    )
    text = "---\n".join(render_yaml(document) for document in documents(catalogue))
    told = sorted(changes, key=lambda c: (c.file, c.line or 0, c.about, c.text))
    return Imported(catalogue, text, tuple(told), tuple(files))


def _keep(slo: Slo, kept: dict[str, Slo]) -> Iterator[ImportChange]:
    """Under a name of its own, where another file has one of that name that is not the same."""
    first = kept.setdefault(slo.id, slo)
    if first is slo:
        return
    place = f"{first.source_file}:{first.source_line}"
    if replace(slo, source_file=first.source_file, source_line=first.source_line) == first:
        yield _change(slo, Effect.CHANGED, f"is kept once: {place} says the same")
        return
    number = 2
    while f"{slo.id}-{number}" in kept:
        number += 1
    renamed = replace(slo, name=f"{slo.name}-{number}")
    kept[renamed.id] = renamed
    yield _change(slo, Effect.CHANGED, f"is named {renamed.id}, since {place} has that name for another one")


def _by_name(every: Sequence[Catalogue], of: Callable[[Catalogue], Sequence[T]]) -> tuple[T, ...]:
    named = {item.name: item for one in reversed(every) for item in reversed(of(one))}
    return tuple(named[name] for name in sorted(named))


def _changes(file: ImportedFile) -> Iterator[ImportChange]:
    catalogue = file.catalogue
    for notice in catalogue.notices:
        yield ImportChange(notice.effect, notice.file, notice.line, notice.field, notice.reason)
    for composite in catalogue.composites:
        weights = ", ".join(f"{m.slo_id} x {float(m.weight):g}" for m in composite.members)
        first = catalogue.slo(composite.members[0].slo_id)
        text = f"each objective becomes a separate SLO ({weights}); the joint budget is lost"
        yield ImportChange(Effect.LOST, first.source_file, first.source_line, composite.id, text)
    for slo in catalogue.slos:
        yield from _slo_changes(slo, file.formats)
        yield from _scaled_windows(slo, catalogue.windows)


def _slo_changes(slo: Slo, formats: Sequence[str]) -> Iterator[ImportChange]:
    if slo.unit is CountUnit.RATIO_MINUTES and slo.method is BudgetingMethod.OCCURRENCES:
        text = "a precomputed ratio has no counts, so every minute weighs the same, busy or quiet"
        yield _change(slo, Effect.CHANGED, text)
    if reason := left_out(slo):
        yield _change(slo, Effect.LOST, f"{reason}: it has no rules and no budget")
    for peer in PEERS:
        if formats == (peer.name,):
            for effect, text in peer.changes(slo):
                yield _change(slo, effect, text)


def _scaled_windows(slo: Slo, windows: Mapping[str, WindowSet]) -> Iterator[ImportChange]:
    window_set = window_set_of(slo, windows)
    if window_set is not None and window_set.period != slo.window.length:
        own = ", ".join(
            f"{tier.name} {duration_text(tier.long_window)} and {duration_text(tier.short_window)}"
            for tier in slo.tiers
        )
        text = f"the windows of {window_set.name} follow its {duration_text(slo.window.length)}: {own}"
        yield _change(slo, Effect.CHANGED, text)


def _change(slo: Slo, effect: Effect, text: str) -> ImportChange:
    return ImportChange(effect, slo.source_file, slo.source_line, slo.id, text)
