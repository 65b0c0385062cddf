"""How an SLO is counted in PromQL: over any window directly, or over the last time slice.

``total`` is absent when there is no data and 0 when there is no traffic. NaN is dropped.
"""

from __future__ import annotations

from datetime import timedelta

from foundation.quantities import decimal_text
from slo.indicators.metric import LOOK_BACK
from slo.model.periods import MINUTE
from slo.model.spec import BudgetingMethod, CountExpressions, Objective, Slo
from slo.prometheus.once import once_for_each


@once_for_each
def counts_over_window(slo: Slo) -> bool:
    """Whether good and total can be asked for any window directly (counters), or only slice by slice."""
    events = slo.indicator.events
    return slo.method is BudgetingMethod.OCCURRENCES and events is not None and events.total.is_windowed


def slice_window(slo: Slo, objective: Objective) -> timedelta:
    """How often a slice ends: the objective's, or every minute where the definition has none."""
    return objective.time_slice_window or MINUTE


def silence_span(slo: Slo) -> timedelta:
    """How long nothing must be heard before that is *no data*: slices come only so often."""
    if counts_over_window(slo):
        return slo.no_data_after
    longest = max(slice_window(slo, objective) for objective in slo.objectives)
    return max(slo.no_data_after, 2 * longest)


def slice_counts(slo: Slo, objective: Objective) -> CountExpressions:
    """Good and total of the slice that ends now: 0 or 1 of 1, or its ratio of 1; absent without data."""
    if slo.method is BudgetingMethod.OCCURRENCES:
        return slo.indicator.reading(objective, slo.grouping, LOOK_BACK)
    slice_ = slo.indicator.share(objective, slo.grouping, slice_window(slo, objective))
    total = f"{slice_.total} * 0 + 1"
    if slo.method is BudgetingMethod.RATIO_TIMESLICES:
        return CountExpressions(slice_.good, total)
    assert objective.time_slice_target is not None
    return CountExpressions(f"{slice_.good} >= bool {decimal_text(objective.time_slice_target)}", total)
