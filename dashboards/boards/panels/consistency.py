"""Panels about what the consistency check found, covered and repaired, and about sagas between the stores."""

from __future__ import annotations

from dataclasses import replace

from credit import metrics as telemetry
from dashboards.model.board import Panel, Series, Shape
from dashboards.model.palette import Unit
from dashboards.model.query import GaugeLevel, Rate
from dashboards.standard.source import Source
from exporters.collectors import consistency_index
from foundation.bilingual import Text
from foundation.metrics import MetricSpec

_PAIR = Text("{{pair}}", "{{pair}}")


def _by_pair(name: str, title: Text, description: Text, metric: MetricSpec, unit: Unit, width: int) -> Panel:
    return Panel(
        id=name,
        title=title,
        description=description,
        shape=Shape.LINES,
        series=(Series(GaugeLevel(metric, by=("pair",)), _PAIR),),
        unit=unit,
        width=width,
        height=8,
        minimum=0.0,
        maximum=1.0 if unit is Unit.RATIO else None,
        runbook="credit-data-consistency",
    )


def coverage(width: int = 8) -> Panel:
    return _by_pair(
        "consistency-coverage",
        Text("Share of records compared", "Parcela de registros comparados"),
        Text("In the latest comparison, by pair of stores.", "Na última comparação, por par de bancos."),
        consistency_index.COVERAGE,
        Unit.RATIO,
        width,
    )


def unchecked(source: Source, width: int = 8) -> Panel:
    panel = _by_pair(
        "consistency-unchecked",
        Text("Age of the oldest unchecked record", "Idade do registro há mais tempo sem comparação"),
        Text("By pair; the line is the alarm threshold.", "Por par; a linha é o limite do alarme."),
        consistency_index.UNCHECKED,
        Unit.SECONDS,
        width,
    )
    return replace(panel, thresholds=(source.line("ConsistencyCoverageOld"),))


def found(width: int = 8) -> Panel:
    """What differs now, and what was on its way."""
    return Panel(
        id="consistency-found",
        title=Text("Records that differ now", "Registros que diferem agora"),
        description=Text(
            "Latest comparison, by pair and class. In flight: a change is on its way, so the record "
            "is not judged.",
            "Última comparação, por par e classe. Em trânsito: uma mudança está a caminho, sem julgamento.",
        ),
        shape=Shape.LINES,
        series=(
            Series(
                GaugeLevel(consistency_index.DIFFERENT, by=("pair", "class")),
                Text("{{pair}} {{class}}", "{{pair}} {{class}}"),
            ),
            Series(
                GaugeLevel(consistency_index.IN_FLIGHT, by=("pair",)),
                Text("{{pair}} in flight", "{{pair}} em trânsito"),
            ),
        ),
        unit=Unit.COUNT,
        width=width,
        height=8,
        minimum=0.0,
        runbook="credit-data-consistency",
    )


def repairs(width: int = 12) -> Panel:
    return Panel(
        id="consistency-repairs",
        title=Text("Repairs", "Reparos"),
        description=Text(
            "Records repaired automatically, and repairs refused because they would touch too many records.",
            "Registros reparados automaticamente e reparos recusados por tocarem registros demais.",
        ),
        shape=Shape.LINES,
        series=(
            Series(
                GaugeLevel(consistency_index.REPAIRED, by=("pair",)),
                Text("{{pair}} repaired", "{{pair}} reparados"),
            ),
            Series(
                GaugeLevel(consistency_index.REFUSED, by=("pair",)),
                Text("{{pair}} refused", "{{pair}} recusados"),
            ),
        ),
        unit=Unit.COUNT,
        width=width,
        height=8,
        minimum=0.0,
        runbook="credit-data-consistency",
    )


def anomalies(width: int = 12) -> Panel:
    return Panel(
        id="consistency-anomalies",
        title=Text("Anomalous patterns", "Padrões anômalos"),
        description=Text(
            "1 while the pattern is seen (8.3.5), by pair.", "1 enquanto o padrão é visto (8.3.5), por par."
        ),
        shape=Shape.LINES,
        series=(
            Series(
                GaugeLevel(consistency_index.ANOMALY, by=("pair", "pattern")),
                Text("{{pair}} {{pattern}}", "{{pair}} {{pattern}}"),
            ),
        ),
        unit=Unit.COUNT,
        width=width,
        height=8,
        minimum=0.0,
        maximum=1.0,
        runbook="credit-data-consistency",
    )


def sagas_ended(width: int = 12) -> Panel:
    return Panel(
        id="sagas-ended",
        title=Text("Sagas ended", "Sagas encerradas"),
        description=Text(
            "By kind and outcome: done, undone (compensated) or stuck.",
            "Por tipo e resultado: done, undone (compensada) ou stuck.",
        ),
        shape=Shape.LINES,
        series=(
            Series(
                Rate(telemetry.SAGAS_ENDED, by=("saga", "outcome")),
                Text("{{saga}} {{outcome}}", "{{saga}} {{outcome}}"),
            ),
        ),
        unit=Unit.PER_SECOND,
        width=width,
        height=8,
        minimum=0.0,
        stacked=True,
        empty_means=Text("Empty until a saga ends.", "Vazio até uma saga terminar."),
        runbook="saga-stuck",
    )


def sagas_open(width: int = 12) -> Panel:
    return Panel(
        id="sagas-open",
        title=Text("Sagas in progress", "Sagas em andamento"),
        description=Text("By kind.", "Por tipo."),
        shape=Shape.LINES,
        series=(Series(GaugeLevel(telemetry.SAGAS_OPEN, by=("saga",)), Text("{{saga}}", "{{saga}}")),),
        unit=Unit.COUNT,
        width=width,
        height=8,
        minimum=0.0,
        empty_means=Text("Empty until a saga starts.", "Vazio até uma saga iniciar."),
        runbook="saga-stuck",
    )
