"""``PutMetricData``: the API call that takes data to CloudWatch, and what it says is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from exporters.cloudwatch.datum import Datum, MaybeSent, NotSent
from foundation.aws.errors import AwsError
from slo.cloudwatch.metric_data import minutes_of
from slo.indicators.metric import CloudWatchMetric
from slo.model.errors import SourceError

MOST_DATA = 500  # of one call; the limit is 1,000 data and 1 MB


class CloudWatchClient(Protocol):
    """The part of boto3's client that is used. It must not retry by itself: a repeated put counts twice."""

    def put_metric_data(self, **arguments: Any) -> Any: ...

    def get_paginator(self, operation_name: str) -> Any: ...


class PutMetricData:
    def __init__(self, client: CloudWatchClient) -> None:
        self._client = client

    def send(self, data: Sequence[Datum]) -> None:
        if len(data) > MOST_DATA:
            raise ValueError(f"{len(data)} data points in one call; at most {MOST_DATA} are allowed")
        try:
            self._client.put_metric_data(
                Namespace=data[0].namespace, MetricData=[_metric_datum(datum) for datum in data]
            )
        except AwsError as error:
            raise (NotSent if error.nothing_done else MaybeSent)(str(error)) from error

    def sums(self, metric: CloudWatchMetric, since: datetime, until: datetime) -> Mapping[datetime, float]:
        """What CloudWatch has of each minute in ``[since, until)``; a minute it knows nothing of is left out.

        Raises:
            NotSent: it cannot be asked now.
        """
        try:
            return minutes_of(self._client, [metric], since, until)[metric]
        except SourceError as error:
            raise NotSent(str(error)) from error


def _metric_datum(datum: Datum) -> Mapping[str, object]:
    return {
        "MetricName": datum.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in datum.dimensions],
        "Timestamp": datum.at,
        "Values": list(datum.values),
        "Counts": list(datum.counts),
    }
