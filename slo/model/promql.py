"""PromQL as text, and what a query says: selectors, ranges, grouping. ``promql-parser`` parses it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

import promql_parser

from foundation.errors import MiranteError
from foundation.exit_status import ExitStatus
from foundation.patterns import fullmatch
from foundation.quantities import range_text
from slo.model import edges
from slo.model.grouping import Grouping, kept

PLACEHOLDER = re.compile(r"\{\{\s*\.window\s*\}\}")
PROBE_WINDOW = "5m"  # stands in for the placeholder while a query is only being looked at
NEGATED = {"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}
_OPS = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~", "MatchOp.NotRe": "!~"}


def with_window(query: str, window: str) -> str:
    """The query with ``{{.window}}`` replaced."""
    return PLACEHOLDER.sub(window, query)


def has_window(query: str) -> bool:
    return PLACEHOLDER.search(query) is not None


@lru_cache(maxsize=4096)
def whole(expr: str) -> str:
    """In parentheses if it is an operation, so that another operator beside it takes all of it.

    Its window may still be a placeholder.
    """
    tree = promql_parser.parse(with_window(expr, PROBE_WINDOW))
    return f"({expr})" if isinstance(tree, promql_parser.BinaryExpr) else expr


def bare(node: object) -> object:
    """What a parsed expression says, without the parentheses around it."""
    while isinstance(node, promql_parser.ParenExpr):
        node = node.expr
    return node


@lru_cache(maxsize=8192)  # a handful of names and values, in every rule, test and panel
def quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def samples_range(window: timedelta) -> str:
    """A range that holds exactly ``window`` / 1 min recorded samples in every Prometheus.

    Up to 2.x a range includes both its ends, from 3.0 on only the right one; a second less does in neither.
    """
    return range_text(window - timedelta(seconds=1))


@dataclass(frozen=True, slots=True)
class LabelMatcher:
    """``op``: ``=``, ``!=``, ``=~``, ``!~``; a label that is not there matches as the empty text, and an
    ``le`` by number."""

    name: str
    op: str
    value: str

    def __str__(self) -> str:
        return f"{self.name}{self.op}{quoted(self.value)}"

    @property
    def negated(self) -> LabelMatcher:
        """What it leaves out."""
        return LabelMatcher(self.name, NEGATED[self.op], self.value)

    def matches(self, labels: Mapping[str, str]) -> bool:
        """
        Raises:
            PatternError: the value is not a valid pattern.
        """
        actual = labels.get(self.name, "")
        if "~" in self.op:
            return fullmatch(self.value, actual) == (self.op == "=~")
        same = edges.is_same(self.value, actual) if self.name == edges.LABEL else actual == self.value
        return same == (self.op == "=")

    @property
    def text(self) -> str:
        """As Prometheus is asked."""
        return edges.by_number(f"{self.name}{self.op}{quoted(self.value)}")


@dataclass(frozen=True, slots=True)
class Selector:
    """One selector: metric name (``""`` when only matchers say it), and every matcher but that of the name.

    ``text`` selects the same series as an instant vector; ``in_range`` says whether it had a range.
    """

    name: str
    matchers: tuple[LabelMatcher, ...]
    text: str
    in_range: bool

    def selects(self, labels: Mapping[str, str]) -> bool:
        return all(matcher.matches(labels) for matcher in self.matchers)


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query. ``grouping``: the labels it leaves; ``problems``: what no budget can be kept by."""

    text: str
    selectors: tuple[Selector, ...]
    functions: frozenset[str]
    grouping: Grouping
    problems: tuple[str, ...] = ()

    @property
    def counts(self) -> str | None:
        """``increase``, ``rate`` or both (``mixed``): the unit the query counts in; ``None`` for neither."""
        found = self.functions & {"increase", "rate", "irate", "delta"}
        if not found:
            return None
        return next(iter(found)) if len(found) == 1 else "mixed"


class PromqlError(MiranteError, ValueError):
    """The query does not parse; the message is the parser's."""

    exit_status = ExitStatus.NO


@lru_cache(maxsize=8192)
def analyse(query: str) -> Query:
    """Parse a query whose window is still a placeholder.

    Raises:
        PromqlError: it is not PromQL.
    """
    try:
        tree = promql_parser.parse(with_window(query, PROBE_WINDOW))
    except ValueError as error:
        raise PromqlError(str(error)) from error
    visited: list[object] = []
    promql_parser.walk(tree, visited.append)
    functions = frozenset(n.func.name for n in visited if isinstance(n, promql_parser.Call))
    left = kept(tree)
    return Query(query, tuple(_selectors(visited)), functions, left.grouping, tuple(left.problems))


def bare_selector(text: str) -> Selector | None:
    """The selector that the whole of ``text`` is, at this moment; ``None``: it is something else.

    Raises:
        PromqlError: it is not PromQL.
    """
    try:
        tree = promql_parser.parse(text)
    except ValueError as error:
        raise PromqlError(str(error)) from error
    if not isinstance(tree, promql_parser.VectorSelector) or tree.offset or tree.at is not None:
        return None
    return as_selector(tree, False)


def selecting(name: str, matchers: Iterable[LabelMatcher]) -> str:
    """``name{code="200"}``."""
    inside = ",".join(map(str, matchers))
    return f"{name}{{{inside}}}" if inside else name


def _selectors(visited: list[object]) -> Iterator[Selector]:
    """In order of appearance. The parser visits a matrix selector, then the vector selector within it."""
    for before, node in zip([None, *visited], visited, strict=False):
        if isinstance(node, promql_parser.VectorSelector):
            yield as_selector(
                node, isinstance(before, promql_parser.MatrixSelector | promql_parser.SubqueryExpr)
            )


def as_selector(vector: promql_parser.VectorSelector, in_range: bool) -> Selector:
    matchers = [LabelMatcher(m.name, _OPS[str(m.op)], m.value) for m in vector.matchers.matchers]
    named = [m.value for m in matchers if m.name == "__name__" and m.op == "="]
    name = vector.name or (named[0] if len(named) == 1 else "")
    labels = ",".join(matcher.text for matcher in matchers)
    text = f"{vector.name or ''}{{{labels}}}" if labels else str(vector.name)
    return Selector(name, tuple(m for m in matchers if m.name != "__name__"), text, in_range)
