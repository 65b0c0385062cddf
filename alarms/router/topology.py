"""Which component depends on which: a fault in a dependency explains the symptoms above it (§3.5.3,
aggregation)."""

from __future__ import annotations

from collections.abc import Iterable, Set

from alarms.model.alert import Alert
from slo.model.entities import Component


class Topology:
    """The component catalogue as the router needs it."""

    def __init__(self, components: Iterable[Component] = ()) -> None:
        components = tuple(components)
        self._components = {component.id: component for component in components}
        self._below = {component: self._reach(component) for component in self._components}
        self._bearing = frozenset().union(*self._below.values(), (c.id for c in components if c.slos))
        self._of_slo: dict[str, tuple[str, ...]] = {}
        for component in sorted(self._components.values(), key=self._prominence):
            for slo_id in component.slos:
                self._of_slo[slo_id] = (*self._of_slo.get(slo_id, ()), component.id)

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

    def may_lean(self, component: str | None, slo_id: str | None) -> bool:
        """Whether a fault anywhere could explain trouble of it; what no catalogue has leans on none."""
        return bool(self._of_slo.get(slo_id or "")) or bool(self.below(component or ""))

    def may_bear(self, component: str | None) -> bool:
        """Whether a fault of it could explain trouble anywhere."""
        return component in self._bearing

    def explains(self, cause: str, component: str | None, slo_id: str | None) -> bool:
        """Whether a fault in ``cause`` explains trouble of an SLO (on any component of it) or a component."""
        if slo_id is not None:
            served_by = self._of_slo.get(slo_id, ())
            return cause in served_by or any(cause in self.below(part) for part in served_by)
        return component is not None and cause in self.below(component)

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
