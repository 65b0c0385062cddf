"""Counts from CloudWatch (``GetMetricData``), for definitions whose indicator has a CloudWatch twin.

Sums per minute (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html).
A minute without samples of the total has no data; without samples of the other count, that count is zero.
One-minute data points exist for fifteen days, so a longer history cannot be read back exactly and is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from foundation.clock import Clock
from slo.cloudwatch.metric_data import MetricDataClient, Minutes, minutes_of
from slo.indicators.metric import CloudWatchMetric, Twin, TwinError, twin_of
from slo.ledger.collect import HISTORY, LATE, Collected, Reach, longest_slice, rows_of
from slo.ledger.ledger import Ledger, LedgerRow
from slo.ledger.tally import Tally
from slo.model.errors import SourceError
from slo.model.periods import floor_minute
from slo.model.spec import Slo

RESOLUTION_KEPT = timedelta(days=15)
SOURCE = "cloudwatch"


class CloudWatchCollector:
    """A ``CountCollector`` of every SLO that names metrics of its own. A minute is asked for once, and again
    while it may still grow: CloudWatch has nothing shorter, and each question costs."""

    def __init__(
        self,
        slos: Sequence[Slo],
        client: MetricDataClient,
        ledger: Ledger,
        environment: str,
        clock: Clock,
        late: timedelta = LATE,
        history: timedelta = HISTORY,
    ) -> None:
        self._client, self._ledger = client, ledger
        self._environment, self._clock = environment, clock
        self.refused: dict[str, str] = {}
        self._twins = tuple(self._readable(slos))
        counted = [slo for slo, _ in self._twins]
        self._margin = longest_slice(counted)  # the slice that ends just after the first minute is whole
        self._reach = Reach(counted, ledger, environment, late, history)

    def _readable(self, slos: Sequence[Slo]) -> Iterator[tuple[Slo, Twin]]:
        for slo in slos:
            try:
                twin = twin_of(slo, slo.objectives[0], self._environment)
            except TwinError as error:
                self.refused[slo.id] = str(error)
                continue
            if twin.published:
                self.refused[slo.id] = "it does not name CloudWatch metrics of its own"
            elif slo.is_grouped:
                self.refused[slo.id] = "a budget per label value has no fixed CloudWatch dimensions"
            else:
                yield slo, twin

    def collect(self) -> Collected:
        until = floor_minute(self._clock.now())
        since = self._reach.since(until)
        if self._reach.until == until or not self._twins:
            return Collected(since, until, 0)
        rows = self._rows(since - self._margin, until)
        self._ledger.write(rows)
        self._reach.until = until
        return Collected(since, until, len(rows))

    def _rows(self, since: datetime, until: datetime) -> Sequence[LedgerRow]:
        if until - since > RESOLUTION_KEPT:
            raise SourceError(
                f"CloudWatch keeps one-minute data for 15 days; {since.isoformat()} is older. "
                "Begin later, or take history from another source"
            )
        metrics = sorted({metric for _, twin in self._twins for metric in (*twin.total, *twin.part)}, key=str)
        values = minutes_of(self._client, metrics, since, until)
        return [
            row
            for slo, twin in self._twins
            for row in rows_of(slo, self._environment, (), {SOURCE: _tallies(twin, values)}, since, until)
        ]


def _tallies(twin: Twin, values: Mapping[CloudWatchMetric, Minutes]) -> dict[datetime, Tally]:
    known = sorted({at for metric in twin.total for at in values[metric]})
    return {at: _tally(twin, values, at) for at in known}


def _tally(twin: Twin, values: Mapping[CloudWatchMetric, Minutes], at: datetime) -> Tally:
    """Whole events; a value that is not whole, or exceeds the total, is cut and flagged."""
    total = sum(values[metric].get(at, 0.0) for metric in twin.total)
    part = sum(values[metric].get(at, 0.0) for metric in twin.part)
    whole = max(0, round(total))
    kept = min(max(0, round(part)), whole)
    off = -(-abs(total - whole) // 1) + -(-abs(part - kept) // 1)
    return Tally(kept if twin.part_is_good else whole - kept, whole, int(off) or None)
