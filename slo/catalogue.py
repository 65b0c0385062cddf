"""The catalogue: everything a person wrote about service levels, checked, typed and in a fixed order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from slo.entities import Component, Composite, DataSource, NotificationTarget, Service, WindowSet
from slo.errors import UnknownSlo
from slo.loaders.definitions import Definitions
from slo.loaders.directory import read_directory, read_files
from slo.loaders.problems import Notice
from slo.spec import Slo

DEFINITIONS = Path(__file__).parent / "definitions"
WINDOWS = Path(__file__).parent / "windows"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Sorted by id throughout, so that what is generated does not depend on file order.

    ``sources`` maps each file read (relative to its directory) to the sha256 of its bytes; ``notices`` are
    things the loader understood in one of several possible ways.
    """

    slos: tuple[Slo, ...]
    services: tuple[Service, ...] = ()
    components: tuple[Component, ...] = ()
    composites: tuple[Composite, ...] = ()
    data_sources: tuple[DataSource, ...] = ()
    targets: tuple[NotificationTarget, ...] = ()
    windows: Mapping[str, WindowSet] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()

    def slo(self, slo_id: str) -> Slo:
        """The SLO called ``service/name``.

        Raises:
            UnknownSlo: no definition has this id.
        """
        for slo in self.slos:
            if slo.id == slo_id:
                return slo
        raise UnknownSlo(slo_id, [slo.id for slo in self.slos])

    def service(self, name: str) -> Service:
        """The service of that name; one that no file describes is named by its own name."""
        return next((s for s in self.services if s.name == name), Service(name, name))

    def component(self, component_id: str) -> Component | None:
        return next((c for c in self.components if c.id == component_id), None)

    def owner(self, slo: Slo) -> str:
        """The team that answers for the SLO: its own, else its service's; ``""`` when nobody is named."""
        return slo.owner or self.service(slo.service).owner


def load_catalogue(directory: Path | None = None) -> Catalogue:
    """Read every definition below ``directory`` (``None``: the definitions shipped with Mirante).

    Window sets shipped with Mirante are always known; ``*.yaml`` in ``windows/`` below the directory adds
    to them or replaces one by name. ``components.yaml`` holds the component catalogue.

    Raises:
        DefinitionErrors: everything wrong in every file, in file order.
    """
    found = read_directory(directory or DEFINITIONS, WINDOWS)
    return as_catalogue(found)


def load_files(files: Sequence[Path]) -> Catalogue:
    """The same for files named one by one.

    Raises:
        DefinitionErrors: everything wrong in them.
    """
    return as_catalogue(read_files(files, WINDOWS))


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
