"""The CloudWatch calls against a server that speaks the protocol: alarms put, counts read back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from foundation.clock import ManualClock
from slo.cloudwatch import alarms
from slo.indicators.ratio import RatioIndicator
from slo.ledger.cloudwatch_source import CloudWatchCollector
from slo.loaders.catalogue_files import load_catalogue
from slo.model.periods import MINUTE, floor_minute
from slo.model.spec import MetricQuery
from tests.support.aws_emulator import aws_client, needs_emulator, running_emulator
from tests.support.memory_ledger import MemoryLedger
from tests.support.slo_samples import HOUR, an_slo, key_of

pytestmark = needs_emulator


@pytest.fixture(scope="module")
def cloudwatch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with running_emulator(tmp_path_factory.mktemp("aws")) as url:
        client = aws_client("cloudwatch", url)
        yield client
        client.close()


def test_every_emitted_alarm_is_taken_as_it_is_written(cloudwatch: Any) -> None:
    emitted = alarms(load_catalogue(), "production")
    for arguments in emitted:
        if "AlarmRule" in arguments:
            cloudwatch.put_composite_alarm(**arguments)
        else:
            cloudwatch.put_metric_alarm(**arguments)
    kept: set[str] = set()
    for kind, field in (("MetricAlarm", "MetricAlarms"), ("CompositeAlarm", "CompositeAlarms")):
        for page in cloudwatch.get_paginator("describe_alarms").paginate(AlarmTypes=[kind]):
            kept |= {alarm["AlarmName"] for alarm in page[field]}
    assert kept == {arguments["AlarmName"] for arguments in emitted}


def test_counts_put_into_cloudwatch_are_read_back_into_the_ledger_minute_by_minute(cloudwatch: Any) -> None:
    now = floor_minute(datetime.now(UTC))
    start = now - timedelta(minutes=10)
    dimensions = [{"Name": "Api", "Value": "orders"}]
    for minute in range(10):
        data = [
            {
                "MetricName": name,
                "Dimensions": dimensions,
                "Timestamp": start + minute * MINUTE,
                "Value": value,
            }
            for name, value in (("Requests", 100.0 + minute), ("Errors", float(minute % 3)))
        ]
        cloudwatch.put_metric_data(Namespace="Shop", MetricData=data)

    def metric(name: str) -> MetricQuery:
        return MetricQuery(
            "CloudWatch", "", {"namespace": "Shop", "metricName": name, "dimensions": {"Api": "orders"}}
        )

    slo = an_slo(indicator=RatioIndicator(total=metric("Requests"), bad=metric("Errors")))
    ledger = MemoryLedger()
    for _ in range(2):  # reading again changes nothing
        CloudWatchCollector([slo], cloudwatch, ledger, "test", ManualClock(now), history=HOUR).collect()
    counts = ledger.counts(key_of(slo), start, now)
    assert (counts.total, counts.bad, counts.minutes_with_data) == (1045, 9, 10)
