"""Embedded metric format: lines of JSON in a log, from which CloudWatch makes metrics.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TextIO

from exporters.cloudwatch.datum import Datum, NotSent


class EmfLines:
    """Writes a line for each datum. Whoever carries the log to CloudWatch Logs does the rest."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def send(self, data: Sequence[Datum]) -> None:
        try:
            self._out.write("".join(f"{line(datum)}\n" for datum in data))
            self._out.flush()
        except OSError as error:
            raise NotSent(f"the log cannot be written: {error}") from error


def line(datum: Datum) -> str:
    described = {
        "Namespace": datum.namespace,
        "Dimensions": [[name for name, _ in datum.dimensions]],
        "Metrics": [{"Name": datum.name}],
    }
    document = {
        "_aws": {"Timestamp": int(datum.at.timestamp() * 1000), "CloudWatchMetrics": [described]},
        **dict(datum.dimensions),
        datum.name: _value(datum),
    }
    return json.dumps(document, separators=(",", ":"))


def _value(datum: Datum) -> object:
    """A histogram is written as AWS's own libraries for the format write theirs."""
    if datum.counts == (1.0,):
        return datum.values[0]
    return {
        "Values": datum.values,
        "Counts": datum.counts,
        "Min": min(datum.values),
        "Max": max(datum.values),
        "Count": sum(datum.counts),
        "Sum": sum(value * count for value, count in zip(datum.values, datum.counts, strict=True)),
    }
