"""How far a recorded value may lie from the counts before it has left them: said here, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from math import sqrt

SPAN = timedelta(hours=6)
"""Recorded counts are added up over so much: long enough for few events, and short enough."""
SETTLE = timedelta(minutes=2)
"""What was scraped last may not be in the ledger, or not yet in a rule."""
LEAST = timedelta(minutes=30)
"""Recorded for less, nothing is judged: the edges of what was added up would be most of it."""
HOLE = timedelta(minutes=3)
"""Fewer minutes without an evaluation are the jitter of a busy server."""

RULE_ERROR = Fraction(1, 200)
"""What ``increase()`` may be off by: it extrapolates to the edges of its window."""
FEW_EVENTS = 5
"""So many events are never a drift: the first of a series that is born at 1 has no increase."""
BURSTS = Fraction(1, 3)
"""Of the spread of the minutes: three standard deviations. ``increase()`` weighs an event by up to a ninth
too much or too little, by when it fell between two scrapes, which evens out unless traffic bursts."""


def tolerated(count: int, bound: int | None) -> Fraction:
    """Of ``count`` events that may be off by ``bound``, how many a rule may miss or invent."""
    return RULE_ERROR * count + (bound or 0) + FEW_EVENTS


def outside(value: Fraction, low: int, high: int, bound: int | None) -> Fraction:
    """How far ``value`` lies beyond what is tolerated around ``[low, high]``; 0 within."""
    beyond = max(low - tolerated(low, bound) - value, value - high - tolerated(high, bound))
    return max(Fraction(0), beyond)


def of_bursts(minutes: Sequence[int]) -> Fraction:
    """What uneven traffic adds to that, in events."""
    if not minutes:
        return Fraction(0)
    mean = sum(minutes) / len(minutes)
    return BURSTS * Fraction(sqrt(sum((minute - mean) ** 2 for minute in minutes)))
