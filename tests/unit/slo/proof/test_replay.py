"""Rules replayed over a small history that is asked for series by their text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from slo.proof.columns import NO_LABELS, Axis, Vector
from slo.proof.replay import Rule, RuleReplay

AXIS = Axis(datetime(2026, 3, 20, tzinfo=UTC), 3)


@dataclass
class Asked:
    """Says 5 to everything, and keeps what it was asked."""

    axis: Axis = AXIS
    selectors: list[str] = field(default_factory=list)

    def counted(self, function: str, selector: str, grouping: str | None, window: timedelta) -> Vector:
        self.selectors.append(selector)
        return {NO_LABELS: [5.0] * self.axis.count}

    def asked(self, expr: str, longest: timedelta) -> Vector:
        self.selectors.append(expr)
        return {NO_LABELS: [5.0] * self.axis.count}


@pytest.mark.parametrize(
    "selector",
    ['x_bucket{job="a",le="0.30"}', 'x_bucket{job="a",le=~"0[.]30*"}', 'x{path=~"/a\\\\d+",q="\\"b\\\\"}'],
)
def test_the_server_is_asked_for_series_as_the_rule_writes_them(selector: str) -> None:
    """Another tool's ``le`` finds nothing where the series spells it otherwise, and so must its replay."""
    history = Asked()
    RuleReplay([], history).vector(f"sum(rate({selector}[5m]))")
    assert history.selectors == [selector]


def _edges() -> Sequence[Rule]:
    return [{"record": "seen", "expr": "vector(1)", "labels": {"le": edge}} for edge in ("0.3", "0.30")]


@pytest.mark.parametrize(("matcher", "found"), [('le="0.30"', ["0.30"]), ('le!="0.3"', ["0.30"])])
def test_a_recorded_edge_is_matched_as_text(matcher: str, found: list[str]) -> None:
    vector = RuleReplay(_edges(), Asked()).vector(f"seen{{{matcher}}}")
    assert [dict(labels)["le"] for labels in vector] == found
