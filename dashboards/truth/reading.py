"""What a PromQL text reads: each series with the labels that are matched or grouped on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import promql_parser
from promql_parser import AggModifierType

from dashboards.model.promql import substitute

PLACEHOLDERS = {"__rate_interval": "5m", "__interval": "1m", "environment": "x", "datasource": "x"}
_CHILDREN = ("lhs", "rhs", "expr", "vector_selector")


@dataclass(frozen=True, slots=True)
class Reading:
    """``labels`` are those matched in the selector, and those that aggregations above it keep."""

    series: str
    labels: frozenset[str]


@lru_cache(maxsize=4096)
def readings(text: str) -> tuple[Reading, ...]:
    """Every selector of the expression.

    Raises:
        ValueError: the text is not PromQL.
    """
    return tuple(_walk(promql_parser.parse(substitute(text, PLACEHOLDERS)), frozenset()))


def _walk(node: object, kept: frozenset[str]) -> Iterator[Reading]:
    if isinstance(node, promql_parser.VectorSelector):
        matchers = node.matchers.matchers
        name = node.name or next((m.value for m in matchers if m.name == "__name__"), "")
        matched = {m.name for m in matchers if m.name != "__name__"}
        yield Reading(name, kept | matched)
        return
    if isinstance(node, promql_parser.AggregateExpr):
        kept = _grouped(node) or frozenset()
    for child in _CHILDREN:
        inner = getattr(node, child, None)
        if inner is not None:
            yield from _walk(inner, kept)
    for argument in getattr(node, "args", None) or ():
        yield from _walk(argument, kept)


def _grouped(node: promql_parser.AggregateExpr) -> frozenset[str] | None:
    modifier = node.modifier
    if modifier is None or modifier.type != AggModifierType.By:
        return None
    return frozenset(modifier.labels)
