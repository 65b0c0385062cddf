"""One component: what it is short of, what it does, what it leans on, and whom it serves."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from alarms.router.topology import Topology
from dashboards.boards import component_panels as panels
from dashboards.boards import consistency_panels as checks
from dashboards.boards import data_panels as data
from dashboards.boards import http_panels as http
from dashboards.boards import slo_panels as slo
from dashboards.boards.alert_panels import alerts_row, targets_alive
from dashboards.boards.links_row import board_links, links_row
from dashboards.boards.source import Source, component_board_name, slo_board_name
from dashboards.model.board import Board, BoardPart, Link, Panel, Row, Series, Shape
from dashboards.model.palette import Unit
from dashboards.model.query import AwsMetric, GaugeLevel, equal, matching
from exporters.collectors import saturation
from exporters.collectors.components import COMPONENT_OF_STORE, PROCESSORS
from foundation.bilingual import Text
from slo.model.entities import Component

Panels = tuple[Panel, ...]


def board(source: Source, component: Component) -> Board:
    name = component_board_name(component)
    title = Text(component.name, component.name_pt or component.name)
    return Board(
        name=name,
        title=Text(f"Mirante component: {title.en}", f"Componente Mirante: {title.pt}"),
        description=Text(component.description, component.description_pt or component.description),
        rows=(
            _status(source, component),
            _trends(source, component),
            alerts_row(source, where=(matching("component", _with_below(source, component)),)),
            _components(source, component),
            links_row(name, more=_more(source, component), runbooks=("saturation",)),
        ),
        links=board_links(name),
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


def _trends(source: Source, component: Component) -> Row:
    own = _OWN.get(component.id) or _BY_KIND.get(component.kind)
    more = own(source) if own is not None else ()
    where = (equal("component", component.id),)
    return Row(
        BoardPart.TRENDS,
        Text("Key metrics and trends", "Métricas-chave e tendências"),
        (panels.saturation_lines(source, where), *_pressure(component), *more, *_aws(component)),
    )


def _pressure(component: Component) -> Panels:
    """Of what can be asked: servers and services, not our own processes."""
    asked = component.id in COMPONENT_OF_STORE.values() or component.id == PROCESSORS
    return (panels.pressure((equal("component", component.id),)),) if asked else ()


def _components(source: Source, component: Component) -> Row:
    """What it leans on, at any depth: trouble there explains trouble here."""
    where = (matching("component", _with_below(source, component)),)
    return Row(
        BoardPart.COMPONENTS,
        Text("It and what it leans on", "Ele e aquilo em que se apoia"),
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


def _decision(source: Source) -> Panels:
    return (panels.requests(), panels.latency(source), panels.latency_heatmap(), panels.not_good_share())


def _store(store: str) -> Callable[[Source], Panels]:
    def made(source: Source) -> Panels:
        return (data.projections((equal("store", store),)), panels.consistency(source))

    return made


def _relational(source: Source) -> Panels:
    return (data.outbox_depth(source), panels.consistency(source), checks.sagas_ended(), checks.sagas_open())


def _cache(source: Source) -> Panels:
    return (data.profile_reads(), data.cache_reads(), data.cache_failures())


def _stream(source: Source) -> Panels:
    return (panels.ingest_lag(source), panels.ingestion(), data.shard_shares(), data.hot_shards())


def _processors(source: Source) -> Panels:
    return (panels.ingestion(), panels.ingest_lag(source), panels.ingest_duration())


def _relay(source: Source) -> Panels:
    return (data.outbox_depth(source), data.projections())


def _consistency(source: Source) -> Panels:
    return (
        panels.consistency(source),
        data.reading_age(source),
        data.divergences(24),
        checks.coverage(),
        checks.unchecked(source),
        checks.found(),
        checks.repairs(),
        checks.anomalies(),
    )


_OWN: Mapping[str, Callable[[Source], Panels]] = {
    "prober": lambda source: (data.probes(),),
    "api-gateway": lambda source: (http.by_route(), http.throttled(source)),
    "decision-api": _decision,
    "decision-engine": _decision,
    "aurora": _relational,
    "dynamodb": _store("hot"),
    "keyspaces": _store("wide"),
    "redis": _cache,
    "kinesis": _stream,
    "lambda-processors": _processors,
    "outbox-relay": _relay,
    "consistency-checker": _consistency,
}
_BY_KIND: Mapping[str, Callable[[Source], Panels]] = {
    "api": lambda source: (http.by_route(), http.latency_by_route()),
    "service": _decision,
    "store": _relational,
    "cache": _cache,
    "stream": _stream,
    "function": _processors,
}

_AWS: Mapping[str, tuple[str, Text, AwsMetric, Unit]] = {
    "aurora": (
        "aws-connections",
        Text("Database connections", "Conexões do banco"),
        AwsMetric("AWS/RDS", "DatabaseConnections", (("DBClusterIdentifier", "mirante"),), "Maximum"),
        Unit.COUNT,
    ),
    "dynamodb": (
        "aws-throttles",
        Text("Throttled writes", "Gravações limitadas"),
        AwsMetric("AWS/DynamoDB", "WriteThrottleEvents", (("TableName", "credit-hot-data"),), "Sum"),
        Unit.COUNT,
    ),
    "keyspaces": (
        "aws-throttles",
        Text("Throttled writes", "Gravações limitadas"),
        AwsMetric(
            "AWS/Cassandra",
            "WriteThrottleEvents",
            (("Keyspace", "creditplatform"), ("TableName", "creditdata")),
            "Sum",
        ),
        Unit.COUNT,
    ),
    "redis": (
        "aws-evictions",
        Text("Evictions", "Despejos"),
        AwsMetric("AWS/ElastiCache", "Evictions", (("CacheClusterId", "mirante-001"),), "Sum"),
        Unit.COUNT,
    ),
    "kinesis": (
        "aws-iterator-age",
        Text("Age of the oldest record read", "Idade do registro mais antigo lido"),
        AwsMetric(
            "AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", (("StreamName", "mirante"),), "Maximum"
        ),
        Unit.NONE,
    ),
    "lambda-processors": (
        "aws-errors",
        Text("Function errors", "Erros da função"),
        AwsMetric("AWS/Lambda", "Errors", (("FunctionName", "mirante-ingest"),), "Sum"),
        Unit.COUNT,
    ),
}
"""What AWS itself emits for each component: the reviewed list that the truth gates allow."""


def _aws(component: Component) -> Panels:
    found = _AWS.get(component.id)
    if found is None:
        return ()
    name, title, metric, unit = found
    return (http.aws_metric(name, title, ((metric, title),), unit),)
