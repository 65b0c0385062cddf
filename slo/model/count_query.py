"""An SLO's own PromQL, read as a sum over counters, so that the ledger counts what Prometheus would.

Supported for sources that count (journals, raw samples): ``increase(selector[{{.window}}])`` or ``rate``, as
it is or in ``sum``, ``sum by (...)``, ``sum without (...)``, added and subtracted, in parentheses, with ``or
vector(0)``. Everything else is refused by name: an approximation of a query is another query. ``rate``
counts the same events as ``increase``; the division by the window's seconds cancels in every ratio.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import promql_parser as promql

from foundation.patterns import PatternError
from slo.model.addends import is_zero_vector
from slo.model.edges import LABEL
from slo.model.errors import UnsupportedQuery
from slo.model.grouping import EVERY_LABEL, ONE, Grouping, kept
from slo.model.promql import Selector, as_selector, bare, with_window

_STAND_IN = "7m13s"  # a range nobody writes, so that a fixed range is told from the placeholder
_STAND_IN_LENGTH = timedelta(minutes=7, seconds=13)

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Term:
    """``sign`` times the increase of every counter that ``selector`` selects, told apart by ``grouping``."""

    sign: int
    selector: Selector
    grouping: Grouping = ONE

    @property
    def is_bucket(self) -> bool:
        """Whether it is one bucket of a histogram, which says nothing where it does not exist."""
        return any(matcher.name == LABEL and matcher.op in ("=", "=~") for matcher in self.selector.matchers)


@dataclass(frozen=True, slots=True)
class CountQuery:
    """A sum of signed terms, all of them told apart by the same labels."""

    text: str
    terms: tuple[Term, ...]

    @property
    def metrics(self) -> frozenset[str]:
        return frozenset(term.selector.name for term in self.terms)

    @property
    def grouping(self) -> Grouping:
        return self.terms[0].grouping

    @property
    def buckets(self) -> tuple[Selector, ...]:
        """Those that it cannot be counted without."""
        return tuple(term.selector for term in self.terms if term.is_bucket)

    def weight(self, metric: str, labels: Mapping[str, str]) -> int:
        """How many times one increment of this counter counts: usually 1 or 0."""
        return sum(
            term.sign for term in self.terms if term.selector.name == metric and term.selector.selects(labels)
        )


def parse_count_query(text: str) -> CountQuery:
    """Read a query; ``{{.window}}`` stands for the range.

    Raises:
        UnsupportedQuery: it does not parse, or is not a sum of increases; says which part.
    """
    try:
        tree = promql.parse(with_window(text, _STAND_IN))
    except ValueError as error:
        raise UnsupportedQuery(text, f"it does not parse: {error}") from error
    terms = tuple(_terms(tree, 1, text))
    if len({term.grouping for term in terms}) > 1:
        raise UnsupportedQuery(text, "the sums are grouped by different labels")
    return CountQuery(text, terms)


def _terms(node: object, sign: int, text: str) -> Iterable[Term]:
    if isinstance(node, promql.ParenExpr):
        yield from _terms(node.expr, sign, text)
    elif isinstance(node, promql.BinaryExpr):
        yield from _binary(node, sign, text)
    elif isinstance(node, promql.AggregateExpr):
        yield from _sum(node, sign, text)
    elif isinstance(node, promql.Call):
        yield _increase(node, sign, text)
    else:
        raise UnsupportedQuery(text, f"{_name(node)} is not a sum of increases")


def _binary(node: promql.BinaryExpr, sign: int, text: str) -> Iterable[Term]:
    operator = str(node.op)
    if operator == "or" and is_zero_vector(node.rhs):
        yield from _terms(node.lhs, sign, text)
        return
    if operator not in ("+", "-"):
        raise UnsupportedQuery(text, f"operator {operator!r} between counts is not supported, only + and -")
    if node.modifier is not None:
        raise UnsupportedQuery(text, f"vector matching ({node.modifier}) is not supported")
    yield from _terms(node.lhs, sign, text)
    yield from _terms(node.rhs, sign if operator == "+" else -sign, text)


def _sum(node: promql.AggregateExpr, sign: int, text: str) -> Iterable[Term]:
    if str(node.op) != "sum":
        raise UnsupportedQuery(text, f"aggregation {node.op} is not a count; use sum")
    inner = bare(node.expr)
    if not isinstance(inner, promql.Call | promql.AggregateExpr):
        raise UnsupportedQuery(text, f"sum of {_name(inner)} is not a count; expected sum(increase(...))")
    grouping = kept(node).grouping
    for term in _terms(inner, sign, text):
        yield Term(term.sign, term.selector, grouping)


def _increase(node: promql.Call, sign: int, text: str) -> Term:
    if node.func.name not in ("increase", "rate"):
        raise UnsupportedQuery(text, f"{_name(node)} is not a count; expected sum(increase(...))")
    matrix = bare(node.args[0])
    if not isinstance(matrix, promql.MatrixSelector):
        raise UnsupportedQuery(text, f"{_name(matrix)} inside {node.func.name} is not a plain selector")
    if matrix.range != _STAND_IN_LENGTH:
        raise UnsupportedQuery(text, "the range must be [{{.window}}], not fixed")
    selector = matrix.vector_selector
    if selector.offset or selector.at is not None:
        raise UnsupportedQuery(
            text, "offset and @ are not supported: the ledger reads every minute as it was"
        )
    if selector.matchers.or_matchers:
        raise UnsupportedQuery(text, "'or' between label matchers is not supported")
    return Term(sign, _readable(as_selector(selector, True), text), EVERY_LABEL)


def _readable(selector: Selector, text: str) -> Selector:
    if not selector.name:
        raise UnsupportedQuery(text, "the selector does not name one metric")
    for matcher in selector.matchers:
        try:
            matcher.matches({})
        except PatternError as error:
            problem = f"the regular expression of {matcher.name} cannot be read: {error.problem}"
            raise UnsupportedQuery(text, problem) from error
    return selector


def _name(node: object) -> str:
    if isinstance(node, promql.Call):
        return f"{node.func.name}(...)"
    kinds = {
        promql.VectorSelector: "a bare selector",
        promql.MatrixSelector: "a bare range",
        promql.NumberLiteral: "a number",
        promql.SubqueryExpr: "a subquery",
        promql.UnaryExpr: "a sign before an expression",
        promql.StringLiteral: "a text",
        promql.AggregateExpr: "an aggregation",
        promql.BinaryExpr: "an operation",
    }
    return next((name for kind, name in kinds.items() if isinstance(node, kind)), "this expression")
