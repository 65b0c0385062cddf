"""Counts read through boto3's real client, its requests and answers checked against AWS's service model."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from botocore.stub import Stubber

from foundation.aws.clients import AwsClients
from foundation.aws.purpose import ClientPurpose
from foundation.clock import ManualClock
from slo.indicators.ratio import RatioIndicator
from slo.ledger.cloudwatch_source import CloudWatchCollector
from slo.ledger.ledger import Counts, Ledger
from slo.model.errors import SourceError
from slo.model.spec import BudgetingMethod, MetricQuery, Slo
from tests.support.memory_ledger import MemoryLedger
from tests.support.slo_samples import HOUR, MINUTE, NOON, an_slo, key_of


def twin_slo(part: str = "bad") -> Slo:
    def metric(name: str) -> MetricQuery:
        spec = {"namespace": "Shop", "metricName": name, "dimensions": {"Api": "orders"}}
        return MetricQuery("CloudWatch", "", spec)

    counts = {"total": metric("Requests"), part: metric("Errors" if part == "bad" else "Good")}
    return an_slo(indicator=RatioIndicator(**counts))  # type: ignore[arg-type]


@pytest.fixture
def stub() -> Iterator[Stubber]:
    client = AwsClients("http://127.0.0.1:9").client("cloudwatch", ClientPurpose(1, 1))
    with Stubber(client) as made:
        yield made
    client.close()


def answer(values: dict[str, dict[int, float]], token: str | None = None) -> dict[str, Any]:
    results = [
        {
            "Id": name,
            "Label": name,
            "StatusCode": "Complete",
            "Timestamps": [NOON + MINUTE * minute for minute in points],
            "Values": list(points.values()),
        }
        for name, points in values.items()
    ]
    return {"MetricDataResults": results, **({"NextToken": token} if token else {})}


def collector(stub: Stubber, slo: Slo, ledger: Ledger, minutes: int) -> CloudWatchCollector:
    """Of the first minutes after noon, which are just over."""
    clock, whole = ManualClock(NOON + minutes * MINUTE), timedelta(minutes=minutes)
    return CloudWatchCollector([slo], stub.client, ledger, "test", clock, late=timedelta(), history=whole)


def test_sums_per_minute_become_rows_and_a_missing_error_metric_is_zero(stub: Stubber) -> None:
    slo, ledger = twin_slo(), MemoryLedger()
    # Queries are in the order of their names: Errors, then Requests.
    stub.add_response("get_metric_data", answer({"m0": {1: 4.0}, "m1": {0: 10.0, 1: 20.0, 3: 0.0}}))
    assert collector(stub, slo, ledger, 10).collect().rows == 3
    key = key_of(slo)
    assert ledger.counts(key, NOON, NOON + MINUTE) == Counts(10, 10, 1, 1)
    assert ledger.counts(key, NOON + MINUTE, NOON + 2 * MINUTE) == Counts(16, 20, 1, 1)
    assert not ledger.counts(key, NOON + 2 * MINUTE, NOON + 3 * MINUTE).has_data
    assert ledger.counts(key, NOON + 3 * MINUTE, NOON + 4 * MINUTE) == Counts(0, 0, 1, 1)


def test_the_request_asks_for_one_minute_sums_of_the_named_metrics(stub: Stubber) -> None:
    dimensions = [{"Name": "Api", "Value": "orders"}]
    expected = {
        "MetricDataQueries": [
            {
                "Id": f"m{index}",
                "MetricStat": {
                    "Metric": {"Namespace": "Shop", "MetricName": name, "Dimensions": dimensions},
                    "Period": 60,
                    "Stat": "Sum",
                },
                "ReturnData": True,
            }
            for index, name in enumerate(("Errors", "Requests"))
        ],
        "StartTime": NOON - MINUTE,
        "EndTime": NOON + MINUTE,
    }
    stub.add_response("get_metric_data", answer({}), expected)
    assert collector(stub, twin_slo(), MemoryLedger(), 1).collect().rows == 0
    stub.assert_no_pending_responses()


def test_every_page_is_read(stub: Stubber) -> None:
    slo, ledger = twin_slo("good"), MemoryLedger()
    stub.add_response("get_metric_data", answer({"m0": {0: 9.0}, "m1": {0: 10.0}}, token="more"))
    stub.add_response("get_metric_data", answer({"m0": {1: 5.0}, "m1": {1: 10.0}}))
    collector(stub, slo, ledger, 2).collect()
    assert ledger.counts(key_of(slo), NOON, NOON + 2 * MINUTE) == Counts(14, 20, 2, 2)


def test_reading_again_with_late_samples_replaces(stub: Stubber) -> None:
    slo, ledger = twin_slo(), MemoryLedger()
    for total in (10.0, 12.0, 12.0):
        stub.add_response("get_metric_data", answer({"m1": {0: total}}))
        collector(stub, slo, ledger, 1).collect()
    assert ledger.counts(key_of(slo), NOON, NOON + MINUTE).total == 12


def test_more_errors_than_requests_and_broken_events_are_cut_and_flagged(stub: Stubber) -> None:
    slo, ledger = twin_slo(), MemoryLedger()
    stub.add_response("get_metric_data", answer({"m0": {0: 12.0, 1: 0.0}, "m1": {0: 10.0, 1: 9.6}}))
    collector(stub, slo, ledger, 2).collect()
    assert ledger.counts(key_of(slo), NOON, NOON + MINUTE) == Counts(0, 10, 1, 1, error_bound=2)
    assert ledger.counts(key_of(slo), NOON + MINUTE, NOON + 2 * MINUTE) == Counts(10, 10, 1, 1, error_bound=1)


def test_history_older_than_minute_data_is_refused(stub: Stubber) -> None:
    with pytest.raises(SourceError, match="15 days"):
        collector(stub, twin_slo(), MemoryLedger(), 16 * 24 * 60).collect()


def test_an_error_of_aws_is_told(stub: Stubber) -> None:
    stub.add_client_error("get_metric_data", "AccessDenied", "not allowed")
    with pytest.raises(SourceError, match="GetMetricData: AccessDenied"):
        collector(stub, twin_slo(), MemoryLedger(), 1).collect()


def test_an_slo_without_metrics_of_its_own_is_left_out_and_told(stub: Stubber) -> None:
    found = collector(stub, an_slo(), MemoryLedger(), 1)
    assert "does not name CloudWatch metrics" in found.refused["shop/api"]
    assert found.collect().rows == 0, "and nobody is asked"


def test_a_minute_is_asked_for_once_and_again_while_samples_may_still_come(stub: Stubber) -> None:
    slo, ledger, clock = twin_slo(), MemoryLedger(), ManualClock(NOON + MINUTE)
    watching = CloudWatchCollector([slo], stub.client, ledger, "test", clock, late=MINUTE, history=MINUTE)
    stub.add_response("get_metric_data", answer({"m1": {0: 10.0}}))
    assert watching.collect().rows == 1
    clock.advance(MINUTE / 2)
    assert watching.collect().rows == 0
    clock.advance(MINUTE / 2)
    stub.add_response("get_metric_data", answer({"m1": {0: 11.0, 1: 5.0}}))
    done = watching.collect()
    assert (done.since, done.until, done.rows) == (NOON, NOON + 2 * MINUTE, 2)
    assert ledger.counts(key_of(slo), NOON, NOON + 2 * MINUTE).total == 16


def test_a_minute_that_could_not_be_asked_for_is_asked_for_by_the_next_pass(stub: Stubber) -> None:
    slo, ledger = twin_slo(), MemoryLedger()
    watching = collector(stub, slo, ledger, 1)
    stub.add_client_error("get_metric_data", "InternalServiceFault")
    with pytest.raises(SourceError):
        watching.collect()
    stub.add_response("get_metric_data", answer({"m1": {0: 10.0}}))
    assert watching.collect().rows == 1


def test_a_slice_of_time_is_judged_whole_though_only_its_last_minute_is_new(stub: Stubber) -> None:
    slo, ledger = twin_slo(), MemoryLedger()
    sliced = an_slo(
        indicator=slo.indicator,  # type: ignore[arg-type]
        method=BudgetingMethod.TIMESLICES,
        time_slice_target=Fraction(1, 2),
        time_slice_window=5 * MINUTE,
    )
    clock = ManualClock(NOON + 4 * MINUTE)
    watching = CloudWatchCollector([sliced], stub.client, ledger, "test", clock, late=MINUTE, history=HOUR)
    stub.add_response("get_metric_data", answer({"m1": dict.fromkeys(range(4), 10.0)}))
    watching.collect()
    assert not ledger.counts(key_of(sliced), NOON, NOON + HOUR).has_data
    clock.advance(MINUTE)
    late = answer({"m0": dict.fromkeys(range(3), 10.0), "m1": dict.fromkeys(range(5), 10.0)})
    stub.add_response("get_metric_data", late)
    watching.collect()
    assert ledger.counts(key_of(sliced), NOON, NOON + 5 * MINUTE) == Counts(0, 1, 5, 5)
