"""What stands beside a query takes all of it, whatever operators are in it."""

from __future__ import annotations

from datetime import timedelta

from slo.indicators.ratio import RatioIndicator
from slo.model.spec import MetricQuery
from tests.support.promql_meaning import meaning
from tests.support.slo_samples import an_slo

BAD = 'sum(rate(x_total{code="500"}[{{.window}}]))'
TOTAL = "sum(rate(x_total[{{.window}}]))"
MINUTES = timedelta(minutes=5)


def test_a_rate_with_zero_for_none_is_turned_into_a_count_whole() -> None:
    query = f"{BAD} or vector(0)"
    indicator = RatioIndicator(MetricQuery("Prometheus", TOTAL), bad=MetricQuery("Prometheus", query))
    slo = an_slo(indicator=indicator)
    counted = indicator.reading(slo.objectives[0], slo.grouping, MINUTES)
    whole, total = (text.replace("{{.window}}", "5m") for text in (query, TOTAL))
    expected = f"({total}) * 300 - ((({whole}) * 300) or 0 * (({total}) * 300))"
    assert meaning(counted.good) == meaning(expected)
