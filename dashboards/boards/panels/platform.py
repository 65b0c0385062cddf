"""Panels of what the platform's components do: decide, ingest, agree."""

from __future__ import annotations

from fractions import Fraction

from credit import metrics as telemetry
from dashboards.model.board import Panel, Series, Shape, Threshold
from dashboards.model.palette import State, Unit
from dashboards.model.query import (
    Aggregate,
    Buckets,
    Divided,
    GaugeLevel,
    Mean,
    Quantile,
    Rate,
    equal,
    unlike,
)
from dashboards.standard.source import Source
from exporters.collectors import consistency_index
from foundation.bilingual import Text


def requests(width: int = 12, height: int = 8) -> Panel:
    return Panel(
        id="decision-requests",
        title=Text("Decision requests", "Pedidos de decisão"),
        description=Text(
            "Per second, by outcome. Degraded answers do not count as good.",
            "Por segundo, por resultado. Respostas degradadas não contam como boas.",
        ),
        shape=Shape.LINES,
        series=(
            Series(Rate(telemetry.DECISION_REQUESTS, by=("outcome",)), Text("{{outcome}}", "{{outcome}}")),
        ),
        unit=Unit.PER_SECOND,
        width=width,
        height=height,
        minimum=0.0,
        stacked=True,
    )


def latency_limit(source: Source) -> Fraction | None:
    """Seconds: the bucket edge that the latency SLO counts as good. One place, the definition."""
    slo = source.slo_named("decision-latency")
    query = getattr(getattr(slo, "indicator", None), "good", None)
    if query is None:
        return None
    _, found, rest = query.query.partition('le="')
    return Fraction(rest.partition('"')[0]) if found else None


def latency(source: Source, width: int = 12, height: int = 8) -> Panel:
    limit = latency_limit(source)
    full = (equal("outcome", "ok"),)
    return Panel(
        id="decision-latency",
        title=Text("Time to decide", "Tempo para decidir"),
        description=Text(
            "p50, p95 and p99 of full decisions; the line is the SLO limit for p95.",
            "p50, p95 e p99 das decisões completas; a linha é o limite do SLO para o p95.",
        ),
        shape=Shape.LINES,
        series=tuple(
            Series(Quantile(telemetry.DECISION_DURATION, q, where=full), Text(name, name))
            for q, name in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))
        ),
        unit=Unit.SECONDS,
        width=width,
        height=height,
        minimum=0.0,
        thresholds=() if limit is None else (Threshold(limit, State.BAD),),
        runbook="credit-decision-latency",
    )


def latency_heatmap(width: int = 12, height: int = 8) -> Panel:
    return Panel(
        id="decision-latency-map",
        title=Text("Time to decide, every answer", "Tempo para decidir, cada resposta"),
        description=Text(
            "Answers per bucket: two peaks mean two populations.",
            "Respostas por faixa: dois picos indicam duas populações.",
        ),
        shape=Shape.HEATMAP,
        series=(Series(Buckets(telemetry.DECISION_DURATION), Text("{{le}}", "{{le}}")),),
        unit=Unit.SECONDS,
        width=width,
        height=height,
    )


def not_good_share(width: int = 12, height: int = 8) -> Panel:
    """Share of requests the service answers for that did not end well."""
    return Panel(
        id="not-good-share",
        title=Text("Requests not answered in full", "Pedidos sem resposta completa"),
        description=Text(
            "Errors, degraded answers and overload over all requests that the service is responsible for.",
            "Erros, respostas degradadas e sobrecarga sobre os pedidos de responsabilidade do serviço.",
        ),
        shape=Shape.LINES,
        series=(
            Series(
                Divided(
                    Rate(telemetry.DECISION_REQUESTS, where=(equal("outcome", "ok"),)),
                    Rate(telemetry.DECISION_REQUESTS, where=(unlike("outcome", "client_error"),)),
                    rest=True,
                ),
                Text("not in full", "incompletas"),
            ),
        ),
        unit=Unit.RATIO,
        width=width,
        height=height,
        minimum=0.0,
    )


def ingestion(width: int = 12, height: int = 8) -> Panel:
    return Panel(
        id="ingest-records",
        title=Text("Ingested records", "Registros ingeridos"),
        description=Text("Per second, by outcome.", "Por segundo, por resultado."),
        shape=Shape.LINES,
        series=(Series(Rate(telemetry.INGEST_RECORDS, by=("outcome",)), Text("{{outcome}}", "{{outcome}}")),),
        unit=Unit.PER_SECOND,
        width=width,
        height=height,
        minimum=0.0,
        stacked=True,
    )


def ingest_lag(source: Source, width: int = 12, height: int = 8) -> Panel:
    return Panel(
        id="ingest-lag",
        title=Text("Ingestion lag", "Atraso da ingestão"),
        description=Text(
            "Age of the oldest unprocessed record; the line is the alarm threshold.",
            "Idade do registro não processado mais antigo; a linha é o limite do alarme.",
        ),
        shape=Shape.LINES,
        series=(Series(GaugeLevel(telemetry.INGEST_LAG), Text("lag", "atraso")),),
        unit=Unit.SECONDS,
        width=width,
        height=height,
        minimum=0.0,
        thresholds=(source.line("IngestLagHigh"),),
        runbook="ingestion-lag",
    )


def ingest_duration(width: int = 12, height: int = 8) -> Panel:
    return Panel(
        id="ingest-duration",
        title=Text("Time to process a batch", "Tempo para processar um lote"),
        description=Text("Mean and p95 of stream batches.", "Média e p95 dos lotes do stream."),
        shape=Shape.LINES,
        series=(
            Series(Mean(telemetry.INGEST_DURATION), Text("mean", "média")),
            Series(Quantile(telemetry.INGEST_DURATION, 0.95), Text("p95", "p95")),
        ),
        unit=Unit.SECONDS,
        width=width,
        height=height,
        minimum=0.0,
    )


def consistency(source: Source, width: int = 12, height: int = 8) -> Panel:
    return Panel(
        id="consistency-index",
        title=Text("Consistency index and its bound", "Índice de consistência e seu limite"),
        description=Text(
            "Equal records over compared ones, and its lower bound at 95 % confidence. The line "
            "is the target.",
            "Registros iguais sobre comparados, e o limite inferior com 95 % de confiança. A linha é a meta.",
        ),
        shape=Shape.LINES,
        series=(
            Series(
                GaugeLevel(consistency_index.INDEX, Aggregate.MIN, by=("pair",)), Text("{{pair}}", "{{pair}}")
            ),
            Series(
                GaugeLevel(consistency_index.LOWER_BOUND, Aggregate.MIN, by=("pair",)),
                Text("{{pair}} at least", "{{pair}} ao menos"),
            ),
        ),
        unit=Unit.RATIO,
        width=width,
        height=height,
        maximum=1.0,
        starts=State.BAD,
        thresholds=_consistency_steps(source),
        runbook="credit-data-consistency",
    )


def _consistency_steps(source: Source) -> tuple[Threshold, ...]:
    """Below what a small sample proves it is bad, below the target it is short of the promise."""
    if source.indicator("ConsistencyIndexLow") is None:
        return (source.line("ConsistencyBoundLow", State.OK),)
    return (
        source.line("ConsistencyBoundLow", State.WARN),
        source.line("ConsistencyIndexLow", State.OK),
    )
