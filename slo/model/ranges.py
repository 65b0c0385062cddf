"""Queries of counters that name no window: their one fixed range becomes it, and a bare counter gets it.

Others write ``sum(rate(x_total[5m]))``, ``sum(x_total)`` or a variable of their dashboards in the brackets.
What such a query counts over another window must follow from what it says; where it does not, it is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import promql_parser as promql

from foundation.errors import MiranteError
from foundation.exit_status import ExitStatus
from slo.model.promql import PLACEHOLDER, as_selector, bare, has_window, with_window

WINDOW = "{{.window}}"
RANGE = f"[{WINDOW}]"
SPELLINGS = re.compile(  # of the window, by other tools and their dashboards
    r"\{\{-?\s*\.?(?:window|range)\s*-?\}\}"
    r"|\$(?:__rate_interval|__interval|__range|window|range|interval)\b"
    r"|\$\{(?:__rate_interval|__interval|__range|window|range|interval)\}",
    re.IGNORECASE,
)
_STAND_IN = "7m13s"
_COUNTING = ("rate", "increase", "irate", "count_over_time", "sum_over_time")
_RATES = ("rate", "irate")
_TOKEN = re.compile(
    r"""(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|\#[^\n]*)|\[(?P<range>[^\]"'`]*)\]""", re.DOTALL
)
_CHANGE = re.compile(r"\b(?:rate|increase|irate)\s*\(")
_IRATE = re.compile(r"\birate\s*\(")
WRITE = f"Write each range as {RANGE}, for example sum(increase(requests_total{RANGE}))."


@dataclass(frozen=True, slots=True)
class Windowed:
    """The query with the window in it, and in words what was changed for that; empty: nothing was.

    ``instead_of`` is the range that stood there.
    """

    query: str
    change: str = ""
    instead_of: str = ""


class NoWindowError(MiranteError, ValueError):
    """What the query counts over another window does not follow from what it says."""

    exit_status = ExitStatus.NO

    def __init__(self, problem: str, fix: str = WRITE) -> None:
        self.problem, self.fix = problem, fix
        super().__init__(f"{problem}. {fix}")


def windowed(query: str) -> Windowed:
    """A query of counters, for any window.

    What is no PromQL at all is left as it is: whoever asks for it later says so.

    Raises:
        NoWindowError: it cannot be told which range is the window.
    """
    respelt = _respelt(query)
    if has_window(respelt.query):
        return respelt
    try:
        tree = promql.parse(query)
    except ValueError:
        return Windowed(query)
    visited: list[object] = []
    promql.walk(tree, visited.append)
    _refuse_moved(visited)
    if any(isinstance(node, promql.MatrixSelector) for node in visited):
        return _with_its_range(query, visited)
    return Windowed(
        _counted(tree), f"the counter is read as its increase: a bare one became increase(...{RANGE})"
    )


def counts_in_a_range(query: str) -> bool:
    """Whether it is a rate or an increase, over a range of its own or over one that another tool fills in."""
    try:
        found = windowed(query).query
        tree = promql.parse(with_window(found, _STAND_IN))
    except ValueError:  # of the parser; and NoWindowError
        return False
    visited: list[object] = []
    promql.walk(tree, visited.append)
    ranged = any(isinstance(node, promql.MatrixSelector) for node in visited)
    return ranged and _CHANGE.search(query) is not None


def _respelt(query: str) -> Windowed:
    found = {match.group() for match in SPELLINGS.finditer(query) if not PLACEHOLDER.fullmatch(match.group())}
    if not found:
        return Windowed(query)
    changed = SPELLINGS.sub(WINDOW, query)
    return Windowed(changed, f"{', '.join(sorted(found))} is read as the window, {WINDOW}")


def _refuse_moved(visited: list[object]) -> None:
    for node in visited:
        if isinstance(node, promql.SubqueryExpr):
            raise NoWindowError("holds a subquery, so that its range and its window cannot be told apart")
        if isinstance(node, promql.VectorSelector) and (node.offset or node.at is not None):
            raise NoWindowError("holds an offset or @, so that its range and its window cannot be told apart")


def _with_its_range(query: str, visited: list[object]) -> Windowed:
    _refuse_other_than_counts(visited)
    ranges = [match.group("range").strip() for match in _TOKEN.finditer(query) if match.group("range")]
    if len(set(ranges)) != 1:
        shown = " and ".join(f"[{text}]" for text in sorted(set(ranges)))
        raise NoWindowError(f"holds different ranges, {shown}, so that its window cannot be told")
    changed = _TOKEN.sub(lambda match: match.group() if match.group("range") is None else RANGE, query)
    told = f"its range [{ranges[0]}] became the window, {RANGE}"
    if _IRATE.search(changed):  # the last two samples say nothing of a window
        changed, told = _IRATE.sub("rate(", changed), f"{told}, and irate became rate"
    return Windowed(changed, told, ranges[0])


def _refuse_other_than_counts(visited: list[object]) -> None:
    calls = [node.func.name for node in visited if isinstance(node, promql.Call)]
    for name in calls:
        if name not in (*_COUNTING, "vector"):
            raise NoWindowError(f"{name}() over a fixed range is not a count of another window")
    counted = [name for name in calls if name in _COUNTING]
    if len({"rate" if name in _RATES else "count" for name in counted}) > 1:
        raise NoWindowError("mixes rates with counts, so that a window cannot take the place of its range")
    plain = sum(isinstance(n, promql.VectorSelector) for n in visited) - len(counted)
    if plain:
        raise NoWindowError("mixes a bare counter with one over a range")
    if set(counted) & set(_RATES) and any(_scaled(node) for node in visited):
        raise NoWindowError(
            "scales a rate by a number, which is right for its own range only",
            f"Write increase(...{RANGE}) without the number.",
        )


def _scaled(node: object) -> bool:
    if not isinstance(node, promql.BinaryExpr) or str(node.op) not in ("*", "/"):
        return False
    return any(isinstance(bare(side), promql.NumberLiteral) for side in (node.lhs, node.rhs))


def _counted(node: object) -> str:
    """The expression with every selector as its increase, inside the sums around it."""
    if isinstance(node, promql.VectorSelector):
        return f"increase({as_selector(node, True).text}{RANGE})"
    if isinstance(node, promql.ParenExpr):
        return f"({_counted(node.expr)})"
    if isinstance(node, promql.AggregateExpr) and str(node.op) == "sum":
        labels = f" {node.modifier} " if node.modifier is not None else ""
        return f"sum{labels}({_counted(node.expr)})"
    if isinstance(node, promql.BinaryExpr) and str(node.op) in ("+", "-", "or"):
        operator = f"{node.op} {node.modifier or ''}".strip()
        return f"{_counted(node.lhs)} {operator} {_counted(node.rhs)}"
    if isinstance(node, promql.Call) and node.func.name == "vector":
        return str(node)
    raise NoWindowError(f"has no range, and is not a sum of counters ({_kind(node)})")


def _kind(node: object) -> str:
    if isinstance(node, promql.Call):
        return f"{node.func.name}()"
    if isinstance(node, promql.AggregateExpr):
        return str(node.op)
    if isinstance(node, promql.BinaryExpr):
        return f"the operator {node.op}"
    return "a number" if isinstance(node, promql.NumberLiteral) else "an expression"
