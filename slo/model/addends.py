"""A query as the counts that it adds and subtracts, since a count whose series is missing means one of two
things: of outcomes it is 0 (nothing failed yet), of a bucket it is unknown (the edge does not exist)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import promql_parser as promql

from slo.model.edges import LABEL
from slo.model.promql import bare, with_window

_STAND_IN = "6m59s"  # a range nobody writes
_WINDOW = "{{.window}}"
_INDENTED = re.compile(r"\n\s*")  # a string has no line break of its own once it is printed


@dataclass(frozen=True, slots=True)
class Addend:
    """``sign`` times what ``query`` counts. ``is_bucket``: it counts buckets of a classic histogram."""

    sign: int
    query: str
    is_bucket: bool


@lru_cache(maxsize=8192)
def addends(query: str) -> tuple[Addend, ...]:
    """One of the query's own text where it adds nothing up, or by a matching of its own."""
    tree = promql.parse(with_window(query, _STAND_IN))
    found = tuple(_added(tree, 1))
    if len(found) == 1 and found[0][1] is tree:
        return (Addend(1, query, _has_bucket(tree)),)
    return tuple(Addend(sign, _text(node), _has_bucket(node)) for sign, node in found)


def is_zero_vector(node: object) -> bool:
    """Whether it is ``vector(0)``."""
    node = bare(node)
    if not isinstance(node, promql.Call) or node.func.name != "vector":
        return False
    argument = node.args[0]
    return isinstance(argument, promql.NumberLiteral) and float(argument.val) == 0


def _added(node: object, sign: int) -> Iterator[tuple[int, object]]:
    """``or vector(0)`` after a bucket is left out: it would turn what is not known into a 0."""
    inner = bare(node)
    if isinstance(inner, promql.BinaryExpr) and str(inner.op) == "or" and is_zero_vector(inner.rhs):
        if _has_bucket(inner.lhs):
            yield from _added(inner.lhs, sign)
            return
    elif isinstance(inner, promql.BinaryExpr) and str(inner.op) in ("+", "-") and inner.modifier is None:
        sides = (inner.lhs, inner.rhs)
        if not any(isinstance(side, promql.NumberLiteral) for side in sides):
            yield from _added(inner.lhs, sign)
            yield from _added(inner.rhs, sign if str(inner.op) == "+" else -sign)
            return
    yield sign, node


def _text(node: object) -> str:
    assert isinstance(node, promql.Expr)
    return _INDENTED.sub(" ", node.prettify()).replace(_STAND_IN, _WINDOW)


def _has_bucket(node: object) -> bool:
    assert isinstance(node, promql.Expr)
    visited: list[object] = []
    promql.walk(node, visited.append)
    return any(
        matcher.name == LABEL and matcher.op in (promql.MatchOp.Equal, promql.MatchOp.Re)
        for found in visited
        if isinstance(found, promql.VectorSelector)
        for matcher in found.matchers.matchers
    )
