"""Counts that tests of recorded series feed.

They follow from budget and tiers alone: SLOs that share those share one set, and each sum of it is worked out
once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from functools import cached_property, lru_cache

from slo.prometheus.promtool.notation import gauge

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, eq=False)
class FedCounts:
    """Sample ``i`` is what is recorded at ``i`` steps; each event is in ``per`` of them."""

    good: Sequence[float]
    total: Sequence[float]
    step: timedelta
    per: int = 1

    @cached_property
    def texts(self) -> tuple[str, str]:
        """Good and total as promtool reads them."""
        return gauge(self.good), gauge(self.total)

    @lru_cache(maxsize=16_384)  # noqa: B019 - a few hundred sets of counts are ever made
    def window(self, at: timedelta, window: timedelta) -> tuple[float, float]:
        """``(good, total)`` of the samples in the window that ends at ``at``, its left end left out."""
        last, count = at // self.step, window // self.step
        chosen = slice(max(0, last - count + 1), last + 1)
        return sum(self.good[chosen]) / self.per, sum(self.total[chosen]) / self.per


@lru_cache(maxsize=128)
def hourly_events(budget: Fraction, highest: float, hours: int, step: timedelta, per: int) -> FedCounts:
    """Every hour differs, so no window fits another's. ``highest`` is the fastest tier's factor."""
    per_hour = max(1, _HOUR // step)
    total, good = [0.0], [0.0]
    for hour in range(hours):
        count = 5_000.0 + 40 * (hour * hour % 23)
        total += [count] * per_hour
        good += [count - round(count * _error_share(float(budget), highest, hour), 3)] * per_hour
    return FedCounts(good, total, step, per)


@lru_cache(maxsize=128)
def hourly_slices(budget: Fraction, highest: float, hours: int, step: timedelta) -> FedCounts:
    """The same for slices: of those of an hour, a share is bad."""
    per_hour = max(1, _HOUR // step)
    total, good = [1.0], [1.0]
    for hour in range(hours):
        bad = round(_error_share(float(budget), highest, hour) * per_hour)
        total += [1.0] * per_hour
        good += [1.0] * (per_hour - bad) + [0.0] * bad
    return FedCounts(good, total, step)


def _error_share(budget: float, highest: float, hour: int) -> float:
    """Calm, then an outage of six hours that every tier sees, then calm but for an hour now and then."""
    if 30 <= hour < 36:
        return min(1.0, budget * max(highest, 20.0))
    return min(0.9, budget * (0.2 + (hour * hour % 5) / 10))


@lru_cache(maxsize=128)
def daily_events(budget: Fraction, days: int, step: timedelta) -> FedCounts:
    per_day = _DAY // step
    total, good = [1.0], [1.0]
    for day in range(days):
        count = 900.0 + 10 * (day * day % 11)
        share = min(1.0, float(budget) * (0.25 + (day * day % 7) / 8))
        total += [count] * per_day
        good += [count - round(count * share, 3)] * per_day
    return FedCounts(good, total, step)
