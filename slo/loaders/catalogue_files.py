"""The catalogue read from files, every kind told apart by what it says it is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from foundation.errors import Problems
from foundation.files import documents, read_bytes
from foundation.located import Section
from slo.loaders.components import read_components
from slo.loaders.definitions import Definitions
from slo.loaders.openslo import OpenSlo
from slo.loaders.sloth import is_sloth, read_sloth
from slo.loaders.windows import read_sloth_windows, read_window_set
from slo.model.catalogue import Catalogue
from slo.model.entities import WindowSet

DEFINITIONS = Path(__file__).parents[1] / "definitions"
WINDOWS = Path(__file__).parents[1] / "windows"
SUFFIXES = (".yaml", ".yml")
_READ_AS = "OpenSLO (apiVersion: openslo/v1), Sloth (version: prometheus/v1), window sets and components"


def load_catalogue(directory: Path | None = None) -> Catalogue:
    """Read every definition below ``directory`` (``None``: the definitions shipped with Mirante).

    Window sets shipped with Mirante are always known; ``*.yaml`` in ``windows/`` below the directory adds
    to them or replaces one by name. ``components.yaml`` holds the component catalogue.

    Raises:
        DefinitionErrors: the directory is missing or empty; everything wrong in every file, in file order.
    """
    folder = directory or DEFINITIONS
    problems = Problems()
    if not folder.is_dir():
        problems.refuse(str(folder), None, "", "is not a directory", "Name one with YAML files.")
        problems.raise_if_any()
    files = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file())
    if not files:
        problem = "holds no .yaml or .yml file"
        problems.refuse(str(folder), None, "", problem, "Put your definitions there.")
    return as_catalogue(_read(files, folder, problems))


def read_files(files: Sequence[Path]) -> Definitions:
    """The same for files named one by one; they may refer to each other.

    Raises:
        DefinitionErrors: anything in them is wrong.
    """
    return _read(files, None, Problems())


def as_catalogue(found: Definitions) -> Catalogue:
    return Catalogue(
        slos=tuple(sorted(found.slos, key=lambda slo: slo.id)),
        services=tuple(sorted(found.services, key=lambda service: service.name)),
        components=tuple(sorted(found.components, key=lambda component: component.id)),
        composites=tuple(sorted(found.composites, key=lambda composite: composite.id)),
        data_sources=tuple(sorted(found.data_sources, key=lambda source: source.name)),
        targets=tuple(sorted(found.targets, key=lambda target: target.name)),
        windows=dict(sorted(found.windows.items())),
        sources=dict(sorted(found.sources.items())),
        notices=tuple(sorted(found.notices, key=lambda n: (n.file, n.line or 0, n.field))),
    )


def _read(files: Sequence[Path], root: Path | None, problems: Problems) -> Definitions:
    into = Definitions()
    for window_set in _shipped(problems):
        into.windows[window_set.name] = window_set
    kinds = _sorted_out(_documents(files, root, problems, into), problems)
    for document in kinds["windows"]:
        _add_windows(document, read_window_set(document), into)
    for document in kinds["sloth-windows"]:
        _add_windows(document, read_sloth_windows(document), into)
    for document in kinds["components"]:
        into.components += read_components(document)
    openslo = OpenSlo()
    for document in kinds["openslo"]:
        openslo.take(document)
    openslo.resolve(into.windows, into)
    for document in kinds["sloth"]:
        read_sloth(document, into)
        into.sloth_files.add(document.file)
    _refuse_repeated(into, problems)
    _refuse_unknown_slos(kinds["components"], into)
    problems.raise_if_any()
    into.notices += problems.notices
    return into


def _shipped(problems: Problems) -> Iterable[WindowSet]:
    for path in sorted(WINDOWS.glob("*.yaml")):
        for document in _sections(path.read_bytes(), path.name, problems):
            window_set = read_window_set(document)
            if window_set is not None:
                yield window_set


def _documents(
    files: Iterable[Path], root: Path | None, problems: Problems, into: Definitions
) -> Iterable[Section]:
    for path in files:
        name = str(path.relative_to(root)) if root else str(path)
        content = problems.attempt(partial(read_bytes, path, name))
        if content is not None:
            into.sources[name] = hashlib.sha256(content).hexdigest()
            yield from _sections(content, name, problems)


def _sections(content: bytes, name: str, problems: Problems) -> list[Section]:
    found = [place.section() for place in documents(content, name, problems)]
    return [section for section in found if section is not None]


def _sorted_out(documents: Iterable[Section], problems: Problems) -> Mapping[str, list[Section]]:
    kinds: dict[str, list[Section]] = {
        kind: [] for kind in ("windows", "sloth-windows", "components", "openslo", "sloth")
    }
    for document in documents:
        kind = _kind(document)
        if kind is None:
            problem = "is none of the kinds read here"
            problems.refuse(document.file, document.line, "", problem, f"Known: {_READ_AS}.")
        else:
            kinds[kind].append(document)
    return kinds


def _kind(document: Section) -> str | None:
    if is_sloth(document):
        return "sloth"
    if document.has("apiVersion"):
        api = document.text("apiVersion")
        if api.startswith("sloth.slok.dev/") and document.text("kind") == "AlertWindows":
            return "sloth-windows"
        return "openslo" if api.startswith("openslo") else None
    if document.has("components"):
        return "components"
    return "windows" if document.has("tiers") else None


def _add_windows(document: Section, window_set: WindowSet | None, into: Definitions) -> None:
    if window_set is None:
        return
    known = into.windows.get(window_set.name)
    if known is not None and known.source_file in into.sources:
        problem = f"window set {window_set.name!r} is defined in {known.source_file} too"
        document.refuse("name", problem, "Rename one.")
    into.windows[window_set.name] = window_set


def _refuse_repeated(into: Definitions, problems: Problems) -> None:
    first: dict[str, str] = {}
    for slo in into.slos:
        place = f"{slo.source_file}:{slo.source_line}"
        if slo.id in first:
            problem = f"SLO {slo.id!r} is defined in {first[slo.id]} too"
            problems.refuse(slo.source_file, slo.source_line, "metadata.name", problem, "Rename one.")
        first.setdefault(slo.id, place)


def _refuse_unknown_slos(documents: Iterable[Section], into: Definitions) -> None:
    known = {slo.id for slo in into.slos} | {composite.id for composite in into.composites}
    for document in documents:
        for item in document.sections("components"):
            for slo_id in item.texts("slos"):
                if slo_id not in known:
                    mend = f"Defined: {', '.join(sorted(known)) or 'none'}."
                    item.refuse("slos", f"no SLO is called {slo_id!r}", mend)
