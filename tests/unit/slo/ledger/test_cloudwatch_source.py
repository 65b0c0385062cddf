"""Counts read through boto3's real client, its requests and answers checked against AWS's service model."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from foundation.aws.clients import AwsClients
from foundation.aws.purpose import ClientPurpose
from slo.ledger.cloudwatch_source import CloudWatchSource
from slo.ledger.ledger import Counts
from slo.ledger.memory_ledger import MemoryLedger
from slo.model.errors import SourceError
from slo.model.spec import MetricQuery, RatioIndicator, Slo
from tests.support.slo_samples import DAY, MINUTE, NOON, an_slo, key_of


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


def source(stub: Stubber, slo: Slo) -> CloudWatchSource:
    return CloudWatchSource([slo], "test", stub.client)


def test_sums_per_minute_become_rows_and_a_missing_error_metric_is_zero(stub: Stubber) -> None:
    slo, ledger = twin_slo(), MemoryLedger()
    # Queries are in the order of their names: Errors, then Requests.
    stub.add_response("get_metric_data", answer({"m0": {1: 4.0}, "m1": {0: 10.0, 1: 20.0, 3: 0.0}}))
    written = source(stub, slo).collect(ledger, NOON, NOON + 10 * MINUTE, NOON + 10 * MINUTE)
    assert written == 3
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
        "StartTime": NOON,
        "EndTime": NOON + MINUTE,
        "ScanBy": ANY,
    }
    stub.add_response("get_metric_data", answer({}), expected)
    assert source(stub, twin_slo()).collect(MemoryLedger(), NOON, NOON + MINUTE, NOON + MINUTE) == 0
    stub.assert_no_pending_responses()


def test_every_page_is_read(stub: Stubber) -> None:
    slo, ledger = twin_slo("good"), MemoryLedger()
    stub.add_response("get_metric_data", answer({"m0": {0: 9.0}, "m1": {0: 10.0}}, token="more"))
    stub.add_response("get_metric_data", answer({"m0": {1: 5.0}, "m1": {1: 10.0}}))
    source(stub, slo).collect(ledger, NOON, NOON + 2 * MINUTE, NOON + 2 * MINUTE)
    assert ledger.counts(key_of(slo), NOON, NOON + 2 * MINUTE) == Counts(14, 20, 2, 2)


def test_reading_again_with_late_samples_replaces(stub: Stubber) -> None:
    slo, ledger = twin_slo(), MemoryLedger()
    for total in (10.0, 12.0, 12.0):
        stub.add_response("get_metric_data", answer({"m1": {0: total}}))
        source(stub, slo).collect(ledger, NOON, NOON + MINUTE, NOON + MINUTE)
    assert ledger.counts(key_of(slo), NOON, NOON + MINUTE).total == 12


def test_more_errors_than_requests_and_broken_events_are_cut_and_flagged(stub: Stubber) -> None:
    slo, ledger = twin_slo(), MemoryLedger()
    stub.add_response("get_metric_data", answer({"m0": {0: 12.0, 1: 0.0}, "m1": {0: 10.0, 1: 9.6}}))
    source(stub, slo).collect(ledger, NOON, NOON + 2 * MINUTE, NOON + 2 * MINUTE)
    assert ledger.counts(key_of(slo), NOON, NOON + MINUTE) == Counts(0, 10, 1, 1, error_bound=2)
    assert ledger.counts(key_of(slo), NOON + MINUTE, NOON + 2 * MINUTE) == Counts(10, 10, 1, 1, error_bound=1)


def test_history_older_than_minute_data_is_refused(stub: Stubber) -> None:
    with pytest.raises(SourceError, match="15 days"):
        source(stub, twin_slo()).collect(MemoryLedger(), NOON - 16 * DAY, NOON, NOON)


def test_an_error_of_aws_is_told(stub: Stubber) -> None:
    stub.add_client_error("get_metric_data", "AccessDenied", "not allowed")
    with pytest.raises(SourceError, match="GetMetricData: AccessDenied"):
        source(stub, twin_slo()).collect(MemoryLedger(), NOON, NOON + MINUTE, NOON + timedelta(hours=1))


def test_an_slo_without_metrics_of_its_own_is_left_out_and_told(stub: Stubber) -> None:
    found = CloudWatchSource([an_slo()], "test", stub.client)
    assert "names no CloudWatch metrics" in found.left_out["shop/api"]
