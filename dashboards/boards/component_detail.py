"""The platform's components: beside what each is short of, what it does, by our own metrics and by AWS's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from dashboards.boards.panels import consistency as checks
from dashboards.boards.panels import data, http
from dashboards.boards.panels import platform as panels
from dashboards.model.board import Board, Panel
from dashboards.model.palette import Unit
from dashboards.model.query import AwsMetric, equal
from dashboards.standard.component_detail import board
from dashboards.standard.source import Source
from foundation.bilingual import Text
from slo.model.entities import Component

Panels = tuple[Panel, ...]


def boards(source: Source) -> Iterator[Board]:
    for component in source.components:
        own = _OWN.get(component.id) or _BY_KIND.get(component.kind)
        more = own(source) if own is not None else ()
        yield board(source, component, (*more, *_aws(component)))


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
