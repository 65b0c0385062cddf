"""Every CloudWatch metric that a board or an alarm reads is emitted by somebody, with those dimensions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from alarms.generate.cloudwatch import logs
from alarms.generate.cloudwatch.every_alarm import every_alarm
from app.bootstrap import roles as served
from app.bootstrap.cloudwatch import DECLARED
from dashboards.cloudwatch.body import body
from dashboards.model.addresses import Deployment
from exporters.cloudwatch.namespace import ENVIRONMENT as ENVIRONMENT_DIMENSION
from exporters.cloudwatch.namespace import NAMESPACE, dimensions
from foundation.metrics import MetricKind
from slo.model.conventions import CLOUDWATCH_NAMESPACE
from tests.support.catalogues import ENVIRONMENT, shipped, shipped_boards, shipped_source, shipped_watched
from tests.support.replay import series_of
from tests.support.replay_table import SCENARIOS

REVIEWED = Path(__file__).with_name("emitted_by_aws.yaml")
OURS = (NAMESPACE, logs.NAMESPACE, CLOUDWATCH_NAMESPACE)
SEARCH = re.compile(r"SEARCH\('\{([^}]+)\} ([^']+)'")
SELECT = re.compile(r'SELECT \w+\("([^"]+)"\) FROM SCHEMA\("([^"]+)", ([^)]+)\) WHERE (.*?) GROUP BY')
TERM = re.compile(r'(?<!NOT )\b(\w+)="([^"]*)"')
CONDITION = re.compile(r"(\w+) = '([^']*)'")
SERIES = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*")')


@dataclass(frozen=True)
class Read:
    """``fixed`` are the dimensions whose value is named."""

    namespace: str
    metric: str
    dimensions: frozenset[str]
    fixed: frozenset[tuple[str, str]]


def reads_of(text: str) -> Iterator[Read]:
    """What an expression of metric math reads."""
    for schema, terms in SEARCH.findall(text):
        namespace, *names = schema.split(",")
        told = dict(TERM.findall(terms))
        metric = told.pop("MetricName")
        yield Read(namespace, metric, frozenset(names), frozenset(told.items()))
    for metric, namespace, names, where in SELECT.findall(text):
        yield Read(namespace, metric, frozenset(names.split(", ")), frozenset(CONDITION.findall(where)))


def reads_in(value: Any) -> Iterator[Read]:
    """Everything that a body or the arguments of an alarm read."""
    if isinstance(value, str):
        yield from reads_of(value)
    elif isinstance(value, Mapping):
        if "MetricName" in value and "Namespace" in value:
            told = {one["Name"]: one["Value"] for one in value.get("Dimensions", ())}
            yield Read(value["Namespace"], value["MetricName"], frozenset(told), frozenset(told.items()))
        for inner in value.values():
            yield from reads_in(inner)
    elif isinstance(value, list):
        if len(value) >= 2 and all(isinstance(one, str) for one in value[:2]) and "/" in value[0]:
            names = [one for one in value[2:] if isinstance(one, str)]
            told = dict(zip(names[::2], names[1::2], strict=True))
            yield Read(value[0], value[1], frozenset(told), frozenset(told.items()))
        for inner in value:
            yield from reads_in(inner)


@cache
def everything_read() -> frozenset[Read]:
    bodies = [body(board, Deployment(ENVIRONMENT)) for board in shipped_boards()]
    return frozenset([*reads_in(bodies), *reads_in(every_alarm(shipped(), shipped_watched(), ENVIRONMENT))])


@cache
def emitted() -> Mapping[str, list[dict[str, str]]]:
    """Series of our own by name, each with its labels, over all scenarios of the replay."""
    found: dict[str, list[dict[str, str]]] = {}
    for scenario, _ in SCENARIOS.values():
        for text, _ in series_of(scenario):
            name, _, labels = text.partition("{")
            found.setdefault(name, []).append({k: json.loads(v) for k, v in SERIES.findall(labels)})
    return found


def own_problem(read: Read) -> str | None:
    """Why nobody emits this of ours; None when it is emitted."""
    spec = next((one for one in DECLARED if one.name == read.metric), None)
    if spec is None:
        return "not declared"
    if read.dimensions != set(dimensions(spec.labels)):
        return f"is published with {sorted(dimensions(spec.labels))}"
    told = {name: value for name, value in read.fixed if name != ENVIRONMENT_DIMENSION}
    name = f"{spec.name}_count" if spec.kind is MetricKind.HISTOGRAM else spec.name
    if any(told.items() <= labels.items() for labels in emitted().get(name, ())):
        return None
    return f"was never emitted with {told}"


def reviewed_of_aws() -> dict[tuple[str, str], frozenset[str]]:
    entries = yaml.safe_load(REVIEWED.read_text(encoding="utf-8"))
    return {(one["namespace"], one["metric"]): frozenset(one["dimensions"]) for one in entries}


def test_what_is_read_of_our_own_was_emitted_in_the_replay_with_these_dimensions() -> None:
    own = [read for read in everything_read() if read.namespace == NAMESPACE]
    assert len({read.metric for read in own}) > 30
    assert {read: own_problem(read) for read in own if own_problem(read)} == {}


def test_what_is_read_of_logs_is_what_a_metric_filter_makes() -> None:
    made = {
        one["metricName"]
        for each in logs.metric_filters(shipped_watched(), ENVIRONMENT)
        for one in each["metricTransformations"]  # type: ignore[attr-defined]
    }
    read = {one.metric for one in everything_read() if one.namespace == logs.NAMESPACE}
    assert read == made


def test_what_is_read_of_the_ledger_is_both_counts_of_every_objective() -> None:
    """Published a minute each, as docs/cloudwatch-alarms.md says."""
    read = {
        (one.metric, dict(one.fixed)["Slo"], dict(one.fixed)["Objective"])
        for one in everything_read()
        if one.namespace == CLOUDWATCH_NAMESPACE
    }
    assert read == {
        (metric, slo.id, objective.name)
        for slo, objective in shipped_source().objectives()
        for metric in ("GoodEvents", "TotalEvents")
    }


def test_a_role_whose_silence_alarms_is_one_that_can_be_served() -> None:
    assert {side.speaker for side in shipped_watched().sides} <= served.ROLES.keys()


def test_what_is_read_of_aws_is_the_reviewed_list_no_more_and_no_less() -> None:
    foreign = {
        (read.namespace, read.metric): read.dimensions
        for read in everything_read()
        if read.namespace not in OURS
    }
    assert foreign == reviewed_of_aws()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("SEARCH('{Mirante,environment} MetricName=\"credit_ghost_total\"', 'Sum', 60)", "not declared"),
        (
            "SEARCH('{Mirante,environment} MetricName=\"credit_decisions_total\"', 'Sum', 60)",
            "is published with",
        ),
        (
            'SEARCH(\'{Mirante,environment,outcome} MetricName="credit_decision_requests_total" '
            'environment="test" outcome="grand"\', \'Sum\', 60)',
            "was never emitted with {'outcome': 'grand'}",
        ),
        (
            'SELECT SUM("http_requests_total") FROM SCHEMA("Mirante", environment, method, route, status) '
            "WHERE environment = 'test' AND status = '999' GROUP BY route",
            "was never emitted with {'status': '999'}",
        ),
    ],
)
def test_a_metric_a_dimension_or_a_value_that_nobody_emits_is_seen(text: str, problem: str) -> None:
    (read,) = reads_of(text)
    assert problem in (own_problem(read) or "")
