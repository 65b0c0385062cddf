"""What boards are made from: catalogue, environment, what is watched, runbooks. Nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from alarms.model.indicator import IndicatorAlarm
from alarms.model.watch_list import WatchList
from dashboards.model.board import Threshold
from dashboards.model.errors import BoardInvalid
from dashboards.model.palette import State
from foundation.bilingual import Text
from foundation.quantities import localised
from slo.model import conventions
from slo.model.catalogue import Catalogue
from slo.model.entities import Component
from slo.model.spec import Objective, Slo

MOST_OBJECTIVES = 40
"""On one board: three panels each; CloudWatch takes 500 widgets, and nobody reads more."""


@dataclass(frozen=True, slots=True)
class Source:
    """``part``: which SLOs these are, where they are not all."""

    catalogue: Catalogue
    environment: str
    watched: WatchList
    runbooks: frozenset[str]
    part: Text | None = None

    @property
    def indicators(self) -> tuple[IndicatorAlarm, ...]:
        return self.watched.indicators

    @property
    def slos(self) -> tuple[Slo, ...]:
        return self.catalogue.slos

    @property
    def components(self) -> tuple[Component, ...]:
        return self.catalogue.components

    def objectives(self) -> Sequence[tuple[Slo, Objective]]:
        return [(slo, objective) for slo in self.slos for objective in slo.objectives]

    def pages(self) -> Sequence[Source]:
        """The same in parts that one board can hold; itself where it can hold all."""
        if len(self.objectives()) <= MOST_OBJECTIVES:
            return [self]
        found, first, everything = list[Source](), 1, len(self.slos)
        for slos in _groups(self.slos):
            last = first + len(slos) - 1
            part = Text(
                f"SLOs {first:,} to {last:,} of {everything:,}",
                localised(f"SLOs {first:,} a {last:,} de {everything:,}", "pt"),
            )
            found.append(replace(self, catalogue=replace(self.catalogue, slos=slos), part=part))
            first = last + 1
        return found

    def slo_named(self, name: str) -> Slo | None:
        return next((slo for slo in self.slos if slo.name == name), None)

    def indicator(self, name: str) -> IndicatorAlarm | None:
        return next((indicator for indicator in self.indicators if indicator.name == name), None)

    def limit(self, name: str) -> Fraction:
        """The threshold of an indicator alarm, which a board draws.

        Raises:
            BoardInvalid: ``alarms/indicators.yaml`` has no such alarm.
        """
        found = self.indicator(name)
        if found is None:
            raise BoardInvalid(
                "every", [(f"draws the limit of {name}, but there is no indicator alarm of that name")]
            )
        return found.threshold

    def line(self, name: str, state: State = State.BAD) -> Threshold:
        """A line where that alarm stands."""
        return Threshold(self.limit(name), state)

    def of_component(self, component: Component) -> tuple[Slo, ...]:
        """The SLOs a component serves, in catalogue order."""
        return tuple(slo for slo in self.slos if slo.id in component.slos or slo.name in component.slos)


def _groups(slos: Sequence[Slo]) -> Iterator[tuple[Slo, ...]]:
    """In their order, each of at most so many objectives; an SLO stays whole."""
    group, size = list[Slo](), 0
    for slo in slos:
        if group and size + len(slo.objectives) > MOST_OBJECTIVES:
            yield tuple(group)
            group, size = [], 0
        group.append(slo)
        size += len(slo.objectives)
    yield tuple(group)


def slo_board_name(slo: Slo) -> str:
    return f"slo-{conventions.slug(slo.id)}"


def component_board_name(component: Component) -> str:
    return f"component-{component.id}"
