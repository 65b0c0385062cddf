"""The catalogue: everything a person wrote about service levels, checked, typed and in a fixed order."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace

from foundation.errors import Notice
from slo.model.entities import Component, Composite, DataSource, NotificationTarget, Service, WindowSet
from slo.model.errors import UnknownSlo
from slo.model.spec import Slo


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

    def without(self, slo_ids: Set[str]) -> Catalogue:
        """The same but for some SLOs, and for composites of them."""
        if not slo_ids:
            return self
        composites = (c for c in self.composites if slo_ids.isdisjoint(m.slo_id for m in c.members))
        components = (
            replace(c, slos=tuple(slo_id for slo_id in c.slos if slo_id not in slo_ids))
            for c in self.components
        )
        return replace(
            self,
            slos=tuple(slo for slo in self.slos if slo.id not in slo_ids),
            components=tuple(components),
            composites=tuple(composites),
        )

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
        """The team that owns the SLO: its own, else its service's; ``""`` when nobody is named."""
        return slo.owner or self.service(slo.service).owner
