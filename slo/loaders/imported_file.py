"""One file of a team that moves, read by itself: whose it is, what it defines, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from foundation.errors import DefinitionError, DefinitionErrors, Effect, Notice, Problems
from foundation.files import read_bytes
from foundation.located import Section
from slo.indicators import KINDS
from slo.loaders.catalogue_files import kind_of, read_documents, sections_of, window_sets
from slo.loaders.openslo import OpenSlo
from slo.loaders.peers import PEERS, peer_of
from slo.model.catalogue import Catalogue
from slo.model.entities import WindowSet

OPENSLO = "OpenSLO"
WINDOWS = "windows"
OURS = {"openslo": OPENSLO, "windows": WINDOWS, "sloth-windows": WINDOWS}
TRACES = ("openslo/", "openslo.com/")


class ImportResult(StrEnum):
    IMPORTED = "imported"
    INCOMPLETE = "incomplete"  # imported, but for SLOs that name what no file defines
    REFUSED = "refused"
    NO_SLO_FILE = "not an SLO file"


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file as it was found. ``formats`` are those that its documents claim, or that its text does."""

    name: str
    content: bytes
    sections: tuple[Section, ...]
    problems: Problems
    formats: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """``catalogue`` is empty where the file is refused; ``errors`` is then why."""

    name: str
    formats: tuple[str, ...]
    result: ImportResult
    catalogue: Catalogue
    errors: tuple[DefinitionError, ...] = ()


@dataclass(frozen=True, slots=True)
class OtherFiles:
    """What the other files define, for a file that names it."""

    openslo: OpenSlo
    windows: Mapping[str, WindowSet]


def find(path: Path, *, named: bool) -> FoundFile:
    """``named``: by a person, so that it has to be an SLO file. Never raises."""
    problems = Problems(is_part=True)
    name = str(path)
    content = problems.attempt(lambda: read_bytes(path, name))
    sections = [] if content is None else list(sections_of(content, name, problems))
    claimed = [(section, _format(section)) for section in sections]
    ours = tuple(section for section, format_ in claimed if format_)
    formats = tuple(dict.fromkeys(format_ for _, format_ in claimed if format_))
    if not formats and content is not None and problems.errors:
        formats = _traces(content.decode("utf-8", errors="replace"))
    if not formats and named and not problems.errors:
        known = ", ".join([f"{OPENSLO} (apiVersion: openslo/v1)", *(f"{p.name} ({p.marker})" for p in PEERS)])
        problems.refuse(name, None, "", "is not an SLO file", f"Known: {known}.")
    if 0 < len(ours) < len(sections):
        others = next(section for section, format_ in claimed if not format_)
        others.notice("", "does not define an SLO, and is left out", effect=Effect.LOST)
    return FoundFile(name, content or b"", ours, problems, formats)


def _format(section: Section) -> str:
    kind = kind_of(section)
    if kind == "components" or (kind == "windows" and not section.has("period")):
        return ""
    peer = None if kind else peer_of(section)
    return OURS[kind] if kind else peer.name if peer else ""


def _traces(text: str) -> tuple[str, ...]:
    """The formats of a file that cannot be read as one, by the words in it."""
    found = [OPENSLO] if any(trace in text for trace in TRACES) else []
    return (*found, *(peer.name for peer in PEERS if any(trace in text for trace in peer.traces)))


def other_files(files: Sequence[FoundFile]) -> OtherFiles:
    """Of all files together, but for SLOs; of two of one name, the first. What is wrong in it, its own file
    says."""
    unheard = Problems(is_part=True)
    sound = [file for file in files if file.formats and not file.problems.errors]
    sections = [section for file in sound for section in sections_of(file.content, file.name, unheard)]
    by_kind = [(section, kind_of(section)) for section in sections]
    named = [one for one, kind in by_kind if kind == "openslo" and one.text("kind") != "SLO"]
    windows = window_sets([one for one, kind in by_kind if kind in ("windows", "sloth-windows")])
    return OtherFiles(OpenSlo(named, windows, KINDS), windows)


def read(file: FoundFile, around: OtherFiles, *, named: bool) -> ImportedFile:
    empty = Catalogue(())
    if not file.formats and not (named and file.problems.errors):
        return ImportedFile(file.name, (), ImportResult.NO_SLO_FILE, empty)
    try:
        catalogue = read_documents(file.sections, file.problems, beside=around.openslo, own=around.windows)
    except DefinitionErrors as refused:
        return ImportedFile(file.name, file.formats, ImportResult.REFUSED, empty, refused.errors)
    missing = tuple(_without_indicator(catalogue.notices))
    result = ImportResult.INCOMPLETE if missing else ImportResult.IMPORTED
    return ImportedFile(file.name, file.formats, result, catalogue)


def _without_indicator(notices: Sequence[Notice]) -> Iterator[Notice]:
    for notice in notices:
        if notice.effect is Effect.LOST and notice.field.endswith(
            ("indicatorRef", "sliRef", ".op", ".value")
        ):
            yield notice
