from __future__ import annotations

from datetime import timedelta

import promql_parser
import pytest

from credit import metrics as telemetry
from dashboards.model import promql
from dashboards.model.query import (
    Achieved,
    Aggregate,
    AlertsFiring,
    Alive,
    Buckets,
    BudgetLeft,
    Burn,
    CounterGrowth,
    Divided,
    Events,
    GaugeLevel,
    Light,
    Mean,
    Quantile,
    Query,
    Rate,
    Target,
    TierCondition,
    WorstLight,
    equal,
    matching,
    unlike,
)

HOUR, FIVE = timedelta(hours=1), timedelta(minutes=5)
FAST = TierCondition(HOUR, FIVE, "14.4")
SLOW = TierCondition(timedelta(days=3), timedelta(hours=6), "1")
LIGHT = Light("credit/decision-latency", "main", (FAST,), (SLOW,))

EXAMPLES: list[tuple[Query, str]] = [
    (Rate(telemetry.DECISION_REQUESTS), "sum(rate(credit_decision_requests_total[$__rate_interval]))"),
    (
        Rate(telemetry.DECISIONS, by=("decision",), where=(unlike("decision", "REFER"),), seconds=3600),
        'sum by (decision) (rate(credit_decisions_total{decision!="REFER"}[$__rate_interval])) * 3600',
    ),
    (
        CounterGrowth(telemetry.AUTH_FAILURES, timedelta(days=1), by=("reason",)),
        "sum by (reason) (increase(http_auth_failures_total[1d]))",
    ),
    (
        Quantile(telemetry.DECISION_DURATION, 0.95, where=(equal("outcome", "ok"),)),
        "histogram_quantile(0.95, sum by (le) "
        '(rate(credit_decision_duration_seconds_bucket{outcome="ok"}[$__rate_interval])))',
    ),
    (
        GaugeLevel(telemetry.INGEST_LAG, Aggregate.MIN, where=(matching("component", "a|b"),)),
        'min(credit_ingest_lag_seconds{component=~"a|b"})',
    ),
    (
        Burn("credit/decision-latency", "main", HOUR),
        'slo:burn_rate:ratio1h{environment="$environment",slo="credit/decision-latency",objective="main"}',
    ),
    (BudgetLeft(), 'slo:error_budget_remaining:ratio{environment="$environment"}'),
    (AlertsFiring((equal("severity", "P1"),)), 'ALERTS{alertstate="firing",severity="P1"}'),
    (Alive(), "min by (job) (up)"),
]


@pytest.mark.parametrize(("query", "text"), EXAMPLES, ids=lambda value: type(value).__name__)
def test_a_query_reads_as_expected(query: Query, text: str) -> None:
    assert promql.render(query) == text


EVERY_KIND: list[Query] = [
    *(query for query, _ in EXAMPLES),
    Mean(telemetry.INGEST_DURATION),
    Buckets(telemetry.DECISION_DURATION),
    Divided(Rate(telemetry.DECISION_REQUESTS), Rate(telemetry.DECISION_REQUESTS), rest=True),
    Target("a/b", "main"),
    Achieved("a/b", "main", timedelta(days=30)),
    Events("a/b", "main", HOUR),
    LIGHT,
    Light("a/b", "main", (FAST,), (), min_events=20, slices_within=timedelta(minutes=3)),
    Light("a/b", "main", (), (SLOW,)),
    WorstLight((LIGHT, LIGHT)),
]


@pytest.mark.parametrize("query", EVERY_KIND, ids=lambda query: type(query).__name__)
def test_every_kind_of_query_is_promql_that_parses_and_invents_no_value(query: Query) -> None:
    text = promql.substitute(promql.render(query), {"__rate_interval": "1m", "environment": "test"})
    assert "$" not in text
    assert "vector(" not in text
    promql_parser.parse(text)


def test_a_light_holds_the_very_comparison_of_the_alert() -> None:
    text = promql.render(LIGHT)
    own = '{environment="$environment",slo="credit/decision-latency",objective="main"}'
    assert f"(slo:burn_rate:ratio1h{own} > bool 14.4) * (slo:burn_rate:ratio5m{own} > bool 14.4)" in text
    assert f"(slo:burn_rate:ratio3d{own} > bool 1) * (slo:burn_rate:ratio6h{own} > bool 1)" in text


def test_label_values_are_escaped() -> None:
    query = Rate(telemetry.HTTP_REQUESTS, where=(equal("route", 'a"b\\c\nd'),))
    assert 'route="a\\"b\\\\c\\nd"' in promql.render(query)
    promql_parser.parse(promql.substitute(promql.render(query), {"__rate_interval": "1m"}))


def test_a_longer_variable_is_not_eaten_by_a_shorter_one() -> None:
    assert promql.substitute("$slo $slo_name ${slo}", {"slo": "a", "slo_name": "b"}) == "a b a"


def test_an_unknown_query_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="no PromQL is known for str"):
        promql.render("up")
