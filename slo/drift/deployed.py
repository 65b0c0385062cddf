"""Which of our recording rules a Prometheus has loaded: https://prometheus.io/docs/prometheus/latest/querying/api/#rules

Asked only where something differs, as the answer holds every rule of the server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import promql_parser

from slo.ledger.prometheus_queries import PrometheusQueries
from slo.model import conventions as names
from slo.model.errors import SourceError
from slo.model.spec import Objective, Slo
from slo.prometheus.records import record_groups

_TEXT = r'"(?:[^"\\]|\\.)*"'
_MATCHER = re.compile(rf"\w+(?:=~|!~|!=|=){_TEXT}")
_MATCHERS = re.compile(rf"\{{(?:[^{{}}\"]|{_TEXT})*\}}")
Place = tuple[str, str, str, str]
"""Environment, SLO, objective and recorded name."""


@dataclass(frozen=True, slots=True)
class LoadedRule:
    """``fault`` is what the server says of its last evaluation; "": it went well."""

    query: str
    fault: str


@dataclass(frozen=True, slots=True)
class LoadedRules:
    """``None`` in ``rules``: the server does not tell."""

    rules: Mapping[Place, LoadedRule] | None

    def fault(self, slo: Slo, objective: Objective, environment: str) -> str | None:
        """The first failing rule of an objective, in words."""
        for place, rule in (self.rules or {}).items():
            if place[:3] == (environment, slo.id, objective.name) and rule.fault:
                return f"{place[3]}: {rule.fault}"
        return None

    def differs(self, slo: Slo, objective: Objective, environment: str) -> str | None:
        """The first rule that is not as it is generated from this definition: its name. ``None``: all are, or
        the server does not tell."""
        if self.rules is None:
            return None
        for record, query in _generated(slo, objective, environment):
            rule = self.rules.get((environment, slo.id, objective.name, record))
            if rule is not None and not same_query(rule.query, query):
                return record
        return None


def read_deployed(server: PrometheusQueries) -> LoadedRules:
    """What cannot be told is no fault here: there are servers of this language without this question."""
    try:
        answer = server.read("rules", {"type": "record"})
        return LoadedRules(dict(_rules(answer)))
    except (SourceError, LookupError, TypeError, AttributeError):
        return LoadedRules(None)


def _rules(answer: Any) -> Iterator[tuple[Place, LoadedRule]]:
    """Those that carry all of our labels: the counts and constants, from which the others follow."""
    for group in answer["groups"]:
        for rule in group["rules"]:
            labels = rule.get("labels") or {}
            if all(
                key in labels for key in (names.LABEL_ENVIRONMENT, names.LABEL_SLO, names.LABEL_OBJECTIVE)
            ):
                place = (
                    str(labels[names.LABEL_ENVIRONMENT]),
                    str(labels[names.LABEL_SLO]),
                    str(labels[names.LABEL_OBJECTIVE]),
                    str(rule["name"]),
                )
                yield place, LoadedRule(str(rule["query"]), str(rule.get("lastError") or ""))


def _generated(slo: Slo, objective: Objective, environment: str) -> Iterator[tuple[str, str]]:
    for group in record_groups(slo, objective, environment):
        rules = group["rules"]
        assert isinstance(rules, list)
        for rule in rules:
            yield str(rule["record"]), str(rule["expr"])


def same_query(one: str, other: str) -> bool:
    """Whether two texts are the same PromQL: a server answers in its own spacing and order of matchers."""
    return _normal(one) == _normal(other)


def _normal(query: str) -> str:
    try:
        text = str(promql_parser.parse(query))
    except ValueError:
        text = "".join(query.split())
    return _MATCHERS.sub(lambda found: "{" + ",".join(sorted(_MATCHER.findall(found[0]))) + "}", text)
