"""Whether Prometheus can count an indicator, and if not, why not."""

from __future__ import annotations

from collections.abc import Iterator

from slo.model.spec import MetricQuery, RatioIndicator, Slo
from slo.prometheus.promql import PromqlError, analyse, has_window


def queries(slo: Slo) -> Iterator[tuple[str, MetricQuery]]:
    """``(part, metric)``: good, bad, total, raw or metric."""
    indicator = slo.indicator
    if not isinstance(indicator, RatioIndicator):
        yield "metric", indicator.metric
        return
    parts = (("good", indicator.good), ("bad", indicator.bad), ("total", indicator.total))
    for part, metric in (*parts, ("raw", indicator.raw)):
        if metric is not None:
            yield part, metric


def unsupported(slo: Slo) -> str | None:
    """The reason no rule can be generated; ``None`` when one can."""
    for part, metric in queries(slo):
        if metric.source_type != "Prometheus":
            return f"{part} comes from {metric.source_type}, which Prometheus rules cannot query"
        try:
            query = analyse(metric.query)
        except PromqlError as error:
            return f"the {part} query is not PromQL: {error}"
        counter = isinstance(slo.indicator, RatioIndicator) and slo.indicator.counter and part != "raw"
        if counter and not has_window(metric.query):
            return f"the {part} query counts a counter without a range; write increase(...[{{{{.window}}}}])"
        if query.counts == "mixed":
            return f"the {part} query mixes increase() and rate()"
    return None
