"""Pyrra's objectives: everything they say is kept, what cannot be kept is named."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from foundation.errors import Effect
from slo.indicators.latency import Histogram, LatencyIndicator
from slo.indicators.ratio import RatioIndicator
from slo.indicators.threshold import ThresholdIndicator
from slo.loaders.importer import Imported, import_files
from slo.loaders.pyrra_alerts import go_text
from slo.model.spec import Slo, Tier

CORPUS = Path(__file__).parents[3] / "corpus" / "pyrra" / "valid"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def imported(name: str) -> Imported:
    return import_files([CORPUS / f"{name}.yaml"])


def only(name: str) -> Slo:
    (slo,) = imported(name).catalogue.slos
    return slo


def told(name: str, effect: Effect) -> str:
    return "\n".join(f"{c.about}: {c.text}" for c in imported(name).changes if c.effect is effect)


def test_a_ratio_counts_what_pyrras_own_queries_count() -> None:
    slo = only("ratio-grouped")
    assert isinstance(slo.indicator, RatioIndicator)
    assert slo.indicator.bad is not None
    selected = 'orders_total{job="orders",outcome="failed"}[{{.window}}]'
    assert slo.indicator.bad.query == f"sum by (lane,region) (increase({selected}))"
    assert slo.indicator.total.query == (
        'sum by (lane,region) (increase(orders_total{job="orders"}[{{.window}}]))'
    )
    assert slo.group_by == ("lane", "region")
    assert slo.objectives[0].target == Fraction(999, 1000)


def test_a_selector_keeps_its_matchers_however_they_are_quoted() -> None:
    query = only("ratio-quotes").indicator.queries["total"].query
    assert query == 'sum(increase(orders_total{path=~"/api\\\\.v1.*",note="a \\"b\\""}[{{.window}}]))'


def test_a_bucket_is_the_good_part() -> None:
    slo = only("latency")
    assert isinstance(slo.indicator, RatioIndicator)
    assert slo.indicator.good is not None
    assert 'pay_seconds_bucket{job="pay",le="0.25"}' in slo.indicator.good.query
    assert 'pay_seconds_count{job="pay"}' in slo.indicator.total.query


def test_a_native_histogram_is_a_latency_with_its_threshold() -> None:
    indicator = only("latency-native-seconds").indicator
    assert isinstance(indicator, LatencyIndicator)
    assert (indicator.name, indicator.histogram) == ("pay_seconds", Histogram.NATIVE)
    assert indicator.threshold == Fraction(3, 2)
    assert only("latency-native-grouped").group_by == ("lane",)


@pytest.mark.parametrize("name", ["gauge", "gauge-camel"])
def test_a_gauge_is_good_at_one_and_what_differs_is_said(name: str) -> None:
    slo = only(name)
    assert isinstance(slo.indicator, ThresholdIndicator)
    assert (slo.objectives[0].op, slo.objectives[0].value) == ("gte", Fraction(1))
    assert "read once a minute" in told(name, Effect.CHANGED)


def test_alerts_are_pyrras_at_28_days() -> None:
    def shown(tier: Tier) -> tuple[object, ...]:
        windows = tier.long_window, tier.short_window, tier.alert_after
        return tier.name, tier.factor(28 * DAY), *windows, tier.labels["severity"], tier.alert_name

    assert [shown(tier) for tier in only("ratio").tiers] == [
        ("fast-burn", 14, HOUR, 5 * MINUTE, 2 * MINUTE, "critical", "ErrorBudgetBurn"),
        ("medium-burn", 7, 6 * HOUR, 30 * MINUTE, 15 * MINUTE, "critical", "ErrorBudgetBurn"),
        ("slow-burn", 2, DAY, 2 * HOUR, HOUR, "warning", "ErrorBudgetBurn"),
        ("long-term-burn", 1, 4 * DAY, 6 * HOUR, 3 * HOUR, "warning", "ErrorBudgetBurn"),
    ]


def test_windows_scale_with_the_objectives_and_factors_stay() -> None:
    slo = only("window-weeks")
    assert [(t.long_window, t.short_window) for t in slo.tiers] == [
        (3 * HOUR, 15 * MINUTE), (18 * HOUR, 90 * MINUTE), (3 * DAY, 6 * HOUR), (12 * DAY, 18 * HOUR),
    ]  # fmt: skip
    assert [tier.factor(slo.window.length) for tier in slo.tiers] == [14, 7, 2, 1]


def test_the_windows_of_two_weeks_are_the_halves_rounded() -> None:
    assert [(t.long_window, t.short_window) for t in only("window-fortnight").tiers] == [
        (30 * MINUTE, 3 * MINUTE), (3 * HOUR, 15 * MINUTE), (12 * HOUR, HOUR), (2 * DAY, 3 * HOUR),
    ]  # fmt: skip


def test_half_a_minute_is_rounded_up_as_go_does() -> None:
    fast = only("window-week").tiers[0]
    assert (fast.long_window, fast.short_window, fast.alert_after) == (15 * MINUTE, MINUTE, MINUTE)
    assert fast.factor(7 * DAY) == 14


def test_a_window_that_would_round_to_nothing_is_a_minute_and_said() -> None:
    assert only("window-day").tiers[0].short_window == MINUTE
    assert "short window of fast-burn would round to nothing" in told("window-day", Effect.CHANGED)


def test_labels_of_an_alert_are_pyrras() -> None:
    labels = dict(only("ratio").tiers[0].labels)
    assert labels == {"severity": "critical", "long": "1h", "short": "5m", "exhaustion": "2d"}


def test_an_alert_that_can_never_fire_is_left_out_and_said() -> None:
    assert [tier.name for tier in only("target-low").tiers] == ["slow-burn", "long-term-burn"]
    lost = told("target-low", Effect.LOST)
    assert "fast-burn can never fire" in lost
    assert "medium-burn can never fire" in lost


@pytest.mark.parametrize("name", ["alerting-disabled", "alerting-no-burnrates"])
def test_without_burn_alerts_absence_still_alerts(name: str) -> None:
    slo = only(name)
    assert (slo.tiers, slo.no_data_severity) == ((), "P1")


def test_without_the_alert_for_absence_burns_still_alert() -> None:
    slo = only("alerting-no-absent")
    assert (len(slo.tiers), slo.no_data_severity) == (4, None)


def test_severities_of_its_own_reach_the_alert_and_are_understood() -> None:
    slo = only("alerting-severities")
    assert [(t.labels["severity"], t.severity) for t in slo.tiers] == [
        ("page", "P1"), ("ticket", "P3"), ("warning", "P3"), ("lorem", "P3"),
    ]  # fmt: skip
    assert slo.no_data_severity == "P4"


def test_silence_takes_as_long_as_pyrras_absent_alert() -> None:
    """14 times 0.1 % of an hour is 50 s, and 2 min: 3 min, of which a series is seen 5 after its last."""
    assert only("ratio").no_data_after == 5 * MINUTE
    assert only("target-low").no_data_after == 168 * MINUTE + 2 * MINUTE


def test_only_labels_with_its_prefix_are_passed_on() -> None:
    slo = only("labels-passed-on")
    assert slo.labels == {"team": "shop", "cost-centre": "417", "job": "orders"}
    assert "prometheus only say which Prometheus loads the rules" in told("labels-passed-on", Effect.LOST)


def test_equal_matchers_of_total_become_labels_but_for_what_is_grouped() -> None:
    assert only("ratio").labels == {"job": "orders"}
    assert only("ratio-empty-matcher").labels == {}
    assert only("ratio-grouped-by-a-matched-label").labels == {}


def test_labels_that_mirante_sets_are_left_out_and_said() -> None:
    assert only("labels-ours").labels == {}
    assert "environment, service, tier" in told("labels-ours", Effect.CHANGED)


def test_annotations_with_its_prefix_are_passed_on_to_every_alert() -> None:
    slo = only("annotations")
    assert slo.tiers[3].annotations == {
        "runbook_url": "https://wiki.example.com/orders",
        "summary": "Orders fail in {{ $labels.job }}",
    }
    assert slo.texts["runbook"] == "https://wiki.example.com/orders"
    assert slo.annotations["note"] == "kept"
    assert not [key for key in slo.annotations if key.startswith("kubectl")]


def test_the_service_is_a_label_then_the_namespace_then_said_to_be_missing() -> None:
    assert only("labels-service").service == "checkout"
    assert only("ratio").service == "shop"
    assert only("no-namespace").service == "default"
    assert "the service is 'default'" in told("no-namespace", Effect.ASSUMED)


def test_a_ratio_written_for_a_percentage_is_read_as_pyrra_does_and_said() -> None:
    assert only("target-below-one").objectives[0].target == Fraction(99, 10_000)
    assert "0.99 promises 0.99 %" in told("target-below-one", Effect.ASSUMED)


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("several-documents", ["shop/orders-a", "shop/orders-b"]),
        ("list-of-documents", ["shop/orders-c", "shop/orders-d"]),
        ("list-of-kubernetes", ["shop/orders-e", "shop/orders-f"]),
        ("list-of-objectives", ["shop/orders-g", "shop/orders-h"]),
    ],
)
def test_lists_of_every_kind_hold_objectives(name: str, ids: list[str]) -> None:
    assert [slo.id for slo in imported(name).catalogue.slos] == ids


def test_one_name_for_two_sites_becomes_two_names() -> None:
    found = imported("same-name-other-labels")
    assert [slo.id for slo in found.catalogue.slos] == ["shop/cache-north", "shop/cache-south"]
    assert "told apart by site" in told("same-name-other-labels", Effect.CHANGED)


def test_what_only_says_how_rules_are_loaded_is_lost_by_name() -> None:
    lost = told("performance", Effect.LOST)
    assert "spec.ruleOutput" in lost
    assert "spec.partial_response_strategy" in lost
    assert "spec.performanceOverAccuracy" in told("performance", Effect.CHANGED)


@pytest.mark.parametrize(
    ("length", "text"),
    [(64 * MINUTE, "1h4m"), (36 * HOUR, "1d12h"), (10 * DAY, "10d"), (14 * DAY, "2w"), (365 * DAY, "1y"),
     (timedelta(0), "0s")],
)  # fmt: skip
def test_durations_are_written_as_prometheus_does(length: timedelta, text: str) -> None:
    assert go_text(length) == text
