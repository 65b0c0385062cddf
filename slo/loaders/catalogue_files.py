"""The catalogue read from files: a workspace's definitions, or files named one by one.

Every document is told apart by what it says it is; they may refer to each other across files.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import partial
from operator import attrgetter
from pathlib import Path

from foundation.errors import WHOLE_FILE, DefinitionErrors, Problems
from foundation.files import documents, read_bytes
from foundation.located import Section
from foundation.paths import files_below, files_in, is_folder
from foundation.workspace import SHIPPED, Workspace
from slo.indicators import KINDS, Kinds
from slo.loaders.openslo import OpenSlo
from slo.loaders.peers import PEERS, Peer, peer_of
from slo.loaders.same_names import told_apart
from slo.loaders.sloth import read_sloth_windows
from slo.loaders.tiers import DEFAULT_WINDOWS, read_window_set
from slo.model.catalogue import Catalogue
from slo.model.entities import Component, WindowSet
from slo.model.spec import Slo

WINDOWS = SHIPPED.windows
SUFFIXES = (".yaml", ".yml")
COMPONENT_KINDS = ("api", "service", "store", "cache", "stream", "function", "worker", "probe")
_READ_AS = ", ".join(
    ["OpenSLO (apiVersion: openslo/v1)"]
    + [f"{peer.name} ({peer.marker})" for peer in PEERS]
    + ["window sets and components"]
)


def load_catalogue(
    directory: Path = SHIPPED.definitions, windows: Path = WINDOWS, kinds: Kinds = KINDS
) -> Catalogue:
    """Read every definition below ``directory``, and every window set in ``windows`` if that is a folder.

    Window sets shipped with Mirante are always known; others, there or in ``windows/`` below the directory,
    add to them or replace one by name. ``components.yaml`` holds the component catalogue.

    Raises:
        DefinitionErrors: the directory is missing or empty, or anything in its files is wrong.
    """
    problems = Problems()
    if not is_folder(directory):
        problems.unreadable(str(directory), "is not a directory", "Give a directory with YAML files.")
        problems.raise_if_any()
    if not files_below(directory, *SUFFIXES):
        problem = "has no .yaml or .yml file"
        problems.refuse(str(directory), None, "", problem, "Put your definitions there.")
    return _read(_files(directory, windows), problems, kinds)


def _files(directory: Path, windows: Path) -> dict[str, Path]:
    """Those of both folders by their path from the first."""
    files = files_below(directory, *SUFFIXES)
    if is_folder(windows) and windows.resolve() != WINDOWS:
        files += files_below(windows, *SUFFIXES)
    return {os.path.relpath(path, directory): path for path in files}


def catalogue_of(workspace: Workspace) -> Catalogue:
    """Its definitions under its windows. Raises as ``load_catalogue`` does."""
    return load_catalogue(workspace.definitions, workspace.windows)


def sound_part_of(workspace: Workspace) -> Catalogue:
    """The definitions of those files that have nothing wrong in them and do without the others, so that one
    bad file does not keep what is wrong with the rest from being told."""
    try:
        files = _files(workspace.definitions, workspace.windows)
    except DefinitionErrors:
        return Catalogue(())
    while True:
        try:
            return _read(files, Problems(), KINDS)
        except DefinitionErrors as found:
            wrong = {error.file for error in found.errors}
            if not wrong.intersection(files):
                return Catalogue(())
            files = {name: path for name, path in files.items() if name not in wrong}


def _read(files: Mapping[str, Path], problems: Problems, kinds: Kinds) -> Catalogue:
    contents = _contents(files, problems)
    documents_ = [section for name in contents for section in sections_of(contents[name], name, problems)]
    sources = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(contents.items())}
    return read_documents(documents_, problems, kinds, sources)


def read_documents(
    sections: Iterable[Section],
    problems: Problems,
    kinds: Kinds = KINDS,
    sources: Mapping[str, str] | None = None,
    beside: OpenSlo | None = None,
    own: Mapping[str, WindowSet] | None = None,
) -> Catalogue:
    """What documents define; ``beside`` and the window sets ``own`` are what other files do.

    Raises:
        DefinitionErrors: anything in them is wrong.
    """
    found, foreign = _sorted_out(sections, problems)
    problems.incomplete |= any(error.field == WHOLE_FILE for error in problems.errors)
    own = {**(own or {}), **window_sets([*found["windows"], *found["sloth-windows"]])}
    windows = _shipped(problems) | own
    openslo = OpenSlo(found["openslo"], windows, kinds, beside)
    chosen = next(iter(own.values())) if len(own) == 1 else windows[DEFAULT_WINDOWS]
    others = [peer.read(document, chosen) for peer, document in foreign]
    theirs = [slo for _, own_slos in others for slo in own_slos]
    slos = [*openslo.slos, *told_apart(theirs, problems)]
    services = {service.name: service for service, _ in reversed(others) if service} | openslo.services
    _refuse_repeated(slos, problems)
    known = {slo.id for slo in slos} | {composite.id for composite in openslo.composites}
    components = _components(found["components"], known.union(_written_ids(found["openslo"])))
    problems.raise_if_any()
    by_id, by_name = attrgetter("id"), attrgetter("name")
    return Catalogue(
        slos=tuple(sorted(slos, key=by_id)),
        services=tuple(sorted(services.values(), key=by_name)),
        components=tuple(sorted(components, key=by_id)),
        composites=tuple(sorted(openslo.composites, key=by_id)),
        data_sources=tuple(sorted(openslo.data_sources.values(), key=by_name)),
        targets=tuple(sorted(openslo.targets.values(), key=by_name)),
        windows=dict(sorted(windows.items())),
        sources=sources or {},
        notices=tuple(sorted(problems.notices, key=lambda n: (n.file, n.line or 0, n.field))),
    )


def _contents(files: Mapping[str, Path], problems: Problems) -> dict[str, bytes]:
    read = {name: problems.attempt(partial(read_bytes, path, name)) for name, path in files.items()}
    return {name: content for name, content in read.items() if content is not None}


def sections_of(content: bytes, name: str, problems: Problems) -> Iterator[Section]:
    """A document that is a list, as OpenSLO's own tools and ``kubectl`` write them, is its items."""
    for place in documents(content, name, problems):
        found = [item.section() for item in (place.items(least=1) if place.is_list else [place])]
        problems.incomplete |= None in found
        for section in found:
            yield from () if section is None else _resources(section)


def _resources(document: Section) -> list[Section]:
    """Those that a Kubernetes ``List`` (or ``SomethingList``) holds; any other document itself."""
    if not document.text("kind").endswith("List") or not document.has("items"):
        return [document]
    return document.sections("items", required=True)


def _shipped(problems: Problems) -> dict[str, WindowSet]:
    contents = _contents({path.name: path for path in files_in(WINDOWS, ".yaml")}, problems)
    return window_sets(
        [section for name in contents for section in sections_of(contents[name], name, problems)]
    )


def window_sets(sections: Sequence[Section]) -> dict[str, WindowSet]:
    """By name; of two that share one, the second is refused."""
    found: dict[str, WindowSet] = {}
    for document in sections:
        window_set = read_window_set(document) if document.has("tiers") else read_sloth_windows(document)
        if window_set is None:
            continue
        if window_set.name in found:
            problem = (
                f"window set {window_set.name!r} is also defined in {found[window_set.name].source_file}"
            )
            document.refuse("name", problem, "Rename one.")
        found[window_set.name] = window_set
    return found


def _sorted_out(
    sections: Iterable[Section], problems: Problems
) -> tuple[Mapping[str, list[Section]], list[tuple[Peer, Section]]]:
    """Ours and OpenSLO's by kind; and those of other tools."""
    kinds: dict[str, list[Section]] = {
        kind: [] for kind in ("windows", "sloth-windows", "components", "openslo")
    }
    foreign: list[tuple[Peer, Section]] = []
    for document in sections:
        kind = kind_of(document)
        if kind is not None:
            kinds[kind].append(document)
        elif peer := peer_of(document):
            foreign.append((peer, document))
        else:
            problem = "is not a kind that Mirante reads"
            problems.refuse(document.file, document.line, "", problem, f"Known: {_READ_AS}.")
    return kinds, foreign


def kind_of(document: Section) -> str | None:
    """Of OpenSLO's documents and of those that only Mirante reads."""
    api = document.text("apiVersion")
    if api.startswith("openslo"):
        return "openslo"
    if api:
        is_windows = api.startswith("sloth.slok.dev/") and document.text("kind") == "AlertWindows"
        return "sloth-windows" if is_windows else None
    if document.has("components"):
        return "components"
    return "windows" if document.has("tiers") else None


def _refuse_repeated(slos: Iterable[Slo], problems: Problems) -> None:
    first: dict[str, str] = {}
    for slo in slos:
        place = f"{slo.source_file}:{slo.source_line}"
        if slo.id in first:
            problem = f"SLO {slo.id!r} is also defined in {first[slo.id]}"
            problems.refuse(slo.source_file, slo.source_line, "metadata.name", problem, "Rename one.")
        first.setdefault(slo.id, place)


def _components(documents: Iterable[Section], slos: Set[str]) -> list[Component]:
    """``components.yaml``: the parts of the platform, what they lean on and which of ``slos`` they serve."""
    items = []
    for document in documents:
        items += document.sections("components", required=True)
        document.close()
    components = [_component(item) for item in items]
    ids = {component.id for component in components}
    first: dict[str, Section] = {}
    for item, component in zip(items, components, strict=True):
        earlier = first.setdefault(component.id, item)
        if earlier is not item and component.id:
            problem = f"component {component.id!r} is also defined in {earlier.file}:{earlier.line}"
            item.refuse("id", problem, "Rename one.")
        _refuse_unknown(item, "depends_on", component.depends_on, "component", ids)
        _refuse_unknown(item, "slos", component.slos, "SLO", slos)
    return components


def _refuse_unknown(item: Section, field: str, names: Iterable[str], kind: str, known: Set[str]) -> None:
    for name in names:
        if name not in known:
            item.no_such(field, kind, name, f"Defined: {', '.join(sorted(known)) or 'none'}.")


def _component(section: Section) -> Component:
    tier = section.number("tier", required=True)
    if tier is not None and tier not in (1, 2, 3, 4):
        section.refuse("tier", f"{tier} is not 1, 2, 3 or 4", "1 is the most critical.")
    component = Component(
        id=section.text("id", required=True),
        name=section.text("name", required=True),
        name_pt=section.text("name_pt", required=True),
        kind=section.text("kind", required=True, choices=COMPONENT_KINDS),
        tier=int(tier or 4),
        owner=section.text("owner", required=True),
        depends_on=section.texts("depends_on"),
        slos=section.texts("slos"),
        description=section.text("description"),
        description_pt=section.text("description_pt"),
    )
    section.close()
    return component


def _written_ids(documents: Iterable[Section]) -> Iterator[str]:
    """Of every SLO that is written: one with a mistake in it is wrong once, not wherever it is named."""
    for document in documents:
        metadata, spec = document.section("metadata"), document.section("spec")
        if document.text("kind") == "SLO" and metadata is not None and spec is not None:
            yield f"{spec.text('service') or spec.text('serviceRef')}/{metadata.text('name')}"
