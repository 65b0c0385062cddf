"""What each rule costs a Prometheus: the samples that one evaluation reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import promql_parser as promql

from foundation.quantities import parse_duration
from slo.ledger.prometheus_queries import PrometheusQueries
from slo.model.spec import Slo
from slo.prometheus.rules import rule_file

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class RuleCost:
    """``samples`` of one evaluation, ``each`` so often. ``measured`` by the server, or else worked out from
    the ranges of what rules record every minute."""

    rule: str
    samples: int
    each: timedelta
    measured: bool

    @property
    def per_minute(self) -> float:
        return self.samples * (MINUTE / self.each)


def costs(slo: Slo, environment: str, server: PrometheusQueries, now: datetime) -> Iterator[RuleCost]:
    """Of every rule; a server that keeps no statistics tells 0 for what it would measure.

    Raises:
        SourceError: the server cannot be asked.
    """
    groups = rule_file(slo, environment)["groups"]
    assert isinstance(groups, list)
    recorded = {str(rule["record"]) for group in groups for rule in group["rules"] if rule.get("record")}
    label_sets = 1
    for group in groups:
        each = parse_duration(str(group.get("interval", "1m"))) or MINUTE
        for rule in group["rules"]:
            name, expr = str(rule.get("record") or rule["alert"]), str(rule["expr"])
            reads = list(_reads(promql.parse(expr), recorded))
            if reads:
                yield RuleCost(name, sum(reads) * label_sets, each, False)
                continue
            samples, results = _measured(server, expr, now)
            label_sets = max(label_sets, results)
            yield RuleCost(name, samples, each, True)


def _reads(node: object, recorded: set[str]) -> Iterator[int]:
    """Samples of one label set: a minute's recording each."""
    visited: list[object] = []
    promql.walk(node, visited.append)  # type: ignore[arg-type]
    for before, each in zip([None, *visited], visited, strict=False):
        if not isinstance(each, promql.VectorSelector) or each.name not in recorded:
            continue
        if isinstance(before, promql.MatrixSelector):
            yield before.range // MINUTE + 1
        elif isinstance(before, promql.SubqueryExpr) and before.range is not None:
            yield before.range // (before.step or MINUTE) + 1
        else:
            yield 1


def _measured(server: PrometheusQueries, expr: str, now: datetime) -> tuple[int, int]:
    asked: Mapping[str, str] = {"query": expr, "time": f"{now.timestamp():.3f}", "stats": "1"}
    data = server.ask("query", asked)
    try:
        results = len(data["result"]) if data["resultType"] == "vector" else 1
        return int(data["stats"]["samples"]["totalQueryableSamples"]), results
    except (LookupError, TypeError, ValueError):
        return 0, 1
