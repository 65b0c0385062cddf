"""Which labels a query leaves on its result, and so which budgets an SLO has: one for each set of values.

Read from the query as Prometheus would evaluate it, never from a guess about its metrics: ``sum by (a)``
leaves ``a``, ``sum without (b)`` everything but ``b``, a bare selector everything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import promql_parser as promql

METRIC_NAME = "__name__"
_LEAVES_ALL = ("topk", "bottomk", "limitk", "limit_ratio")  # aggregations that only choose series
_NO_LABELS = ("scalar", "time", "pi", "vector")
_ABSENCE = ("absent", "absent_over_time")
_SET_OPERATORS = ("and", "or", "unless")


@dataclass(frozen=True, slots=True)
class Grouping:
    """``names``, sorted, and no other label; or, where ``exact`` is false, every label but these."""

    names: tuple[str, ...] = ()
    exact: bool = True

    @property
    def is_one(self) -> bool:
        """Whether there is one budget, for everything."""
        return self.exact and not self.names

    def keeps(self, label: str) -> bool:
        return (label in self.names) == self.exact

    def of(self, labels: Mapping[str, str]) -> dict[str, str]:
        """What is left of a series' labels; a label that it does not have is the empty text."""
        if self.exact:
            return {name: labels.get(name, "") for name in self.names}
        return {name: value for name, value in labels.items() if name != METRIC_NAME and self.keeps(name)}

    def aggregated(self, operator: str, expression: str) -> str:
        """PromQL of ``expression`` added up to these groups, if ``operator`` is ``sum``."""
        if self.is_one:
            return f"{operator}({expression})"
        if self == EVERY_LABEL:
            return expression
        return f"{operator} {'by' if self.exact else 'without'} ({','.join(self.names)}) ({expression})"

    def __str__(self) -> str:
        """``cluster, region``; ``every label but pod``; ``nothing``."""
        named = ", ".join(self.names)
        if self.exact:
            return named or "nothing"
        return f"every label but {named}" if named else "every label"


ONE = Grouping()
EVERY_LABEL = Grouping(exact=False)


def exactly(names: Iterable[str]) -> Grouping:
    return Grouping(tuple(sorted(set(names))))


def all_but(names: Iterable[str]) -> Grouping:
    return Grouping(tuple(sorted(set(names))), exact=False)


@dataclass(slots=True)
class Kept:
    """``grouping`` of a whole query, and what in it no budget can be kept by, in words."""

    grouping: Grouping = ONE
    problems: list[str] = field(default_factory=list)


def kept(tree: object) -> Kept:
    """What the parsed query leaves."""
    reader = _Reader()
    found = reader.vector(tree)
    return Kept(ONE if found is None else found, list(dict.fromkeys(reader.problems)))


class _Reader:
    def __init__(self) -> None:
        self.problems: list[str] = []

    def vector(self, node: object) -> Grouping | None:
        """``None``: a number, which has no labels and takes those of whatever it is combined with."""
        if isinstance(node, promql.ParenExpr | promql.UnaryExpr | promql.SubqueryExpr):
            return self.vector(node.expr)
        if isinstance(node, promql.NumberLiteral | promql.StringLiteral):
            return None
        if isinstance(node, promql.AggregateExpr):
            return self._aggregate(node)
        if isinstance(node, promql.Call):
            return self._call(node)
        if isinstance(node, promql.BinaryExpr):
            return self._binary(node)
        return EVERY_LABEL

    def _aggregate(self, node: promql.AggregateExpr) -> Grouping:
        inner = self.vector(node.expr) or ONE
        name = str(node.op)
        if name in _LEAVES_ALL:
            self.problems.append(f"{name} chooses other series from one moment to the next")
            return inner
        left = ONE
        if node.modifier is not None:
            labels = set(node.modifier.labels)
            named = node.modifier.type == promql.AggModifierType.By
            left = _only(inner, labels) if named else _less(inner, labels)
        if name == "count_values":
            self.problems.append("count_values makes a group of every value")
            return _more(left, [_text(node.param)])
        return left

    def _call(self, node: promql.Call) -> Grouping | None:
        name = node.func.name
        if name in _NO_LABELS:
            return ONE if name == "vector" else None
        inner = next((found for found in map(self.vector, node.args) if found is not None), None)
        if name in ("label_replace", "label_join"):
            return _more(inner or ONE, [_text(node.args[1])])
        if name.startswith("histogram_quantile"):
            return _less(inner or ONE, {"le"})
        if name in _ABSENCE:
            return exactly(_equal_labels(node.args[0]))
        return inner

    def _binary(self, node: promql.BinaryExpr) -> Grouping | None:
        left, right = self.vector(node.lhs), self.vector(node.rhs)
        if left is None or right is None:
            return right if left is None else left
        operator = str(node.op)
        if operator in _SET_OPERATORS:
            return _union(left, right) if operator == "or" else left
        return self._matched(node, operator, left, right)

    def _matched(self, node: promql.BinaryExpr, operator: str, left: Grouping, right: Grouping) -> Grouping:
        modifier = node.modifier
        matching = None if modifier is None else modifier.matching
        if modifier is not None and modifier.card in (_CARD.ManyToOne, _CARD.OneToMany):
            many = left if modifier.card == _CARD.ManyToOne else right
            return _more(many, modifier.group_labels or [])
        if matching is None:
            if left.exact and right.exact and left != right:
                self.problems.append(
                    f"{operator} matches nothing: its left side is grouped by {left}, its right by {right}"
                )
            return _common(left, right)
        labels = set(matching.labels)
        if matching.type == promql.LabelModifierType.Include:
            return _only(left, labels)
        return _common(_less(left, labels), _less(right, labels))


_CARD = promql.VectorMatchCardinality


def _only(grouping: Grouping, labels: set[str]) -> Grouping:
    return exactly([label for label in labels if grouping.keeps(label)])


def _less(grouping: Grouping, labels: set[str]) -> Grouping:
    names = set(grouping.names)
    return exactly(names - labels) if grouping.exact else all_but(names | labels)


def _more(grouping: Grouping, labels: Collection[str]) -> Grouping:
    names = set(grouping.names)
    return exactly(names | set(labels)) if grouping.exact else all_but(names - set(labels))


def _union(left: Grouping, right: Grouping) -> Grouping:
    """A series of either side, whole."""
    if left.exact and right.exact:
        return exactly({*left.names, *right.names})
    if left.exact or right.exact:
        loose, exact = (right, left) if left.exact else (left, right)
        return all_but(set(loose.names) - set(exact.names))
    return all_but(set(left.names) & set(right.names))


def _common(left: Grouping, right: Grouping) -> Grouping:
    """Both sides have the same labels: whichever says them exactly; else none that either side lacks."""
    if left.exact or right.exact:
        return left if left.exact else right
    return all_but({*left.names, *right.names})


def _text(node: object) -> str:
    return str(node.val) if isinstance(node, promql.StringLiteral) else ""


def _equal_labels(node: object) -> Iterator[str]:
    vector = getattr(node, "vector_selector", node)
    if isinstance(vector, promql.VectorSelector):
        yield from (m.name for m in vector.matchers.matchers if m.op == promql.MatchOp.Equal)
