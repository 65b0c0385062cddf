"""What the rules mean, worked out from event counts without looking at any rule.

A signal is how many events, and how many good ones, fell into each minute. Windows of it are computed twice:
as Prometheus 2.x looks at a range (both ends) and as 3.x does (without the left one). A test asserts
only what both agree on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from functools import cached_property
from itertools import accumulate

from slo.model.spec import Objective, Slo, Tier
from slo.prometheus.records import BASE, LONGEST_DIRECT

_MINUTE = timedelta(minutes=1)
TOO_CLOSE = 0.01  # events: which side of a limit they are on is not certain
_BASE_MINUTES = BASE // _MINUTE


@dataclass(frozen=True, eq=False)
class Signal:
    """``total[i]`` and ``good[i]`` happened in the minute that ends at ``i + 1``."""

    total: Sequence[float]
    good: Sequence[float]

    @cached_property
    def _sums(self) -> tuple[list[float], list[float]]:
        return [0.0, *accumulate(self.good)], [0.0, *accumulate(self.total)]

    def direct(self, minute: int, window: int, half_open: bool) -> tuple[float, float]:
        """``(good, total)`` that ``increase`` sees at ``minute`` over ``window`` minutes."""
        start = max(0, minute - window + (1 if half_open and minute >= window else 0))
        span = minute - start
        scale = window / span if half_open and minute >= window and span else 1.0
        good, total = self._sums
        return (good[minute] - good[start]) * scale, (total[minute] - total[start]) * scale

    @cached_property
    def _bases(self) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
        minutes = range(len(self.total) + 1)
        closed, opened = (
            [self.direct(minute, _BASE_MINUTES, half_open) for minute in minutes]
            for half_open in (False, True)
        )
        return list(_running(closed)), list(_running(opened))

    def window(self, minute: int, window: timedelta, half_open: bool) -> tuple[float, float]:
        """``(good, total)`` as recorded for ``window``: asked directly, or added up from five minutes."""
        length = window // _MINUTE
        if window <= LONGEST_DIRECT:
            return self.direct(minute, length, half_open)
        sums = self._bases[1 if half_open else 0]
        start = max(0, minute - length)
        good = (sums[minute][0] - sums[start][0]) / _BASE_MINUTES
        total = (sums[minute][1] - sums[start][1]) / _BASE_MINUTES
        return good, total


def _running(pairs: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    good = accumulate(pair[0] for pair in pairs)
    total = accumulate(pair[1] for pair in pairs)
    return list(zip(good, total, strict=True))


def burn(counts: tuple[float, float], budget: Fraction) -> float | None:
    """Error ratio over budget; ``None`` without traffic."""
    good, total = counts
    return None if total <= 0 else max(0.0, 1 - good / total) / float(budget)


@dataclass(frozen=True, slots=True)
class Condition:
    """All that decides when a tier fires: above ``factor`` in both windows for as long as ``wait``."""

    budget: Fraction
    factor: Fraction
    long: timedelta
    short: timedelta
    wait: timedelta
    enough: int = 0
    min_bad_events: int = 0

    @property
    def threshold(self) -> float:
        """The share of errors at which it fires."""
        return float(self.factor * self.budget)

    def traffic(self, total: float) -> bool | None:
        """Whether the long window saw enough events; ``None`` when too close to call."""
        over = total - self.enough
        return True if not self.enough else None if abs(over) < TOO_CLOSE else over > 0

    def bad(self, good: float, total: float) -> bool | None:
        """Whether enough of it is bad."""
        over = total - good - (self.min_bad_events - 0.5)
        return True if not self.min_bad_events else None if abs(over) < TOO_CLOSE else over > 0


def condition_of(slo: Slo, objective: Objective, tier: Tier) -> Condition:
    factor = tier.factor(slo.window.length)
    return Condition(
        objective.budget,
        factor,
        tier.long_window,
        tier.short_window,
        tier.alert_after,
        slo.min_events,
        slo.min_bad_events,
    )


def agreed_states(signal: Signal, condition: Condition) -> list[bool | None]:
    """For every minute whether the alert fires; ``None`` where versions differ or it is too close."""
    closed, opened = (_states(signal, condition, half_open) for half_open in (False, True))
    return [a if a == b else None for a, b in zip(closed, opened, strict=True)]


def _states(signal: Signal, condition: Condition, half_open: bool) -> list[bool | None]:
    factor = float(condition.factor)
    wait = condition.wait // _MINUTE
    states: list[bool | None] = []
    active = 0
    for minute in range(len(signal.total) + 1):
        verdicts = [
            _above(burn(signal.window(minute, window, half_open), condition.budget), factor)
            for window in (condition.long, condition.short)
        ]
        counts = signal.window(minute, condition.long, half_open)
        verdicts += [condition.traffic(counts[1]), condition.bad(*counts)]
        now = False if False in verdicts else None if None in verdicts else True
        active = active + 1 if now else 0
        states.append(now if now is not True else active > wait)
    return states


def _above(value: float | None, factor: float) -> bool | None:
    """``None`` when too close to call in floating point."""
    if value is None:
        return False
    return None if abs(value / factor - 1) < 1e-9 else value > factor
