"""A type of SLI that the product does not have, made up for tests: a histogram's share under a bound.

All of it is here, as a new type of the product's own would be in one module of ``slo.indicators``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from foundation.located import Section
from slo.indicators.metric import ReadMetric
from slo.indicators.ratio import CountsEvents
from slo.model.spec import EventQueries, Indicator, MetricQuery, Objective

KEY = "boundMetric"


@dataclass(frozen=True, slots=True)
class LatencyIndicator(CountsEvents):
    """Good: what took at most ``under`` seconds, an edge of the histogram's buckets."""

    histogram: str
    under: str

    @property
    def key(self) -> str:
        return KEY

    @property
    def events(self) -> EventQueries:
        return EventQueries(
            total=self._increase(f"{self.histogram}_count"),
            part=self._increase(f'{self.histogram}_bucket{{le="{self.under}"}}'),
            part_is_good=True,
        )

    @property
    def queries(self) -> Mapping[str, MetricQuery]:
        return {"good": self.events.part, "total": self.events.total}

    def identity(self, objectives: Sequence[Objective]) -> Mapping[str, object]:
        return {"histogram": self.histogram, "under": self.under}

    def document(self) -> Mapping[str, object]:
        return {"histogram": self.histogram, "under": self.under}

    def _increase(self, selector: str) -> MetricQuery:
        return MetricQuery("Prometheus", f"sum(increase({selector}[{{{{.window}}}}]))")


def read_latency(section: Section, metric: ReadMetric) -> Indicator | None:
    histogram, under = section.text("histogram", required=True), section.text("under", required=True)
    section.close()
    return LatencyIndicator(histogram, under) if histogram and under else None
