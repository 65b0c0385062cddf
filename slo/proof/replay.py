"""A rule set evaluated over history, as Prometheus would have, one rule for the whole time at once.

What counts events is asked of ``RuleHistory`` once and shared by every rule that counts the same; what rules
record is computed here. A rule sees what another one recorded at the same instant; recording groups of
several intervals are evaluated at every step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

import promql_parser as promql

from slo.model.promql import LabelMatcher, Selector, as_selector, bare, quoted
from slo.proof.columns import (
    NO_LABELS,
    Axis,
    Column,
    Vector,
    best_over,
    joined,
    mapped,
    summed,
    sums_over,
    with_labels,
)
from slo.proof.errors import NotReplayed, Unsupported
from slo.proof.operators import Matching, Value, aggregated, combined, set_combined

Rule = Mapping[str, object]
COUNTING = ("rate", "increase", "count_over_time", "sum_over_time")
OVER_RECORDED = ("sum", "count", "avg", "min", "max", "last", "present")


class RuleHistory(Protocol):
    """What was, at every evaluation of ``axis``."""

    @property
    def axis(self) -> Axis: ...

    def counted(self, function: str, selector: str, grouping: str | None, window: timedelta) -> Vector:
        """``sum <grouping>(increase(selector[window]))``, or ungrouped where that is ``None``.

        ``function``: ``increase``, ``count_over_time`` or ``sum_over_time``.
        """
        ...

    def asked(self, expr: str, longest: timedelta) -> Vector:
        """Anything else; ``longest`` is the longest range in it."""
        ...


class RuleReplay:
    def __init__(self, rules: Sequence[Rule], history: RuleHistory) -> None:
        self._history, self.axis = history, history.axis
        self._records: dict[str, list[Rule]] = {}
        for rule in rules:
            if rule.get("record"):
                self._records.setdefault(str(rule["record"]), []).append(rule)
        self._known: dict[int, Vector] = {}
        self._running: set[int] = set()

    def vector(self, expr: str) -> Vector:
        """
        Raises:
            NotReplayed: nothing here or at the server can evaluate it.
            SourceError: the server cannot be asked.
        """
        try:
            found = self._value(promql.parse(expr))
        except ValueError as error:
            raise NotReplayed(expr, f"it is not PromQL: {error}") from error
        except Unsupported as error:
            raise NotReplayed(expr, f"{error} is not supported") from error
        return {NO_LABELS: [found] * self.axis.count} if isinstance(found, float) else found

    def recorded(self, name: str) -> Vector:
        """Everything recorded under a name."""
        found: Vector = {}
        for rule in self._records.get(name, ()):
            for labels, column in self._of_rule(rule).items():
                found[labels] = joined(found[labels], column) if labels in found else column
        return found

    def forget(self) -> None:
        """Let go of what was computed."""
        self._known.clear()

    def _value(self, node: object) -> Value:
        try:
            return self._evaluated(node)
        except Unsupported:
            if self._reads_recorded(node):
                raise
            return self._history.asked(_text(node), _longest(node))

    def _evaluated(self, node: object) -> Value:
        if isinstance(node, promql.ParenExpr):
            return self._value(node.expr)
        if isinstance(node, promql.NumberLiteral):
            return float(node.val)
        if isinstance(node, promql.UnaryExpr):
            value = self._value(node.expr)
            return -value if isinstance(value, float) else mapped(value, lambda v: -v)
        if isinstance(node, promql.BinaryExpr):
            return self._binary(node)
        if isinstance(node, promql.AggregateExpr):
            return self._aggregate(node)
        if isinstance(node, promql.Call):
            return self._call(node)
        if isinstance(node, promql.VectorSelector) and node.name in self._records:
            return self._selected(_selector(node))
        raise Unsupported(type(node).__name__)

    def _binary(self, node: promql.BinaryExpr) -> Value:
        op, matching, as_bool = str(node.op), *_matching(node.modifier)
        left, right = self._value(node.lhs), self._value(node.rhs)
        if op not in ("and", "or", "unless"):
            return combined(op, left, right, matching, as_bool)
        if isinstance(left, float) or isinstance(right, float):
            raise Unsupported(f"{op} of a number")
        return set_combined(op, left, right, matching)

    def _aggregate(self, node: promql.AggregateExpr) -> Value:
        op, inner = str(node.op), bare(node.expr)
        labels, without = None, False
        if node.modifier is not None:
            labels = list(node.modifier.labels)
            without = node.modifier.type == promql.AggModifierType.Without
        counting = self._counting(inner)
        if op == "sum" and counting is not None:
            return self._counted(*counting, "" if node.modifier is None else f"{node.modifier} ")
        if counting is not None or not self._local(inner):
            raise Unsupported(f"aggregation {op} of series")
        value = self._value(inner)
        if isinstance(value, float) or node.param is not None:
            raise Unsupported(f"aggregation {op}")
        return aggregated(op, value, labels, without)

    def _call(self, node: promql.Call) -> Value:
        name, args = node.func.name, list(node.args)
        counting = self._counting(node)
        if counting is not None:
            return self._counted(*counting, None)
        if name == "vector":
            value = self._value(args[0])
            if isinstance(value, float):
                return {NO_LABELS: [value] * self.axis.count}
        if name in ("clamp_min", "clamp_max", "clamp", "abs"):
            return self._clamped(name, args)
        if name in ("absent", "absent_over_time") and self._reads_recorded(node):
            vector = self._as_vector(args[0]) if name == "absent" else self._over_time("present", args[0])
            present = summed(list(vector.values())) or self.axis.empty()
            return {NO_LABELS: [1.0 if value is None else None for value in present]}
        if name.endswith("_over_time") and self._reads_recorded(node):
            return self._over_time(name.removesuffix("_over_time"), args[0])
        raise Unsupported(f"function {name}")

    def _clamped(self, name: str, args: Sequence[object]) -> Value:
        vector = self._as_vector(args[0])
        bounds = [self._value(arg) for arg in args[1:]]
        if not all(isinstance(bound, float) for bound in bounds):
            raise Unsupported(f"{name} whose bound is a vector")
        low = bounds[0] if name in ("clamp", "clamp_min") else -math.inf
        high = bounds[-1] if name in ("clamp", "clamp_max") else math.inf
        assert isinstance(low, float)
        assert isinstance(high, float)
        if name == "abs":
            return mapped(vector, abs)
        return mapped(vector, lambda v: v if math.isnan(v) else max(low, min(high, v)))

    def _as_vector(self, node: object) -> Vector:
        value = self._value(node)
        if isinstance(value, float):
            raise Unsupported("a number for a vector")
        return value

    def _over_time(self, what: str, argument: object) -> Vector:
        """Of recorded series: ``sum_over_time(x[1h])``, or of a subquery of them."""
        node, every = bare(argument), None
        length: timedelta | None
        if isinstance(node, promql.MatrixSelector):
            vector, length = self._selected(_selector(node.vector_selector)), node.range
        elif isinstance(node, promql.SubqueryExpr) and node.offset is None and node.at is None:
            vector, length = self._as_vector(node.expr), node.range
            every = None if node.step is None else self._multiples(node.step)
        else:
            raise Unsupported(f"{what}_over_time of {type(node).__name__}")
        if length is None or what not in OVER_RECORDED:
            raise Unsupported(f"{what}_over_time")
        steps = self.axis.steps(length) + 1  # a range includes both its ends (until 3.0)
        return {labels: _over(what, column, steps, every) for labels, column in vector.items()}

    def _multiples(self, step: timedelta) -> list[bool]:
        seconds, size = self.axis.step.total_seconds(), step.total_seconds()
        first = self.axis.start.timestamp()
        return [(first + index * seconds) % size == 0 for index in range(self.axis.count)]

    def _selected(self, selector: Selector) -> Vector:
        found: Vector = {}
        for rule in self._records[selector.name]:
            static = _static(rule)
            if any(m.name in static and not _matches(m, static) for m in selector.matchers):
                continue
            for labels, column in self._of_rule(rule).items():
                if all(_matches(matcher, dict(labels)) for matcher in selector.matchers):
                    found[labels] = joined(found[labels], column) if labels in found else column
        return found

    def _of_rule(self, rule: Rule) -> Vector:
        if id(rule) not in self._known:
            if id(rule) in self._running:
                raise NotReplayed(str(rule["record"]), "it reads what it records itself")
            self._running.add(id(rule))
            try:
                self._known[id(rule)] = with_labels(self.vector(str(rule["expr"])), _static(rule))
            finally:
                self._running.discard(id(rule))
        return self._known[id(rule)]

    def _counting(self, node: object) -> tuple[str, Selector, timedelta] | None:
        """``rate(x[w])`` and the like, of series that no rule here records."""
        node = bare(node)
        if not isinstance(node, promql.Call) or node.func.name not in COUNTING:
            return None
        matrix = bare(node.args[0])
        if not isinstance(matrix, promql.MatrixSelector):
            return None
        vector = matrix.vector_selector
        if vector.offset is not None or vector.at is not None or vector.name in self._records:
            return None
        return node.func.name, _selector(vector), matrix.range

    def _counted(self, function: str, selector: Selector, window: timedelta, grouping: str | None) -> Vector:
        asked = "increase" if function == "rate" else function
        vector = self._history.counted(asked, selector.text, grouping, window)
        if function != "rate":
            return vector
        seconds = window.total_seconds()
        return mapped(vector, lambda value: value / seconds)

    def _local(self, node: object) -> bool:
        return self._reads_recorded(node) or not _selectors(node) or _has_range(node)

    def _reads_recorded(self, node: object) -> bool:
        return any(selector.name in self._records for selector in _selectors(node))


def _over(what: str, column: Column, steps: int, every: Sequence[bool] | None) -> Column:
    if what in ("min", "max"):
        kept = column if every is None else [v if e else None for v, e in zip(column, every, strict=True)]
        better: Callable[[float, float], bool] = (
            (lambda a, b: a < b) if what == "min" else (lambda a, b: a > b)
        )
        return best_over(kept, steps, better)
    sums, counts = sums_over(column, steps, every)
    if what == "sum":
        return sums
    if what == "count":
        return counts
    if what == "present":
        return [None if count is None else 1.0 for count in counts]
    if what == "last":
        return best_over(column, steps, lambda a, b: False)
    return [None if s is None or c is None else s / c for s, c in zip(sums, counts, strict=True)]


def _static(rule: Rule) -> dict[str, str]:
    labels = rule.get("labels") or {}
    assert isinstance(labels, Mapping)
    return {str(key): str(value) for key, value in labels.items()}


def _selector(node: promql.VectorSelector) -> Selector:
    """As it is written: our own rules say already that an edge is a number, another tool's do not."""
    return replace(as_selector(node, False), text=_text(node))


def _matches(matcher: LabelMatcher, labels: Mapping[str, str]) -> bool:
    """Text by text, as the server does: an ``le`` of another spelling is another one."""
    if matcher.op in ("=", "!="):
        return (labels.get(matcher.name, "") == matcher.value) is (matcher.op == "=")
    return matcher.matches(labels)


def _text(node: object) -> str:
    """As it may be asked: the parser writes label values without what they escape."""
    text = str(node)
    for vector in _selectors(node):
        for matcher in as_selector(vector, False).matchers:
            written = f"{matcher.name}{matcher.op}"
            text = text.replace(f'{written}"{matcher.value}"', written + quoted(matcher.value))
    return text


def _visited(node: object) -> list[object]:
    found: list[object] = []
    promql.walk(node, found.append)  # type: ignore[arg-type]
    return found


def _selectors(node: object) -> list[promql.VectorSelector]:
    return [each for each in _visited(node) if isinstance(each, promql.VectorSelector)]


def _has_range(node: object) -> bool:
    return any(isinstance(each, promql.MatrixSelector | promql.SubqueryExpr) for each in _visited(node))


def _longest(node: object) -> timedelta:
    ranges = [
        each.range for each in _visited(node) if isinstance(each, promql.MatrixSelector | promql.SubqueryExpr)
    ]
    return max((length for length in ranges if length is not None), default=timedelta(0))


def _matching(modifier: promql.BinModifier | None) -> tuple[Matching, bool]:
    if modifier is None:
        return Matching(), False
    if modifier.card == promql.VectorMatchCardinality.OneToMany:
        raise Unsupported("group_right")
    many = modifier.card == promql.VectorMatchCardinality.ManyToOne
    own, included = modifier.matching, tuple(modifier.group_labels or ())
    if own is None:
        return Matching(many_left=many, included=included), bool(modifier.return_bool)
    on = own.type == promql.LabelModifierType.Include
    return Matching(tuple(own.labels), on, many, included), bool(modifier.return_bool)
