"""Burn rate: how many times faster than allowed a window spends its error budget (SRE Workbook, ch. 5).

``burn = (bad / total) / budget``. Everything is counted and compared in whole numbers, so that 14.4 is 72/5
and a burn that equals a factor does not exceed it, just as Prometheus's ``>`` has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from slo.ledger.ledger import Counts
from slo.model.spec import Tier


@dataclass(frozen=True, slots=True)
class WindowBurn:
    """The counts of one look-back window ``[start, end)`` against an error budget (a ratio of events)."""

    window: timedelta
    start: datetime
    end: datetime
    counts: Counts
    budget: Fraction

    @property
    def error_ratio(self) -> Fraction | None:
        """Bad over all events; ``None`` when nothing happened (or nothing is known)."""
        if self.counts.total <= 0:
            return None
        return Fraction(self.counts.bad, self.counts.total)

    @property
    def burn(self) -> Fraction | None:
        """Times the budgeted rate: 1 spends exactly the budget in one period. ``None``: no events."""
        ratio = self.error_ratio
        return None if ratio is None else ratio / self.budget

    def exceeds(self, factor: Fraction) -> bool:
        """Strictly above ``factor``; no events never exceed anything."""
        return burns_above(self.counts.bad, self.counts.total, self.budget, factor)

    def certainly_exceeds(self, factor: Fraction) -> bool | None:
        """The verdict of ``exceeds`` if the counts' error bound cannot change it, else ``None``."""
        bad, total, bound = self.counts.bad, self.counts.total, self.counts.error_bound or 0
        most = bad + bound
        low = burns_above(bad - bound, total + bound, self.budget, factor)
        high = burns_above(most, max(most, total - bound), self.budget, factor)
        return low if low == high else None


def burns_above(bad: int, total: int, budget: Fraction, factor: Fraction) -> bool:
    """``bad / total / budget > factor`` without dividing: nothing of nothing is not above anything."""
    left = bad * budget.denominator * factor.denominator
    return left > factor.numerator * budget.numerator * total


@dataclass(frozen=True, slots=True)
class TierBurn:
    """One tier's verdict: both windows burn above ``factor``; the long one saw enough events and bad ones.

    ``held``: they did so at every whole minute of the tier's ``alert_after`` (Prometheus's ``for``).
    """

    tier: Tier
    factor: Fraction
    long: WindowBurn
    short: WindowBurn
    min_events: int = 0
    min_bad_events: int = 0
    held: bool = True

    @property
    def burning(self) -> bool:
        """Both windows above the factor, whatever the traffic."""
        return self.long.exceeds(self.factor) and self.short.exceeds(self.factor)

    @property
    def enough_events(self) -> bool:
        counts = self.long.counts
        return counts.total >= self.min_events and counts.bad >= self.min_bad_events

    @property
    def active(self) -> bool:
        """The condition is met now; firing or, until it has held long enough, pending."""
        return self.burning and self.enough_events

    @property
    def firing(self) -> bool:
        return self.active and self.held

    @property
    def certain(self) -> bool:
        """False when the error bound of the counts leaves the verdict open."""
        verdicts = (self.long.certainly_exceeds(self.factor), self.short.certainly_exceeds(self.factor))
        return False in verdicts or None not in verdicts
