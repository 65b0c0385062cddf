"""The same rule in a server's own words, and another one."""

from __future__ import annotations

import pytest

from slo.drift.deployed import same_query


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('sum(increase(x{job="a",code=~"5.."}[5m]))', 'sum( increase(x{code=~"5..", job="a"}[300s]) )'),
        ('x{a="},{",b="2"}', 'x{b="2",a="},{"}'),
        ("vector(0.9990)", "vector(0.999)"),
        ("not promql at all", "not  promql at all"),
    ],
)
def test_spacing_order_and_spelling_of_a_duration_make_no_other_rule(one: str, other: str) -> None:
    assert same_query(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('sum(x{a="b"})', 'sum(x{a="c"})'),
        ('x{a="1"}', 'x{a!="1"}'),
        ("sum(increase(x[5m]))", "sum(increase(x[1h]))"),
        ("vector(0.999)", "vector(0.99)"),
    ],
)
def test_another_rule_is_another_rule(one: str, other: str) -> None:
    assert not same_query(one, other)
