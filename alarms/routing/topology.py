"""Which component leans on which: a fault below explains the symptoms above (§3.5.3, aggregation)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from alarms.alert import Alert
from slo.entities import Component


class Topology:
    """``depends_on`` by component; ``slo_components`` names the component an SLO is measured on."""

    def __init__(
        self,
        depends_on: Mapping[str, tuple[str, ...]] | None = None,
        slo_components: Mapping[str, str] | None = None,
        tiers: Mapping[str, str] | None = None,
    ) -> None:
        self._depends_on = dict(depends_on or {})
        self._slo_components = dict(slo_components or {})
        self._tiers = dict(tiers or {})

    def component_of(self, alert: Alert) -> str | None:
        """What the alert says, else what its SLO is measured on."""
        named = alert.component or alert.labels.get("component")
        if named or alert.slo_id is None:
            return named or None
        return self._slo_components.get(alert.slo_id)

    def tier_of(self, component: str | None) -> str | None:
        return None if component is None else self._tiers.get(component)

    def distance(self, component: str, below: str) -> int | None:
        """Steps from ``component`` down to ``below`` along dependencies; None if it does not lean on it."""
        reached, frontier, steps = {component}, [component], 0
        while frontier:
            steps += 1
            frontier = [
                lower
                for upper in frontier
                for lower in self._depends_on.get(upper, ())
                if lower not in reached
            ]
            if below in frontier:
                return steps
            reached.update(frontier)
        return None

    def leans_on(self, component: str | None, below: str | None) -> bool:
        if component is None or below is None or component == below:
            return False
        return self.distance(component, below) is not None


def topology_of(components: Iterable[Component]) -> Topology:
    """From the component catalogue (``slo/definitions/components.yaml``).

    An SLO served by several components belongs to the one that leans on the most others.
    """
    listed = sorted(components, key=lambda component: component.id)
    depends_on = {component.id: component.depends_on for component in listed}
    bare = Topology(depends_on)
    slo_components: dict[str, str] = {}
    for component in listed:
        for slo_id in component.slos:
            current = slo_components.get(slo_id)
            if current is None or bare.leans_on(component.id, current):
                slo_components[slo_id] = component.id
    return Topology(depends_on, slo_components, {component.id: str(component.tier) for component in listed})
