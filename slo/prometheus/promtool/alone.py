"""Queries that answer although no series exists: ``sum(x) or vector(0)``.

What they record is there in every test, so a test that feeds recorded counts feeds them under a label of its
own, beside it.
"""

from __future__ import annotations

import promql_parser

from slo.model.promql import PROBE_WINDOW, with_window
from slo.model.spec import Slo
from slo.prometheus.promtool.groups import recorded_group

_ALWAYS = ("vector", "time", "absent", "absent_over_time", "scalar")
APART = {"fed_by": "test"}


def fed_labels(slo: Slo) -> dict[str, str]:
    """What recorded counts that a test feeds carry beside the objective's labels."""
    apart = APART if any(answers_alone(metric.query) for metric in slo.indicator.queries.values()) else {}
    return {**recorded_group(slo), **apart}


def answers_alone(query: str) -> bool:
    return _alone(promql_parser.parse(with_window(query, PROBE_WINDOW)))


def _alone(node: object) -> bool:
    if isinstance(node, promql_parser.NumberLiteral):
        return True
    if isinstance(node, promql_parser.ParenExpr | promql_parser.UnaryExpr | promql_parser.AggregateExpr):
        return _alone(node.expr)
    if isinstance(node, promql_parser.SubqueryExpr):
        return _alone(node.expr)
    if isinstance(node, promql_parser.Call):
        return node.func.name in _ALWAYS or any(_alone(argument) for argument in node.args[:1])
    if isinstance(node, promql_parser.BinaryExpr):
        left, right = _alone(node.lhs), _alone(node.rhs)
        if str(node.op) == "or":
            return left or right
        return left if str(node.op) == "unless" else left and right
    return False
