"""The window pairs in another tool's alerts, read from the alerts themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import promql_parser as promql

from foundation.quantities import parse_duration
from slo.peers.slo import PeerSlo
from slo.proof.pages import PageKind, RuleAlert, alerts_of

_WINDOW = re.compile(r"(?:burnrate|ratio_rate)([0-9a-z]+)$")


@dataclass(frozen=True, slots=True)
class AlertWindows:
    """``threshold`` is a ratio of errors: factor times budget."""

    kind: PageKind
    short: timedelta
    long: timedelta
    threshold: float
    held: timedelta


def pairs_of(peer: PeerSlo) -> tuple[AlertWindows, ...]:
    """Those of every alert on errors; none of an alert of another shape than ``a > x and b > x``, or such
    joined by ``or``."""
    return tuple(
        pair
        for alert in alerts_of(peer.rules)
        if alert.kind is not PageKind.SILENCE
        for pair in _pairs(alert)
    )


def _pairs(alert: RuleAlert) -> Iterator[AlertWindows]:
    for condition in _alternatives(promql.parse(alert.expr)):
        found = sorted(_comparisons(condition))
        if len(found) == 2 and found[0][1] == found[1][1]:
            yield AlertWindows(alert.kind, found[0][0], found[1][0], found[0][1], alert.held)


def _alternatives(node: object) -> Iterator[object]:
    if isinstance(node, promql.ParenExpr):
        yield from _alternatives(node.expr)
    elif isinstance(node, promql.BinaryExpr) and str(node.op) == "or":
        yield from _alternatives(node.lhs)
        yield from _alternatives(node.rhs)
    else:
        yield node


def _comparisons(node: object) -> Iterator[tuple[timedelta, float]]:
    visited: list[object] = []
    promql.walk(node, visited.append)  # type: ignore[arg-type]
    for each in visited:
        if isinstance(each, promql.BinaryExpr) and str(each.op) == ">":
            window = _WINDOW.search(getattr(each.lhs, "name", None) or "")
            length = parse_duration(window.group(1)) if window else None
            threshold = _number(each.rhs)
            if length is not None and threshold is not None:
                yield length, threshold


def _number(node: object) -> float | None:
    if isinstance(node, promql.ParenExpr):
        return _number(node.expr)
    if isinstance(node, promql.NumberLiteral):
        return float(node.val)
    if isinstance(node, promql.BinaryExpr) and str(node.op) in ("*", "-"):
        left, right = _number(node.lhs), _number(node.rhs)
        if left is None or right is None:
            return None
        return left * right if str(node.op) == "*" else left - right
    return None
