"""One component: what it is short of, what it leans on, and whom it serves."""

from __future__ import annotations

from collections.abc import Iterable

from alarms.router.topology import Topology
from dashboards.model.board import Board, BoardPart, Link, Panel, Row, Series, Shape
from dashboards.model.palette import Unit
from dashboards.model.query import GaugeLevel, equal, matching
from dashboards.standard import component_panels as panels
from dashboards.standard import slo_panels as slo
from dashboards.standard.alert_panels import alerts_row, targets_alive
from dashboards.standard.links_row import links_row
from dashboards.standard.source import Source, component_board_name, slo_board_name
from exporters.collectors import saturation
from foundation.bilingual import Text
from slo.model.entities import Component

Panels = tuple[Panel, ...]
ASKED_KINDS = ("store", "cache", "stream", "function")


def board(source: Source, component: Component, more: Iterable[Panel] = ()) -> Board:
    """``more``: panels of what this component does, below what it is short of."""
    name = component_board_name(component)
    title = Text(component.name, component.name_pt or component.name)
    return Board(
        name=name,
        title=Text(f"Mirante component: {title.en}", f"Componente Mirante: {title.pt}"),
        description=Text(component.description, component.description_pt or component.description),
        rows=(
            _status(source, component),
            _trends(source, component, more),
            alerts_row(source, where=(matching("component", _with_below(source, component)),)),
            _components(source, component),
            links_row(more=_more(source, component), runbooks=("saturation",)),
        ),
        tags=("component", component.kind),
    )


def _status(source: Source, component: Component) -> Row:
    lights = [
        slo.light(source, one, objective)
        for one in source.of_component(component)
        for objective in one.objectives
    ]
    return Row(
        BoardPart.STATUS, Text("Status", "Status"), (_fullest(source, component), *lights, targets_alive())
    )


def _fullest(source: Source, component: Component) -> Panel:
    return Panel(
        id="fullest",
        title=Text("Fullest resource", "Recurso mais cheio"),
        description=Text("Use over limit, now.", "Uso sobre limite, agora."),
        shape=Shape.STAT,
        series=(
            Series(
                GaugeLevel(
                    saturation.SATURATION, by=("resource",), where=(equal("component", component.id),)
                ),
                Text("{{resource}}", "{{resource}}"),
            ),
        ),
        unit=Unit.RATIO,
        width=6,
        height=4,
        thresholds=panels.saturation_steps(source),
        runbook="saturation",
    )


def _trends(source: Source, component: Component, more: Iterable[Panel]) -> Row:
    where = (equal("component", component.id),)
    return Row(
        BoardPart.TRENDS,
        Text("Key metrics and trends", "Métricas-chave e tendências"),
        (panels.saturation_lines(source, where), *_pressure(component), *more),
    )


def _pressure(component: Component) -> Panels:
    """Of what can be asked: servers and services, not our own processes."""
    return (panels.pressure((equal("component", component.id),)),) if component.kind in ASKED_KINDS else ()


def _components(source: Source, component: Component) -> Row:
    """Its dependencies, at any depth: trouble there explains trouble here."""
    where = (matching("component", _with_below(source, component)),)
    return Row(
        BoardPart.COMPONENTS,
        Text("This component and its dependencies", "Este componente e suas dependências"),
        (panels.saturation_bars(source, where=where, width=24),),
    )


def _with_below(source: Source, component: Component) -> str:
    below = Topology(source.components).below(component.id)
    return "|".join((component.id, *sorted(below)))


def _more(source: Source, component: Component) -> tuple[Link, ...]:
    served = [
        Link(slo.title_of(one, one.objectives[0]), board=slo_board_name(one))
        for one in source.of_component(component)
    ]
    below = [c for c in source.components if c.id in component.depends_on]
    return (*served, *(Link(Text(c.name, c.name_pt or c.name), board=component_board_name(c)) for c in below))
