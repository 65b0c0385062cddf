"""Panels of components: what each is short of, and the way into each."""

from __future__ import annotations

from dashboards.model.board import Link, Panel, Series, Shape, Threshold
from dashboards.model.palette import State, Unit
from dashboards.model.query import GaugeLevel, Match, Rate
from dashboards.standard.source import Source, component_board_name
from exporters.collectors import saturation
from foundation.bilingual import Text


def saturation_steps(source: Source) -> tuple[Threshold, ...]:
    return (
        source.line("ComponentSaturationRising", State.WARN),
        source.line("ComponentSaturationHigh"),
    )


def saturation_bars(source: Source, where: tuple[Match, ...] = (), width: int = 12, height: int = 8) -> Panel:
    """Every component's worst resource, and the way into each component."""
    return Panel(
        id="saturation-now",
        title=Text("Saturation by component", "Saturação por componente"),
        description=Text(
            "Use over limit of each component's fullest resource. A missing bar means not measured.",
            "Uso sobre limite do recurso mais cheio de cada componente. Barra ausente significa não medido.",
        ),
        shape=Shape.BARS,
        series=(
            Series(
                GaugeLevel(saturation.SATURATION, by=("component",), where=where),
                Text("{{component}}", "{{component}}"),
            ),
        ),
        unit=Unit.RATIO,
        width=width,
        height=height,
        minimum=0.0,
        maximum=1.0,
        thresholds=saturation_steps(source),
        runbook="saturation",
        links=tuple(
            Link(
                Text(component.name, component.name_pt or component.name),
                board=component_board_name(component),
            )
            for component in source.components
        ),
    )


def saturation_lines(
    source: Source, where: tuple[Match, ...] = (), width: int = 12, height: int = 8
) -> Panel:
    return Panel(
        id="saturation-trend",
        title=Text("Saturation over time", "Saturação ao longo do tempo"),
        description=Text(
            "Use over limit of each resource; the lines are the alarm thresholds.",
            "Uso sobre limite de cada recurso; as linhas são os limites dos alarmes.",
        ),
        shape=Shape.LINES,
        series=(
            Series(
                GaugeLevel(saturation.SATURATION, by=("component", "resource"), where=where),
                Text("{{component}} {{resource}}", "{{component}} {{resource}}"),
            ),
        ),
        unit=Unit.RATIO,
        width=width,
        height=height,
        minimum=0.0,
        thresholds=saturation_steps(source),
        runbook="saturation",
    )


def pressure(where: tuple[Match, ...], width: int = 12, height: int = 8) -> Panel:
    return Panel(
        id="pressure-events",
        title=Text("Refused, evicted, throttled, slow", "Recusados, removidos, limitados, lentos"),
        description=Text(
            "Work affected by a full resource, per hour: what saturation cost.",
            "Trabalho prejudicado por recurso cheio, por hora: o custo da saturação.",
        ),
        shape=Shape.LINES,
        series=(
            Series(
                Rate(saturation.EVENTS, by=("event",), where=where, seconds=3600),
                Text("{{event}}", "{{event}}"),
            ),
        ),
        unit=Unit.PER_HOUR,
        width=width,
        height=height,
        minimum=0.0,
        runbook="saturation",
    )
