"""A query of counters without a window gets it where what it says allows that, and is refused elsewhere."""

from __future__ import annotations

import pytest

from slo.model.ranges import NoWindowError, windowed

W = "[{{.window}}]"
CHANGED = {
    "a rate over a fixed range": ("sum(rate(x_total[5m]))", f"sum(rate(x_total{W}))", "[5m]"),
    "brackets in a text": ('sum(rate(x{a="[9m]"}[5m]))', f'sum(rate(x{{a="[9m]"}}{W}))', "[5m]"),
    "one range twice": ("sum(increase(a[1h])) - sum(increase(b[1h]))",
                        f"sum(increase(a{W})) - sum(increase(b{W}))", "[1h]"),
    "an irate": ("sum(irate(x[1m]))", f"sum(rate(x{W}))", "irate became rate"),
    "a bare counter in a sum": ('sum(x{a="b"})', f'sum(increase(x{{a="b"}}{W}))', "increase"),
    "a bare counter by label": ("sum by (zone) (x)", f"sum by (zone) (increase(x{W}))", "increase"),
    "labels behind": ("sum(x) without (pod)", f"sum without (pod) (increase(x{W}))", "increase"),
    "a bare counter alone": ("x_total", f"increase(x_total{W})", "increase"),
    "an empty stand-in": ("sum(x) or vector(0)", f"sum(increase(x{W})) or vector(0)", "increase"),
    "what Grafana fills in": ("sum(rate(x[$__rate_interval]))", f"sum(rate(x{W}))", "$__rate_interval"),
    "a variable": ("sum(rate(x[$window]))", f"sum(rate(x{W}))", "$window"),
    "a variable in braces": ("sum(rate(x[${window}]))", f"sum(rate(x{W}))", "${window}"),
    "a capital": ("sum(rate(x[{{ .Window }}]))", f"sum(rate(x{W}))", "{{ .Window }}"),
    "no dot": ("sum(rate(x[{{window}}]))", f"sum(rate(x{W}))", "{{window}}"),
    "readings of a probe": ("sum(count_over_time(up[5m]))", f"sum(count_over_time(up{W}))", "[5m]"),
}  # fmt: skip
REFUSED = {
    "two ranges": ("sum(rate(a[5m])) + sum(rate(b[10m]))", "different ranges, [10m] and [5m]"),
    "a subquery": ("sum(max_over_time(rate(x[5m])[1h:1m]))", "holds a subquery"),
    "an offset": ("sum(rate(x[5m] offset 1d))", "holds an offset"),
    "an instant": ("sum(rate(x[5m] @ end()))", "holds an offset or @"),
    "a rate made a count by hand": ("sum(rate(x[5m])) * 300", "scales a rate by a number"),
    "a gauge": ("sum(avg_over_time(x[5m]))", "avg_over_time() over a fixed range is not a count"),
    "rates and counts": ("sum(rate(a[5m])) + sum(increase(b[5m]))", "mixes rates with counts"),
    "a bare counter beside a rate": ("sum(rate(a[5m])) + sum(b)", "mixes a bare counter"),
    "a quantile": ("histogram_quantile(0.9, x_bucket)", "not a sum of counters (histogram_quantile())"),
    "a ratio": ("sum(a) / sum(b)", "not a sum of counters (the operator /)"),
    "the largest": ("max(x)", "not a sum of counters (max)"),
}


@pytest.mark.parametrize("name", CHANGED)
def test_its_range_becomes_the_window_and_that_is_told(name: str) -> None:
    query, expected, told = CHANGED[name]
    found = windowed(query)
    assert found.query == expected
    assert told in found.change


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_told_apart_is_refused(name: str) -> None:
    query, problem = REFUSED[name]
    with pytest.raises(NoWindowError) as refused:
        windowed(query)
    assert problem in refused.value.problem
    assert refused.value.fix.startswith("Write")


@pytest.mark.parametrize("query", [f"sum(rate(x{W}))", "sum(rate(x[{{ .window }}]))", "sum(rate(x["])
def test_a_query_with_its_window_and_one_that_is_no_promql_are_left_alone(query: str) -> None:
    assert windowed(query) == type(windowed(query))(query)
