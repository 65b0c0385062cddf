"""CloudWatch alarms: the same promise in CloudWatch's words, inside its limits."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from slo.cloudwatch import alarms, is_composite, skipped
from slo.cloudwatch.alarms import range_problem
from slo.indicators.ratio import RatioIndicator
from slo.loaders.catalogue_files import load_catalogue
from slo.model.catalogue import Catalogue
from slo.model.conventions import alert_key, no_data_alert_key
from slo.model.spec import BudgetingMethod, MetricQuery, Slo

SHAPES = Path(__file__).parents[3] / "support" / "definitions" / "shapes"
SHIPPED = load_catalogue()
LATENCY = SHIPPED.slo("credit/decision-latency")
TOPIC = "arn:aws:sns:sa-east-1:123456789012:p1"


def named(catalogue: Catalogue, suffix: str) -> dict[str, Any]:
    return next(alarm for alarm in alarms(catalogue, "prod") if str(alarm["AlarmName"]).endswith(suffix))


def only(slo: Slo) -> Catalogue:
    return Catalogue(slos=(slo,))


@pytest.mark.parametrize("catalogue", [SHIPPED, load_catalogue(SHAPES)], ids=["shipped", "shapes"])
def test_boto3_takes_every_alarm(catalogue: Catalogue) -> None:
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    client = boto3.client("cloudwatch", region_name="sa-east-1", **keys)
    made = alarms(catalogue, "prod", {"P1": TOPIC})
    assert len(made) > 50
    for alarm in made:
        operation = "PutCompositeAlarm" if is_composite(alarm) else "PutMetricAlarm"
        shape = client.meta.service_model.operation_model(operation).input_shape
        report = ParamValidator().validate(alarm, shape)
        assert not report.has_errors(), report.generate_report()


def test_a_tier_is_two_windows_joined_by_a_composite() -> None:
    composite = named(SHIPPED, "decision-latency-main-page-fast")
    assert composite["AlarmRule"] == (
        'ALARM("mirante-prod-credit-decision-latency-main-page-fast-long") AND '
        'ALARM("mirante-prod-credit-decision-latency-main-page-fast-short")'
    )
    long, short = (named(SHIPPED, f"decision-latency-main-page-fast-{w}") for w in ("long", "short"))
    assert [q["MetricStat"]["Period"] for q in (*long["Metrics"][:2], *short["Metrics"][:2])] == [
        3600, 3600, 300, 300,
    ]  # fmt: skip
    assert long["Threshold"] == short["Threshold"] == 14.4
    assert long["ComparisonOperator"] == "GreaterThanThreshold"
    assert long["Metrics"][2]["Expression"] == "IF(total > 0, (total - FILL(good, 0)) / total / 0.05)"


def test_composites_come_after_the_alarms_they_refer_to() -> None:
    kinds = [is_composite(alarm) for alarm in alarms(SHIPPED, "prod")]
    assert kinds == sorted(kinds)


def test_only_the_composite_and_silence_tell_anyone() -> None:
    made = alarms(SHIPPED, "prod", {"P1": TOPIC})
    told = {str(alarm["AlarmName"]) for alarm in made if "AlarmActions" in alarm}
    assert told == {
        *(f"mirante-prod-{slo.id.replace('/', '-')}-main-page-fast" for slo in SHIPPED.slos),
        "mirante-prod-credit-decision-availability-main-no-data",
    }


def test_missing_data_is_silence_and_never_a_burn() -> None:
    made = {str(a["AlarmName"]): a for a in alarms(SHIPPED, "prod") if not is_composite(a)}
    treatments = {name.rsplit("-", 1)[-1]: alarm["TreatMissingData"] for name, alarm in made.items()}
    assert treatments == {"long": "notBreaching", "short": "notBreaching", "data": "breaching"}


def test_the_router_reads_the_identity_from_the_last_line_of_the_description() -> None:
    composite = named(SHIPPED, "decision-latency-main-page-fast")
    silence = named(SHIPPED, "decision-latency-main-no-data")
    read = json.loads(composite["AlarmDescription"].splitlines()[-1])
    assert read["alert_key"] == alert_key("prod", "credit/decision-latency", "main", {})
    assert (read["slo"], read["tier"], read["severity"]) == ("credit/decision-latency", "page-fast", "P1")
    quiet = json.loads(silence["AlarmDescription"].splitlines()[-1])
    assert quiet["alert_key"] == no_data_alert_key("prod", "credit/decision-latency")


def test_a_very_long_name_still_leaves_the_identity_readable() -> None:
    slo = replace(LATENCY, display_name="x" * 2_000)
    description = named(only(slo), "-page-fast")["AlarmDescription"]
    assert len(description) <= 1_024
    assert json.loads(description.splitlines()[-1])["slo"] == slo.id


def twin(slo: Slo, **metric: object) -> Slo:
    """The SLO with CloudWatch metrics of its own."""
    query = MetricQuery("Prometheus", "sum(increase(x[{{.window}}]))", {"cloudwatch": metric})
    bad = MetricQuery("Prometheus", query.query, {"cloudwatch": metric | {"metricName": "Errors"}})
    return replace(slo, indicator=RatioIndicator(total=query, bad=bad))


def test_a_definition_may_name_its_own_metrics() -> None:
    slo = twin(LATENCY, namespace="AWS/ApiGateway", metricName="Count", dimensions={"ApiName": "credit"})
    total, bad, burn = named(only(slo), "page-fast-long")["Metrics"]
    assert total["MetricStat"]["Metric"]["Namespace"] == "AWS/ApiGateway"
    assert total["MetricStat"]["Metric"]["Dimensions"] == [{"Name": "ApiName", "Value": "credit"}]
    assert bad["MetricStat"]["Metric"]["MetricName"] == "Errors"
    assert burn["Expression"] == "IF(total > 0, FILL(bad, 0) / total / 0.05)"


def test_the_fewest_bad_events_are_asked_of_the_long_window() -> None:
    slo = replace(twin(LATENCY, namespace="AWS/ApiGateway", metricName="Count"), min_bad_events=5)
    alarms = {half: named(only(slo), f"page-fast-{half}")["Metrics"][-1] for half in ("long", "short")}
    assert alarms["long"]["Expression"] == (
        "IF(total > 0 AND FILL(bad, 0) >= 5, FILL(bad, 0) / total / 0.05)"
    )
    assert alarms["short"]["Expression"] == "IF(total > 0, FILL(bad, 0) / total / 0.05)"


def test_slices_of_own_metrics_are_counted_m_of_n() -> None:
    availability = SHIPPED.slo("credit/decision-availability")
    slo = twin(availability, namespace="Synthetics", metricName="Probes")
    long = named(only(slo), "page-fast-long")
    assert (long["EvaluationPeriods"], long["DatapointsToAlarm"]) == (60, 2), "not for one bad minute"
    short = named(only(slo), "page-fast-short")
    assert (short["EvaluationPeriods"], short["DatapointsToAlarm"]) == (5, 1)
    assert long["Metrics"][0]["MetricStat"]["Period"] == 60
    assert long["Threshold"] == pytest.approx(0.1)
    reasons = [found.reason for found in skipped(only(slo), "prod")]
    assert len(reasons) == 1  # three days of minutes are more than an alarm may look back
    assert "86400 s" in reasons[0]


def test_ratios_of_slices_of_own_metrics_are_skipped_with_their_reason() -> None:
    """No slice is good or bad by itself, so there is nothing that an alarm could count."""
    objective = replace(LATENCY.objectives[0], time_slice_window=timedelta(minutes=5))
    slo = twin(LATENCY, namespace="Synthetics", metricName="Probes")
    slo = replace(slo, method=BudgetingMethod.RATIO_TIMESLICES, objectives=(objective,))
    assert {found.what for found in skipped(only(slo), "prod")} == {
        f"objective main, tier {tier.name}" for tier in slo.tiers
    }
    assert all("RatioTimeslices" in found.reason for found in skipped(only(slo), "prod"))
    assert [str(alarm["AlarmName"]) for alarm in alarms(only(slo), "prod")] == [
        "mirante-prod-credit-decision-latency-main-no-data"
    ]


@pytest.mark.parametrize(
    ("metric", "reason"),
    [
        ({"namespace": "A", "metricName": "B", "stat": "Average"}, "'Average' does not count events"),
        ({"namespace": "A"}, "needs namespace and metricName"),
        ({"namespace": "A", "metricName": "B", "region": "x"}, "'region' is not known"),
    ],
)
def test_a_twin_that_cannot_be_queried_is_skipped_with_its_reason(
    metric: dict[str, object], reason: str
) -> None:
    query = MetricQuery("Prometheus", "sum(increase(x[{{.window}}]))", {"cloudwatch": metric})
    slo = replace(LATENCY, indicator=RatioIndicator(total=query, bad=query))
    (found,) = skipped(only(slo), "prod")
    assert reason in found.reason
    assert not alarms(only(slo), "prod")


def test_one_budget_per_label_value_is_skipped_by_name() -> None:
    found = skipped(load_catalogue(SHAPES), "prod")
    assert {(f.slo_id, f.what) for f in found} == {
        ("shop/search-latency", "all alarms"),
        ("shop/satisfaction", "all alarms"),
        ("ledger/freshness", "all alarms"),
    }


def test_fewest_events_are_part_of_the_expression() -> None:
    slo = replace(LATENCY, min_events=40)
    assert "IF(total >= 40," in named(only(slo), "page-fast-long")["Metrics"][2]["Expression"]


@pytest.mark.parametrize(
    ("period", "periods", "fits"),
    [
        (60, 1440, True), (60, 1441, False), (3_599, 1, False), (3_540, 24, True), (3_540, 25, False),
        (3_600, 168, True), (3_600, 169, False), (259_200, 1, True), (604_800, 1, True), (608_400, 1, False),
    ],
)  # fmt: skip
def test_an_alarm_looks_back_as_far_as_cloudwatch_allows(period: int, periods: int, fits: bool) -> None:
    assert (range_problem(period, periods) is None) is fits


@given(share=st.integers(1, 100), hours=st.integers(1, 160), nines=st.integers(10, 99_999))
def test_every_alarm_made_is_within_limits_and_means_the_factor(share: int, hours: int, nines: int) -> None:
    tier = replace(LATENCY.tiers[0], budget_share=Fraction(share, 100), long_window=timedelta(hours=hours))
    objective = replace(LATENCY.objectives[0], target=Fraction(nines, 100_000))
    slo = replace(LATENCY, tiers=(tier,), objectives=(objective,))
    for alarm in alarms(only(slo), "prod"):
        if is_composite(alarm) or "Metrics" not in alarm:
            continue
        queries = alarm["Metrics"]
        assert isinstance(queries, list)
        assert range_problem(queries[0]["MetricStat"]["Period"], int(str(alarm["EvaluationPeriods"]))) is None
        assert alarm["Threshold"] == float(tier.factor(slo.window.length))
