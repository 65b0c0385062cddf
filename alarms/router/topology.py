"""Which component depends on which: a fault in a dependency explains the symptoms above it (§3.5.3,
aggregation)."""

from __future__ import annotations

from collections.abc import Iterable, Set

from alarms.model.alert import Alert
from slo.model.entities import Component


class Topology:
    """The component catalogue as the router needs it."""

    def __init__(self, components: Iterable[Component] = ()) -> None:
        self._components = {component.id: component for component in components}
        self._below = {component: self._reach(component) for component in self._components}
        self._of_slo: dict[str, tuple[str, ...]] = {}
        for component in sorted(self._components.values(), key=self._prominence):
            for slo_id in component.slos:
                self._of_slo[slo_id] = (*self._of_slo.get(slo_id, ()), component.id)
        self._below_slo: dict[str, Set[str]] = {
            slo_id: frozenset(parts).union(*(self.below(part) for part in parts))
            for slo_id, parts in self._of_slo.items()
        }

    def component_of(self, alert: Alert) -> str | None:
        """What the alert says, else the most prominent component its SLO is measured on."""
        named = alert.component or alert.labels.get("component")
        if named or alert.slo_id is None:
            return named or None
        return next(iter(self._of_slo.get(alert.slo_id, ())), None)

    def tier_of(self, component: str | None) -> str | None:
        known = self._components.get(component or "")
        return None if known is None else str(known.tier)

    def below(self, component: str) -> Set[str]:
        """Everything that ``component`` depends on, at any depth."""
        return self._below.get(component, frozenset())

    def causes(self, component: str | None, slo_id: str | None) -> Set[str]:
        """Whose fault explains trouble of an SLO (on any component of it) or of a component; what no
        catalogue has leans on none."""
        if slo_id is not None:
            return self._below_slo.get(slo_id, frozenset())
        return self.below(component or "")

    def explained(self, cause: str) -> tuple[Set[str], Set[str]]:
        """The components and the SLOs whose trouble a fault of ``cause`` explains."""
        components = frozenset(high for high, below in self._below.items() if cause in below)
        return components, frozenset(slo for slo, below in self._below_slo.items() if cause in below)

    def explains(self, cause: str, component: str | None, slo_id: str | None) -> bool:
        return cause in self.causes(component, slo_id)

    def _reach(self, component: str) -> Set[str]:
        reached: set[str] = set()
        frontier = {component}
        while frontier:
            frontier = {low for high in frontier for low in self._depends_on(high)} - reached - {component}
            reached |= frontier
        return frozenset(reached)

    def _depends_on(self, component: str) -> tuple[str, ...]:
        known = self._components.get(component)
        return () if known is None else known.depends_on

    def _prominence(self, component: Component) -> tuple[int, int, str]:
        """The most critical first, then what leans on the most others."""
        return component.tier, -len(self.below(component.id)), component.id
