"""The error budget, counted: allowed bad events of the period's expected events, spent, left, and until when.

"2 % of the budget in one hour" holds only at even traffic, so what is spent is counted, never derived from
a burn rate. The number of events the whole period will see is known when a rolling period has a full
history; otherwise it is a forecast, and ``basis`` says so in words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from math import sqrt

from foundation.bilingual import Text
from foundation.quantities import rough_text
from slo.judge.burn_rate import WindowBurn
from slo.ledger.ledger import Counts
from slo.model.periods import MINUTE, Period


@dataclass(frozen=True, slots=True)
class BudgetStatus:
    """Budget of one objective over one period, in events (or slices) and as ratios of the whole budget.

    ``left_ratio`` is negative when more was spent than allowed. ``forecast`` is true when
    ``expected_events`` is not wholly counted; ``basis`` tells how it was got.
    """

    ratio: Fraction
    expected_events: int
    spent: int
    basis: Text
    forecast: bool
    error_bound: int | None = None

    @property
    def allowed(self) -> Fraction:
        """Bad events the whole period may have."""
        return self.expected_events * self.ratio

    @property
    def left(self) -> Fraction:
        """Bad events still allowed; negative when overspent."""
        return self.allowed - self.spent

    @property
    def spent_ratio(self) -> Fraction:
        """Share of the whole budget that is spent; 0 when nothing was expected and nothing failed."""
        if self.expected_events == 0:
            return Fraction(0)
        return Fraction(self.spent) / self.allowed

    @property
    def left_ratio(self) -> Fraction:
        return 1 - self.spent_ratio

    @property
    def exhausted(self) -> bool:
        """Spent as much as allowed, or more."""
        allowed = self.expected_events * self.ratio.numerator
        return self.spent > 0 and self.spent * self.ratio.denominator >= allowed


@dataclass(frozen=True, slots=True)
class Exhaustion:
    """When the budget runs out if the last ``window`` goes on: point and 95 % range, from ``now``.

    ``latest`` is ``None`` when so few errors were seen that "never" is within the range. Errors that leave a
    rolling window before then are not taken off, so this is the early side of the truth.
    """

    window: timedelta
    after: timedelta
    earliest: timedelta
    latest: timedelta | None


def budget_status(
    budget: Fraction, counts: Counts, period: Period, first_data: datetime | None
) -> BudgetStatus:
    """``counts`` are those of ``[period.start, period.now)``; ``first_data`` is the series' first minute."""
    expected, basis, forecast = _expected_events(counts, period, first_data)
    return BudgetStatus(budget, expected, counts.bad, basis, forecast, counts.error_bound)


def _expected_events(counts: Counts, period: Period, first_data: datetime | None) -> tuple[int, Text, bool]:
    start = period.start if first_data is None else max(period.start, first_data)
    known = max(0, (period.now - start) // MINUTE)
    length = rough_text(period.minutes * MINUTE)
    if known == 0:
        none = Text(
            f"no history yet; the period is {length}", f"ainda sem histórico; o período é de {length}"
        )
        return counts.total, none, True
    if known >= period.minutes:
        whole = Text(f"counted over the whole period of {length}", f"contado no período inteiro de {length}")
        return counts.total, whole, False
    have = rough_text(known * MINUTE)
    continued = Text(
        f"forecast: {counts.total} in {have} of history, continued evenly over the period of {length}",
        f"previsão: {counts.total} em {have} de histórico, continuados por igual no período de {length}",
    )
    return -(-counts.total * period.minutes // known), continued, True


def exhaustion(status: BudgetStatus, recent: WindowBurn) -> Exhaustion | None:
    """``None`` if nothing failed in the recent window or there were no events; zero if already exhausted."""
    bad = recent.counts.bad
    if status.exhausted:
        return Exhaustion(recent.window, timedelta(0), timedelta(0), timedelta(0))
    if bad <= 0 or status.expected_events == 0:
        return None
    low, high = poisson_range(bad)
    left = float(status.left)
    seconds = recent.window.total_seconds()
    latest = None if low * CENTURY_SECONDS < left * seconds else _seconds(left / low * seconds)
    return Exhaustion(recent.window, _seconds(left / bad * seconds), _seconds(left / high * seconds), latest)


CENTURY_SECONDS = 100 * 365 * 86_400.0


def _seconds(value: float) -> timedelta:
    return timedelta(seconds=round(min(value, CENTURY_SECONDS)))


def poisson_range(events: int) -> tuple[float, float]:
    """95 % range of the rate behind ``events`` seen (Wilson and Hilferty's cube-root approximation)."""
    z = 1.959964
    high_n = events + 1
    high = high_n * (1 - 1 / (9 * high_n) + z / (3 * sqrt(high_n))) ** 3
    if events == 0:
        return 0.0, high
    low = events * max(0.0, 1 - 1 / (9 * events) - z / (3 * sqrt(events))) ** 3
    return low, high
