"""Sends a process's own series to CloudWatch, once a minute."""

from __future__ import annotations

from exporters.cloudwatch.datum import Sink
from exporters.cloudwatch.put import MOST_DATA
from exporters.cloudwatch.series_data import SeriesData
from foundation.clock import Clock


class MetricsPublisher:
    """What could not be sent, or perhaps was not, is sent with the next: a count may double, none is lost."""

    def __init__(self, series: SeriesData, sink: Sink, clock: Clock) -> None:
        self._series, self._sink, self._clock = series, sink, clock

    def publish(self) -> None:
        """Raises PublishError: the rest of this minute's was not sent."""
        offered = self._series.offer(self._clock.now())
        for start in range(0, len(offered), MOST_DATA):
            batch = offered[start : start + MOST_DATA]
            self._sink.send([one.datum for one in batch])
            self._series.sent(batch)
