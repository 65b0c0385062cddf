"""How an indicator is counted in PromQL: good and total over a window, or over the last time slice.

``total`` is absent when there is no data and 0 when there is no traffic. A good or bad series that does
not exist while total does counts as 0: a missing error series is no error, never a hole. NaN is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from foundation.numbers import decimal_text
from slo.model.conventions import window_text
from slo.model.spec import BudgetingMethod, Indicator, MetricQuery, Objective, RatioIndicator, Slo
from slo.prometheus.names import by
from slo.prometheus.promql import analyse, has_window, with_window

MINUTE = timedelta(minutes=1)
RAW_WINDOW = timedelta(minutes=5)  # what a raw ratio or a quantile looks back over, each minute
_OPS = {"lte": "<=", "lt": "<", "gte": ">=", "gt": ">"}


@dataclass(frozen=True, slots=True)
class CountExpressions:
    good: str
    total: str


def counts_over_window(slo: Slo) -> bool:
    """Whether good and total can be asked for any window directly (counters), or only slice by slice."""
    indicator = slo.indicator
    if slo.method is not BudgetingMethod.OCCURRENCES or not isinstance(indicator, RatioIndicator):
        return False
    return indicator.raw is None and indicator.total is not None and has_window(indicator.total.query)


def slice_window(slo: Slo, objective: Objective) -> timedelta:
    """How often a slice ends: the objective's, or every minute where the definition has none."""
    return objective.time_slice_window or MINUTE


def silence_span(slo: Slo) -> timedelta:
    """How long nothing must be heard before that is *no data*: slices come only so often."""
    if counts_over_window(slo):
        return slo.no_data_after
    longest = max(slice_window(slo, objective) for objective in slo.objectives)
    return max(slo.no_data_after, 2 * longest)


def window_counts(slo: Slo, window: timedelta) -> CountExpressions:
    """Good and total events of the last ``window``, from counters."""
    assert isinstance(slo.indicator, RatioIndicator)
    return _ratio_counts(slo, slo.indicator, window)


def slice_counts(slo: Slo, objective: Objective) -> CountExpressions:
    """Good and total of the slice that ends now: 0 or 1 of 1, or its ratio of 1; absent without data."""
    if slo.method is BudgetingMethod.OCCURRENCES:
        return _sampled(slo, objective, RAW_WINDOW)
    length = slice_window(slo, objective)
    ratio, judged = _slice(slo, objective, length)
    if slo.method is BudgetingMethod.RATIO_TIMESLICES:
        return CountExpressions(ratio, f"{judged} * 0 + 1")
    assert objective.time_slice_target is not None
    good = f"{ratio} >= bool {decimal_text(objective.time_slice_target)}"
    return CountExpressions(good, f"{judged} * 0 + 1")


def _slice(slo: Slo, objective: Objective, length: timedelta) -> tuple[str, str]:
    """Share of good in one slice, and something that exists where it does: where anything was counted."""
    counters = _counters(slo.indicator)
    if counters is not None:
        counts = _ratio_counts(slo, counters, length)
        return f"({counts.good}) / ({counts.total} > 0)", f"({counts.total} > 0)"
    if _is_gauge(slo.indicator):
        counts = _sampled(slo, objective, length)
        share = f"clamp(({counts.good}) / ({counts.total} > 0), 0, 1)"
        return _averaged(share, f"({counts.total} > 0)", length)
    if isinstance(slo.indicator, RatioIndicator):
        counts = _sampled(slo, objective, length)
        return counts.good, f"({counts.total})"
    counts = _sampled(slo, objective, RAW_WINDOW)
    return _averaged(f"({counts.good}) / ({counts.total})", f"({counts.total})", length)


def _averaged(share: str, judged: str, length: timedelta) -> tuple[str, str]:
    """What is read once a minute, averaged over a longer slice."""
    if length == MINUTE:
        return share, judged
    average = f"avg_over_time(({share})[{range_text(length)}:1m])"
    return average, average


def _counters(indicator: Indicator) -> RatioIndicator | None:
    """The indicator, if its counts can be asked for any window."""
    if not isinstance(indicator, RatioIndicator) or indicator.total is None:
        return None
    return indicator if has_window(indicator.total.query) else None


def _is_gauge(indicator: Indicator) -> bool:
    """Good and total as gauges, read once a minute: a longer slice has to average them."""
    return isinstance(indicator, RatioIndicator) and indicator.raw is None and _counters(indicator) is None


def _sampled(slo: Slo, objective: Objective, window: timedelta) -> CountExpressions:
    """One reading a minute: of a raw ratio, of a threshold, or of counts that are gauges."""
    indicator = slo.indicator
    if isinstance(indicator, RatioIndicator):
        if indicator.raw is None:
            return _ratio_counts(slo, indicator, window)
        raw = _real(with_window(indicator.raw.query, window_text(window)))
        share = raw if indicator.raw_type == "success" else f"1 - ({raw})"
        group = by(slo.group_by)
        return CountExpressions(f"clamp(avg {group}({share}), 0, 1)", f"avg {group}({raw}) * 0 + 1")
    assert objective.op is not None
    assert objective.value is not None
    query, group = with_window(indicator.metric.query, window_text(window)), by(slo.group_by)
    reading = query if slo.method is not BudgetingMethod.OCCURRENCES else _real(query)  # else total drops it
    verdict = f"({reading}) {_OPS[objective.op]} bool {decimal_text(objective.value)}"
    return CountExpressions(f"sum {group}({verdict})", f"count {group}({_real(query)})")


def _real(query: str) -> str:
    """The query without its NaN values: no comparison holds for a NaN."""
    return f"({query}) >= -Inf"


def _ratio_counts(slo: Slo, indicator: RatioIndicator, window: timedelta) -> CountExpressions:
    assert indicator.total is not None
    total = _summed(slo, indicator.total, window)
    part = indicator.good or indicator.bad
    assert part is not None
    counted = f"({_summed(slo, part, window)} or 0 * {total})"
    good = counted if indicator.good else f"{total} - {counted}"
    return CountExpressions(good, total)


def _summed(slo: Slo, metric: MetricQuery, window: timedelta) -> str:
    """The query as a count, summed to the SLO's own labels. A rate is turned back into a count."""
    text = with_window(metric.query, window_text(window))
    query = analyse(metric.query)
    if query.grouping != tuple(sorted(slo.group_by)):
        text = f"sum {by(slo.group_by)}({text})"
    if query.counts in ("rate", "irate"):
        text = f"{text} * {window // timedelta(seconds=1)}"
    return f"({text})" if query.counts in ("rate", "irate") or _compound(text) else text


def _compound(text: str) -> bool:
    return not text.startswith("sum")


def range_text(window: timedelta) -> str:
    """A range that holds exactly ``window`` / 1 min recorded samples in every Prometheus.

    Up to 2.x a range includes both its ends, from 3.0 on only the right one; a second less does in neither.
    """
    seconds = window // timedelta(seconds=1) - 1
    parts = []
    for unit, size in (("h", 3_600), ("m", 60), ("s", 1)):
        if seconds >= size:
            parts.append(f"{seconds // size}{unit}")
            seconds %= size
    return "".join(parts)
