"""PromQL's binary operators and aggregations over columns.

https://prometheus.io/docs/prometheus/latest/querying/operators/: matching is one to one, or many to one with
``group_left``; a comparison keeps what holds, a set operator keeps or drops whole elements.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from slo.proof.columns import NO_LABELS, Column, Labels, Vector, joined, summed
from slo.proof.errors import Unsupported

Value = Vector | float


def _divided(a: float, b: float) -> float:
    if b:
        return a / b
    return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a) * math.copysign(1, b)


def _power(a: float, b: float) -> float:
    try:
        return math.pow(a, b)
    except (ValueError, OverflowError):
        return math.nan


ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divided,
    "%": lambda a, b: math.fmod(a, b) if b and math.isfinite(a) else math.nan,
    "^": _power,
}
COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True, slots=True)
class Matching:
    """``labels`` that elements are matched ``on``, or all others if not ``on``."""

    labels: tuple[str, ...] = ()
    on: bool = False
    many_left: bool = False
    included: tuple[str, ...] = ()

    def key(self, labels: Labels) -> Labels:
        if not self.on and not self.labels:
            return labels
        return tuple(pair for pair in labels if (pair[0] in self.labels) is self.on)


def combined(op: str, left: Value, right: Value, matching: Matching, as_bool: bool = False) -> Value:
    """
    Raises:
        Unsupported: the operator, or how its sides match.
    """
    change = _change(op, as_bool)
    if isinstance(left, float) and isinstance(right, float):
        found = change(left, right)
        return math.nan if found is None else found
    if isinstance(right, float):
        assert isinstance(left, dict)
        return {labels: _each(change, column, right) for labels, column in left.items()}
    if isinstance(left, float):
        turned = _turned(change, op, as_bool)
        return {labels: _each(turned, column, left) for labels, column in right.items()}
    return _matched(change, left, right, matching, keeps=op in COMPARISONS and not as_bool)


Change = Callable[[float, float], float | None]


def _change(op: str, as_bool: bool) -> Change:
    if op in ARITHMETIC:
        return ARITHMETIC[op]
    if op not in COMPARISONS:
        raise Unsupported(f"operator {op}")
    holds = COMPARISONS[op]
    if as_bool:
        return lambda a, b: float(holds(a, b))
    return lambda a, b: a if holds(a, b) else None


def _turned(change: Change, op: str, as_bool: bool) -> Change:
    """With the vector on the right; a filter keeps the vector's value."""
    if op in COMPARISONS and not as_bool:
        holds = COMPARISONS[op]
        return lambda vector, scalar: vector if holds(scalar, vector) else None
    return lambda vector, scalar: change(scalar, vector)


def _each(change: Change, column: Column, scalar: float) -> Column:
    return [None if value is None else change(value, scalar) for value in column]


def _matched(change: Change, left: Vector, right: Vector, matching: Matching, keeps: bool) -> Vector:
    others = _by_key(right, matching)
    if not matching.many_left:
        _by_key(left, matching)
    found: Vector = {}
    for labels, column in left.items():
        other = others.get(matching.key(labels))
        if other is None:
            continue
        result: Column = [
            None if a is None or b is None else change(a, b) for a, b in zip(column, other[1], strict=True)
        ]
        key = _result(labels, other[0], matching, keeps)
        found[key] = joined(found[key], result) if key in found else result
    return found


def _by_key(vector: Vector, matching: Matching) -> dict[Labels, tuple[Labels, Column]]:
    found: dict[Labels, tuple[Labels, Column]] = {}
    for labels, column in vector.items():
        key = matching.key(labels)
        if key in found:
            raise Unsupported(f"several elements of one side match {dict(key)}")
        found[key] = (labels, column)
    return found


def _result(left: Labels, right: Labels, matching: Matching, keeps: bool) -> Labels:
    if matching.many_left:
        added = {key: value for key, value in right if key in matching.included}
        return tuple(sorted({**dict(left), **added}.items()))
    return left if keeps and not matching.on else matching.key(left)


def set_combined(op: str, left: Vector, right: Vector, matching: Matching) -> Vector:
    """``and``, ``unless``, ``or``."""
    if op == "or":
        return _either(left, right, matching)
    others = _present(right, matching)
    wanted = op == "and"
    found: Vector = {}
    for labels, column in left.items():
        there = others.get(matching.key(labels))
        if there is None:
            if not wanted:
                found[labels] = column
            continue
        found[labels] = [value if here is wanted else None for value, here in zip(column, there, strict=True)]
    return found


def _either(left: Vector, right: Vector, matching: Matching) -> Vector:
    taken = _present(left, matching)
    found = dict(left)
    for labels, column in right.items():
        there = taken.get(matching.key(labels))
        rest = column if there is None else [
            None if here else value for value, here in zip(column, there, strict=True)
        ]  # fmt: skip
        found[labels] = joined(found[labels], rest) if labels in found else rest
    return found


def _present(vector: Vector, matching: Matching) -> dict[Labels, list[bool]]:
    found: dict[Labels, list[bool]] = {}
    for labels, column in vector.items():
        key = matching.key(labels)
        here = [value is not None for value in column]
        found[key] = here if key not in found else [a or b for a, b in zip(found[key], here, strict=True)]
    return found


def aggregated(op: str, vector: Vector, labels: Sequence[str] | None, without: bool) -> Vector:
    """``labels`` ``None``: into one element.

    Raises:
        Unsupported: another operator than sum, min, max, avg, count and group.
    """
    groups: dict[Labels, list[Column]] = {}
    for own, column in vector.items():
        key = NO_LABELS if labels is None else tuple(p for p in own if (p[0] in labels) is not without)
        groups.setdefault(key, []).append(column)
    return {key: _aggregate(op, columns) for key, columns in groups.items()}


def _aggregate(op: str, columns: list[Column]) -> Column:
    if op == "sum":
        return summed(columns)
    if op not in ("min", "max", "avg", "count", "group"):
        raise Unsupported(f"aggregation {op}")
    found: Column = []
    for values in zip(*columns, strict=True):
        known = [value for value in values if value is not None]
        found.append(_one(op, known) if known else None)
    return found


def _one(op: str, known: list[float]) -> float:
    if op in ("min", "max"):
        real = [value for value in known if not math.isnan(value)]
        return (min(real) if op == "min" else max(real)) if real else math.nan
    if op == "avg":
        return sum(known) / len(known)
    return float(len(known)) if op == "count" else 1.0
