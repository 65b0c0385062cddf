"""A query as ``constant + sum of coefficient x selector``, where it is one: then its value can be chosen.

Counting queries are linear in their counters; a raw ratio such as ``1 - metric`` is affine in its gauge.
Anything else (a quotient, a quantile) has no such form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import promql_parser

from slo.model.promql import PROBE_WINDOW, Selector, as_selector, with_window

_COUNTERS = ("increase", "rate")
_SAMPLES = ("avg_over_time", "max_over_time", "min_over_time", "last_over_time")
_AGGREGATES = ("sum", "avg", "max", "min")


@dataclass(frozen=True, slots=True)
class Affine:
    constant: float = 0.0
    terms: Mapping[Selector, float] = field(default_factory=dict)

    def plus(self, other: Affine, sign: float) -> Affine:
        terms = dict(self.terms)
        for selector, coefficient in other.terms.items():
            terms[selector] = terms.get(selector, 0.0) + sign * coefficient
        return Affine(self.constant + sign * other.constant, terms)

    def times(self, factor: float) -> Affine:
        return Affine(self.constant * factor, {s: c * factor for s, c in self.terms.items()})


@lru_cache(maxsize=64)
def affine(query: str) -> Affine | None:
    """The form of a query with its window still a placeholder; rates count per second as events do."""
    return _form(promql_parser.parse(with_window(query, PROBE_WINDOW)))


def _form(node: object) -> Affine | None:
    if isinstance(node, promql_parser.ParenExpr):
        return _form(node.expr)
    if isinstance(node, promql_parser.NumberLiteral):
        return Affine(float(node.val))
    if isinstance(node, promql_parser.VectorSelector):
        return Affine(0.0, {as_selector(node, False): 1.0}) if node.offset is None else None
    if isinstance(node, promql_parser.AggregateExpr):
        return _form(node.expr) if str(node.op) in _AGGREGATES and node.param is None else None
    if isinstance(node, promql_parser.Call):
        return _call(node)
    if isinstance(node, promql_parser.UnaryExpr):
        inner = _form(node.expr)
        return None if inner is None else inner.times(-1.0)
    return _binary(node) if isinstance(node, promql_parser.BinaryExpr) else None


def _call(node: promql_parser.Call) -> Affine | None:
    name = node.func.name
    if name == "vector":
        return _form(node.args[0])
    if name in (*_COUNTERS, *_SAMPLES) and isinstance(node.args[0], promql_parser.MatrixSelector):
        vector = node.args[0].vector_selector
        return Affine(0.0, {as_selector(vector, True): 1.0}) if vector.offset is None else None
    return None


def _binary(node: promql_parser.BinaryExpr) -> Affine | None:
    left = _form(node.lhs)
    if str(node.op) == "or":
        return left
    right = _form(node.rhs)
    if left is None or right is None:
        return None
    if str(node.op) in ("+", "-"):
        return left.plus(right, 1.0 if str(node.op) == "+" else -1.0)
    if str(node.op) == "*" and not right.terms:
        return left.times(right.constant)
    if str(node.op) == "*" and not left.terms:
        return right.times(left.constant)
    if str(node.op) == "/" and not right.terms and right.constant:
        return left.times(1 / right.constant)
    return None
