"""The catalogue read from files: the one that ships, or a directory of definitions."""

from __future__ import annotations

from pathlib import Path

from slo.loaders.definitions import Definitions
from slo.loaders.directory import read_directory
from slo.model.catalogue import Catalogue

DEFINITIONS = Path(__file__).parents[1] / "definitions"
WINDOWS = Path(__file__).parents[1] / "windows"


def load_catalogue(directory: Path | None = None) -> Catalogue:
    """Read every definition below ``directory`` (``None``: the definitions shipped with Mirante).

    Window sets shipped with Mirante are always known; ``*.yaml`` in ``windows/`` below the directory adds
    to them or replaces one by name. ``components.yaml`` holds the component catalogue.

    Raises:
        DefinitionErrors: everything wrong in every file, in file order.
    """
    found = read_directory(directory or DEFINITIONS, WINDOWS)
    return as_catalogue(found)


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
