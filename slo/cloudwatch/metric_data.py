"""What CloudWatch has of metrics, minute by minute (``GetMetricData``).

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from foundation.aws.errors import AwsError
from slo.indicators.metric import CloudWatchMetric
from slo.model.errors import SourceError
from slo.model.periods import floor_minute

QUERIES_AT_ONCE = 500  # limit of GetMetricData
FAILED = ("InternalError", "Forbidden")

Minutes = Mapping[datetime, float]


class MetricDataClient(Protocol):
    """The part of boto3's CloudWatch client that is used."""

    def get_paginator(self, operation_name: str) -> Any: ...


def minutes_of(
    client: MetricDataClient, metrics: Sequence[CloudWatchMetric], since: datetime, until: datetime
) -> Mapping[CloudWatchMetric, Minutes]:
    """The statistic of each metric in each minute of ``[since, until)``; an unknown minute is absent.

    Raises:
        SourceError: it cannot be asked, or one of the metrics not be read.
    """
    found: dict[CloudWatchMetric, dict[datetime, float]] = {metric: {} for metric in metrics}
    for first in range(0, len(metrics), QUERIES_AT_ONCE):
        named = {f"m{index}": metric for index, metric in enumerate(metrics[first : first + QUERIES_AT_ONCE])}
        queries = [_query(name, metric) for name, metric in named.items()]
        pages = client.get_paginator("get_metric_data")
        try:
            for page in pages.paginate(MetricDataQueries=queries, StartTime=since, EndTime=until):
                for result in page["MetricDataResults"]:
                    metric, status = named[result["Id"]], result.get("StatusCode")
                    if status in FAILED:
                        raise SourceError(f"CloudWatch could not read {metric}: {status}")
                    values = zip(result["Timestamps"], result["Values"], strict=True)
                    found[metric] |= {floor_minute(at): float(value) for at, value in values}
        except AwsError as error:
            raise SourceError(str(error)) from error
    return found


def _query(name: str, metric: CloudWatchMetric) -> Mapping[str, Any]:
    stat = {"Metric": metric.arguments, "Period": 60, "Stat": metric.statistic}
    return {"Id": name, "MetricStat": stat, "ReturnData": True}
