from __future__ import annotations

import pytest

from slo.model.count_query import parse_count_query
from slo.model.errors import UnsupportedQuery
from slo.model.grouping import ONE, all_but, exactly

W = "[{{.window}}]"


def weight(query: str, metric: str, **labels: str) -> int:
    return parse_count_query(query).weight(metric, labels)


def test_a_sum_of_an_increase_selects_by_every_operator() -> None:
    query = f'sum(increase(http_total{{job="api",code!="500",path=~"/v1/.*",path!~".*/health"}}{W}))'
    assert weight(query, "http_total", job="api", code="200", path="/v1/x") == 1
    assert weight(query, "http_total", job="web", code="200", path="/v1/x") == 0
    assert weight(query, "http_total", job="api", code="500", path="/v1/x") == 0
    assert weight(query, "http_total", job="api", code="200", path="/v2/v1/x") == 0
    assert weight(query, "http_total", job="api", code="200", path="/v1/health") == 0
    assert weight(query, "other_total", job="api", code="200", path="/v1/x") == 0


def test_a_label_that_is_not_there_is_the_empty_text() -> None:
    assert weight(f'sum(increase(a{{outcome!="client_error"}}{W}))', "a") == 1
    assert weight(f'sum(increase(a{{outcome=""}}{W}))', "a") == 1
    assert weight(f'sum(increase(a{{outcome=~".+"}}{W}))', "a") == 0


def test_regular_expressions_are_anchored() -> None:
    assert weight(f'sum(increase(a{{x=~"b"}}{W}))', "a", x="abc") == 0
    assert weight(f'sum(increase(a{{x=~"b|c"}}{W}))', "a", x="c") == 1


def test_sums_and_differences_carry_their_signs() -> None:
    query = f"sum(rate(a{W})) - (sum(rate(b{W})) - sum(rate(c{W})))"
    assert [weight(query, metric) for metric in "abc"] == [1, -1, 1]


def test_the_name_may_be_a_matcher() -> None:
    assert weight(f'sum(increase({{__name__="a:b"}}{W}))', "a:b") == 1


def test_a_missing_series_made_zero_is_understood() -> None:
    assert weight(f"sum(increase(a{W})) or vector(0)", "a") == 1
    assert weight(f"(sum(increase(a{W})) or vector(0)) + sum(increase(b{W}))", "b") == 1


def test_grouping_is_told() -> None:
    assert parse_count_query(f"sum by (pair) (increase(a{W}))").grouping == exactly(["pair"])
    assert parse_count_query(f"sum without (pod) (increase(a{W}))").grouping == all_but(["pod"])
    assert parse_count_query(f"sum(sum by (pair) (increase(a{W})))").grouping == ONE


def test_a_selector_can_be_asked_of_prometheus_again() -> None:
    query = parse_count_query(f'sum(increase(a{{x="q\\"\\\\",y=~"b.*"}}{W}))')
    assert query.terms[0].selector.text == 'a{x="q\\"\\\\",y=~"b.*"}'


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("sum(increase(", "does not parse"),
        (f"avg(increase(a{W}))", "aggregation avg"),
        ("sum(increase(a[5m]))", "not fixed"),
        (f"sum(irate(a{W}))", r"irate\(...\) is not a count"),
        ("sum(a)", "sum of a bare selector"),
        (f"sum(increase(a{W})) * 2", r"operator '\*'"),
        (f"sum(increase(a{W})) / sum(increase(b{W}))", "operator '/'"),
        (f"sum(increase(a{W})) or vector(1)", "operator 'or'"),
        (f"sum(increase(a{W} offset 5m))", "offset and @"),
        (f"sum(increase(a{W} @ 10))", "offset and @"),
        (f"sum by (x) (increase(a{W})) + sum(increase(b{W}))", "different labels"),
        (f"sum by (x) (increase(a{W})) + on (x) sum by (x) (increase(b{W}))", "vector matching"),
        ("sum(increase(a[5m:1m]))", "a subquery"),
        (f'sum(increase({{job="x"}}{W}))', "not name one metric"),
        (f"histogram_quantile(0.9, sum(rate(a{W})))", r"histogram_quantile\(...\)"),
        ("5", "a number"),
    ],
)
def test_what_cannot_be_counted_exactly_is_refused_by_name(query: str, reason: str) -> None:
    with pytest.raises(UnsupportedQuery, match=reason):
        parse_count_query(query)
