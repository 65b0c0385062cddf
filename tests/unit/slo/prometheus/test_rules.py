"""Rule files: deterministic, event-weighted, and saying which window fired."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from foundation.quantities import decimal_text
from slo.indicators.ratio import RatioIndicator
from slo.loaders.catalogue_files import load_catalogue
from slo.model.catalogue import Catalogue
from slo.model.conventions import alert_key
from slo.model.spec import MetricQuery, Slo
from slo.prometheus import render_yaml, rule_files, rule_tests
from slo.prometheus.rules import rule_file, unsupported

SHAPES = Path(__file__).parents[3] / "support" / "definitions" / "shapes"
SHIPPED = load_catalogue()
OF_EVERY_SHAPE = load_catalogue(SHAPES)
LATENCY = SHIPPED.slo("credit/decision-latency")


def rules(slo: Slo) -> list[dict[str, Any]]:
    groups: Any = rule_file(slo, "prod")["groups"]
    return [rule for group in groups for rule in group["rules"]]


def record(slo: Slo, name: str) -> str:
    return str(next(rule["expr"] for rule in rules(slo) if rule.get("record") == name))


def alert(slo: Slo, name: str) -> dict[str, Any]:
    return next(rule for rule in rules(slo) if rule.get("alert") == name)


def test_the_same_catalogue_gives_the_same_bytes_in_any_order() -> None:
    slos = list(OF_EVERY_SHAPE.slos)
    random.Random(7).shuffle(slos)
    shuffled = replace(OF_EVERY_SHAPE, slos=tuple(sorted(slos, key=lambda slo: slo.id)))
    for made in (rule_files, rule_tests):
        first = {name: render_yaml(document) for name, document in made(OF_EVERY_SHAPE, "prod").items()}
        again = {name: render_yaml(document) for name, document in made(shuffled, "prod").items()}
        assert first == again


@pytest.mark.parametrize("made", [rule_files, rule_tests])
def test_the_fast_emitter_writes_what_yaml_reads(made: Any) -> None:
    for document in made(OF_EVERY_SHAPE, "prod").values():
        assert yaml.load(render_yaml(document), Loader=yaml.CSafeLoader) == document


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=40)
DOCUMENTS = st.recursive(
    TEXTS | st.integers(-(10**9), 10**9) | st.booleans() | st.none(),
    lambda inner: (
        st.lists(inner.filter(lambda v: not isinstance(v, list) and v != {}), max_size=4)
        | st.dictionaries(TEXTS, inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.dictionaries(TEXTS, DOCUMENTS, min_size=1, max_size=4))
def test_any_text_survives_the_emitter(document: dict[str, object]) -> None:
    assert yaml.load(render_yaml(document), Loader=yaml.CSafeLoader) == document


def test_a_short_window_asks_the_counters_and_a_long_one_adds_up_counts() -> None:
    slo = SHIPPED.slo("credit/data-consistency")
    assert record(slo, "slo:total_events:increase1h") == (
        "sum(increase(data_consistency_records_compared_total[1h]))"
    )
    own = '{environment="prod",objective="main",slo="credit/decision-latency"}'
    assert record(LATENCY, "slo:total_events:increase3d") == (
        f"sum_over_time(slo:total_events:increase5m{own}[71h59m59s]) / 5"
    )


def test_a_missing_error_series_counts_as_no_errors() -> None:
    total = "sum(increase(data_consistency_records_compared_total[5m]))"
    bad = "sum(increase(data_consistency_records_divergent_total[5m]))"
    slo = SHIPPED.slo("credit/data-consistency")
    assert record(slo, "slo:good_events:increase5m") == f"{total} - ({bad} or 0 * {total})"


def test_a_rate_is_turned_back_into_a_count() -> None:
    expr = record(OF_EVERY_SHAPE.slo("shop/checkout"), "slo:total_events:increase30m")
    assert expr == '(sum(rate(http_requests_total{job="checkout"}[30m])) * 1800)'


def test_slices_are_judged_each_minute_and_then_counted() -> None:
    slo = SHIPPED.slo("credit/decision-availability")
    assert record(slo, "slo:good_slices:count").endswith(">= bool 0.9")
    assert record(slo, "slo:good_events:increase1h").startswith("sum_over_time(slo:good_slices:count{")


def test_a_burn_alert_names_its_window_and_carries_the_shared_key() -> None:
    fast = alert(LATENCY, "CreditDecisionLatencyBurnPageFast")
    assert "slo:burn_rate:ratio1h" in fast["expr"]
    assert "\nand\nslo:burn_rate:ratio5m" in fast["expr"]
    assert fast["expr"].count("> 14.4") == 2
    assert fast["labels"]["tier"] == "page-fast"
    assert fast["labels"]["alert_key"] == alert_key("prod", LATENCY.id, "main", {})
    assert {"summary", "summary_pt", "description", "description_pt", "long_burn", "budget_spent",
            "exhaustion_seconds"} <= set(fast["annotations"])  # fmt: skip


def test_one_budget_per_label_value_leaves_the_key_to_the_receiver() -> None:
    sudden = alert(OF_EVERY_SHAPE.slo("shop/search-latency"), "ShopSearchLatencyBurnSudden")
    assert "alert_key" not in sudden["labels"]
    assert "$labels.region" in sudden["annotations"]["description"]


def test_a_team_may_route_by_its_own_severity() -> None:
    page = next(
        rule for rule in rules(OF_EVERY_SHAPE.slo("ledger/postings")) if rule.get("alert") == "PostingsFail"
    )
    assert page["labels"]["severity"] == "pageteam"
    assert page["annotations"]["summary"] == "Postings fail"


def test_silence_is_an_alert_unless_the_definition_says_none() -> None:
    assert alert(LATENCY, "CreditDecisionLatencyNoData")["expr"] == (
        'max(absent_over_time(credit_decision_duration_seconds_count{outcome!="client_error"}[5m]) or '
        'absent_over_time(credit_decision_duration_seconds_bucket{outcome="ok",'
        'le=~"0[.]20*|2([.]0*)?[eE]-0*1"}[5m]))'
    )
    quiet = replace(LATENCY, no_data_severity=None)
    assert not [rule for rule in rules(quiet) if rule.get("alert") == "CreditDecisionLatencyNoData"]


def test_what_prometheus_cannot_count_is_left_out_with_a_reason() -> None:
    metric = MetricQuery("Datadog", "sum:requests{*}")
    foreign = replace(LATENCY, indicator=RatioIndicator(good=metric, total=metric))
    catalogue = Catalogue(slos=(foreign,))
    assert rule_files(catalogue, "prod") == {}
    assert unsupported(foreign) == "good comes from Datadog, which Prometheus rules cannot query"


@given(
    share=st.fractions(Fraction(1, 1000), 1, max_denominator=1000),
    hours=st.integers(1, 72),
    days=st.integers(7, 90),
)
def test_factor_times_window_over_period_is_the_budget_share(share: Fraction, hours: int, days: int) -> None:
    tier = replace(LATENCY.tiers[0], budget_share=share, long_window=timedelta(hours=hours))
    assert tier.factor(timedelta(days=days)) * Fraction(hours, days * 24) == share


@given(st.fractions(Fraction(1, 10**6), 100, max_denominator=10**6))
def test_a_factor_is_written_to_fifteen_digits(value: Fraction) -> None:
    assert abs(Fraction(decimal_text(value)) - value) <= value * Fraction(1, 10**14)
