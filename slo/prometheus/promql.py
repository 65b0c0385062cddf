"""What a PromQL query says: selectors, ranges, grouping. Parsed by ``promql-parser``, never by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import promql_parser

PLACEHOLDER = re.compile(r"\{\{\s*\.window\s*\}\}")
PROBE_WINDOW = "5m"  # stands in for the placeholder while a query is only being looked at


def with_window(query: str, window: str) -> str:
    """The query with ``{{.window}}`` replaced."""
    return PLACEHOLDER.sub(window, query)


def has_window(query: str) -> bool:
    return PLACEHOLDER.search(query) is not None


@dataclass(frozen=True, slots=True)
class Selector:
    """One selector: metric name (``""`` when only matchers say it), matchers as ``(name, op, value)``.

    ``text`` selects the same series as an instant vector; ``in_range`` says whether it had a range.
    """

    name: str
    matchers: tuple[tuple[str, str, str], ...]
    text: str
    in_range: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query. ``grouping`` is the label set of an outermost ``sum by``, ``None`` if there is none."""

    text: str
    selectors: tuple[Selector, ...]
    functions: frozenset[str]
    grouping: tuple[str, ...] | None

    @property
    def counts(self) -> str | None:
        """``increase``, ``rate`` or both (``mixed``): the unit the query counts in; ``None`` for neither."""
        found = self.functions & {"increase", "rate", "irate", "delta"}
        if not found:
            return None
        return next(iter(found)) if len(found) == 1 else "mixed"


class PromqlError(ValueError):
    """The query does not parse; the message is the parser's."""


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
    return Query(query, tuple(_selectors(visited)), functions, _grouping(tree))


def _selectors(visited: list[object]) -> Iterator[Selector]:
    """In order of appearance. The parser visits a matrix selector, then the vector selector within it."""
    for before, node in zip([None, *visited], visited, strict=False):
        if isinstance(node, promql_parser.VectorSelector):
            yield as_selector(
                node, isinstance(before, promql_parser.MatrixSelector | promql_parser.SubqueryExpr)
            )


_OPS = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~", "MatchOp.NotRe": "!~"}


def as_selector(vector: promql_parser.VectorSelector, in_range: bool) -> Selector:
    matchers = tuple((m.name, _OPS[str(m.op)], m.value) for m in vector.matchers.matchers)
    name = vector.name or next((v for n, op, v in matchers if n == "__name__" and op == "="), "")
    labels = ",".join(f"{n}{op}{_quoted(v)}" for n, op, v in matchers)
    text = f"{vector.name or ''}{{{labels}}}" if labels else str(vector.name)
    return Selector(name, matchers, text, in_range)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _grouping(tree: object) -> tuple[str, ...] | None:
    while isinstance(tree, promql_parser.ParenExpr):
        tree = tree.expr
    if not isinstance(tree, promql_parser.AggregateExpr) or str(tree.op) != "sum":
        return None
    modifier = tree.modifier
    if modifier is None:
        return ()
    if modifier.type != promql_parser.AggModifierType.By:
        return None
    return tuple(sorted(modifier.labels))
