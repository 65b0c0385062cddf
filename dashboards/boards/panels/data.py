"""Panels about data on its way: where profiles come from, what is projected, what differs."""

from __future__ import annotations

from fractions import Fraction

from credit import metrics as telemetry
from dashboards.model.board import Panel, Series, Shape, Threshold
from dashboards.model.palette import State, Unit
from dashboards.model.query import GaugeLevel, Match, Rate
from dashboards.standard.source import Source
from exporters import server
from exporters.collectors import consistency_index
from foundation.bilingual import Text
from foundation.metrics import PROBES

_NO_SHARDS = Text("Empty where the stream has no shards.", "Vazio onde o stream não tem shards.")


def _rate(
    name: str, title: Text, description: Text, query: Rate, legend: str, width: int, empty: Text | None = None
) -> Panel:
    return Panel(
        id=name,
        title=title,
        description=description,
        shape=Shape.LINES,
        series=(Series(query, Text(legend, legend)),),
        unit=Unit.PER_SECOND,
        width=width,
        height=8,
        minimum=0.0,
        stacked=True,
        empty_means=empty,
    )


def profile_reads(width: int = 12) -> Panel:
    return _rate(
        "profile-reads",
        Text("Customer profiles read", "Perfis de clientes lidos"),
        Text(
            "By the store that answered; 'none' means a decision without a profile.",
            "Pelo banco que respondeu; 'none' significa decisão sem perfil.",
        ),
        Rate(telemetry.PROFILE_READS, by=("source",)),
        "{{source}}",
        width,
    )


def cache_reads(width: int = 12) -> Panel:
    return _rate(
        "cache-reads",
        Text("Reads through the cache", "Leituras pelo cache"),
        Text(
            "By kind of data: hit, miss, or reloaded shortly before expiry ('early').",
            "Por tipo de dado: hit, miss ou recarregado pouco antes de expirar ('early').",
        ),
        Rate(telemetry.CACHE_READS, by=("data", "result")),
        "{{data}} {{result}}",
        width,
    )


def cache_failures(width: int = 12) -> Panel:
    return _rate(
        "cache-failures",
        Text("Cache calls that failed", "Chamadas ao cache que falharam"),
        Text(
            "Each counts as a miss. 'full': the memory holds only keys that never expire.",
            "Cada uma conta como miss. 'full': a memória só tem chaves que nunca expiram.",
        ),
        Rate(telemetry.CACHE_FAILURES, by=("operation", "reason")),
        "{{operation}} {{reason}}",
        width,
        Text("Empty until a call fails.", "Vazio até uma chamada falhar."),
    )


def probes(width: int = 12) -> Panel:
    return _rate(
        "probes",
        Text("Probes from outside", "Sondas de fora"),
        Text(
            "By target and result; a missing probe means no data, never success.",
            "Por alvo e resultado; uma sonda ausente significa falta de dados, nunca sucesso.",
        ),
        Rate(PROBES, by=("target", "result")),
        "{{target}} {{result}}",
        width,
    )


def projections(where: tuple[Match, ...] = (), width: int = 12) -> Panel:
    return _rate(
        "projections",
        Text("Rows projected", "Linhas projetadas"),
        Text("From the outbox, by store and outcome.", "Do outbox, por banco e resultado."),
        Rate(telemetry.PROJECTED_ROWS, by=("store", "outcome"), where=where),
        "{{store}} {{outcome}}",
        width,
    )


def shard_shares(width: int = 18) -> Panel:
    return Panel(
        id="shard-shares",
        title=Text("Share of each shard", "Participação de cada shard"),
        description=Text(
            "Share of the records read in the last minute. A shard that gets far more than the "
            "others throttles first.",
            "Parcela dos registros lidos no último minuto. O shard que recebe muito mais que os "
            "outros sofre throttling primeiro.",
        ),
        shape=Shape.LINES,
        series=(
            Series(GaugeLevel(telemetry.INGEST_SHARD_SHARE, by=("shard",)), Text("{{shard}}", "{{shard}}")),
        ),
        unit=Unit.RATIO,
        width=width,
        height=8,
        minimum=0.0,
        empty_means=_NO_SHARDS,
    )


def hot_shards(width: int = 6) -> Panel:
    return Panel(
        id="hot-shards",
        title=Text("Hot shards", "Shards quentes"),
        description=Text(
            "Shards with more than twice their fair share of the records.",
            "Shards com mais que o dobro de sua parcela justa dos registros.",
        ),
        shape=Shape.STAT,
        series=(Series(GaugeLevel(telemetry.INGEST_HOT_SHARDS), Text("hot", "quentes")),),
        unit=Unit.COUNT,
        width=width,
        height=8,
        thresholds=(Threshold(Fraction(1), State.WARN),),
        empty_means=_NO_SHARDS,
    )


def divergences(width: int = 12) -> Panel:
    return _rate(
        "divergences",
        Text("Records that differ", "Registros que diferem"),
        Text("By pair of stores and class.", "Por par de bancos e classe."),
        Rate(telemetry.CONSISTENCY_DIVERGENT, by=("pair", "class")),
        "{{pair}} {{class}}",
        width,
        Text("Empty until a difference is found.", "Vazio até uma diferença ser encontrada."),
    )


def outbox_depth(source: Source, width: int = 12) -> Panel:
    return Panel(
        id="outbox-depth",
        title=Text("Rows not yet projected", "Linhas ainda não projetadas"),
        description=Text("The line is the alarm threshold.", "A linha é o limite do alarme."),
        shape=Shape.LINES,
        series=(Series(GaugeLevel(telemetry.OUTBOX_DEPTH), Text("rows", "linhas")),),
        unit=Unit.COUNT,
        width=width,
        height=8,
        minimum=0.0,
        thresholds=(source.line("OutboxDeep"),),
        runbook="ingestion-lag",
    )


def reading_age(source: Source, width: int = 12) -> Panel:
    return Panel(
        id="consistency-age",
        title=Text("Age of the latest comparison", "Idade da última comparação"),
        description=Text(
            "By pair; the line is the alarm threshold.", "Por par; a linha é o limite do alarme."
        ),
        shape=Shape.LINES,
        series=(Series(GaugeLevel(consistency_index.AGE, by=("pair",)), Text("{{pair}}", "{{pair}}")),),
        unit=Unit.SECONDS,
        width=width,
        height=8,
        minimum=0.0,
        thresholds=(source.line("ConsistencyReadingOld"),),
        runbook="credit-data-consistency",
    )


def own_health(width: int = 12) -> Panel:
    """Whether the measuring itself works."""
    return Panel(
        id="own-health",
        title=Text("Measuring: failures", "Medição: falhas"),
        description=Text(
            "Failed collectors, failed journal writes, and increments not yet stored.",
            "Coletores com falha, gravações do diário com falha e incrementos ainda não gravados.",
        ),
        shape=Shape.LINES,
        series=(
            Series(Rate(server.COLLECT_ERRORS), Text("collectors", "coletores")),
            Series(Rate(telemetry.JOURNAL_FAILURES), Text("journal", "diário")),
            Series(GaugeLevel(telemetry.JOURNAL_PENDING), Text("pending", "pendentes")),
        ),
        width=width,
        height=8,
        minimum=0.0,
        runbook="watching-ourselves",
    )
