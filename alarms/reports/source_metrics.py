"""The sources that are asked what fires, in numbers for rules and boards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from alarms.model.source import AskedState, SourceReport
from alarms.reports import response

GOOD = (AskedState.ANSWERS, AskedState.RESTARTED)


def source_metrics(reports: Sequence[SourceReport]) -> Iterator[Metric]:
    """From the newest report of each."""
    answers, alerts, found = response.SOURCE_ANSWERS, response.SOURCE_ALERTS, response.SOURCE_FOUND
    up = GaugeMetricFamily(answers.name, answers.help, labels=answers.labels)
    counts = GaugeMetricFamily(alerts.name, alerts.help, labels=alerts.labels)
    paged = CounterMetricFamily(found.name, found.help, labels=found.labels)
    for one in reports:
        up.add_metric([one.name], float(one.state in GOOD))
        paged.add_metric([one.name], one.paged)
        for what, count in (("firing", one.firing), ("heard", one.heard), ("missing", one.missing)):
            counts.add_metric([one.name, what], count)
    yield from (up, counts, paged)
