"""From two samples of a counter to the events between them, and how far off that may be.

An increase belongs to the minute in which a scrape first saw it (a sample on the minute's boundary closes the
minute before). Differences of samples are exact while the same process counted. What a restart, a gap or the
first sample of a newcomer hides is at most ``LOST_FACTOR`` times the busiest rate seen nearby, for as long as
nobody looked, and ``LOST_EVENTS`` more. Prometheus's own ``increase`` would extrapolate here without saying
so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil

from slo.ledger.ledger import EPOCH, summed_bound
from slo.model.periods import MINUTE, floor_minute

MAX_GAP = timedelta(seconds=150)
LOST_FACTOR = 2
LOST_EVENTS = 10
TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
CLOSE = timedelta(minutes=10)

Values = Mapping[datetime, int]


@dataclass(frozen=True, slots=True)
class MinuteIncrease:
    """``error_bound`` ``None``: exact."""

    value: int
    error_bound: int | None = None

    def __add__(self, other: MinuteIncrease) -> MinuteIncrease:
        bound = summed_bound((self.error_bound, other.error_bound))
        return MinuteIncrease(self.value + other.value, bound)


ZERO = MinuteIncrease(0)
Piece = tuple[datetime, MinuteIncrease]


def closing_minute(instant: datetime) -> datetime:
    """The minute that a sample at ``instant`` closes or falls into."""
    return floor_minute(instant - TICK)


def can_be(peak: float, span: timedelta) -> int:
    """The most events that ``span`` is likely to hold, given the busiest rate nearby (events a second)."""
    return ceil(LOST_FACTOR * peak * span.total_seconds())


def may_be_lost(peak: float, unseen: timedelta) -> int:
    """The most events that ``unseen`` time can hide."""
    return can_be(peak, unseen) + LOST_EVENTS


class Rates:
    """The busiest rate (events a second) between two samples, near an instant: within an hour or two, or,
    where it is asked ``closely``, within ten minutes or twenty."""

    def __init__(self) -> None:
        self._by_hour: dict[int, float] = {}
        self._closely: dict[int, float] = {}

    @classmethod
    def of(cls, values: Values) -> Rates:
        found = cls()
        for low, high in pairwise(sorted(values)):
            if values[high] > values[low]:
                rate = (values[high] - values[low]) / (high - low).total_seconds()
                _raise(found._by_hour, (high - EPOCH) // HOUR, rate)
                _raise(found._closely, (high - EPOCH) // CLOSE, rate)
        return found

    @classmethod
    def busiest(cls, several: Iterable[Rates]) -> Rates:
        found = cls()
        for rates in several:
            for hour, rate in rates._by_hour.items():
                _raise(found._by_hour, hour, rate)
            for part, rate in rates._closely.items():
                _raise(found._closely, part, rate)
        return found

    def near(self, low: datetime, high: datetime) -> float:
        return _busiest(self._by_hour, HOUR, low, high)

    def closely(self, low: datetime, high: datetime) -> float:
        return _busiest(self._closely, CLOSE, low, high)


def _raise(rates: dict[int, float], part: int, rate: float) -> None:
    rates[part] = max(rate, rates.get(part, 0.0))


def _busiest(rates: Mapping[int, float], length: timedelta, low: datetime, high: datetime) -> float:
    parts = range((low - EPOCH) // length - 1, (high - EPOCH) // length + 2)
    return max((rates.get(part, 0.0) for part in parts), default=0.0)


@dataclass(frozen=True, slots=True)
class CounterStep:
    """A counter went from ``before`` to ``after`` in ``span``. ``own`` and ``near`` are the busiest rates of
    this counter and of those it may share a process with, ``closely`` its own of the same minutes."""

    before: int
    after: int
    span: timedelta
    own: float
    closely: float
    near: float

    def same_process(self) -> MinuteIncrease:
        return MinuteIncrease(self.after - self.before)

    def fell(self) -> MinuteIncrease:
        """It began again. More than can have happened since is no fresh start, but a sum that lost a member,
        or another's count: then anything up to ``after`` may be nothing new."""
        most = may_be_lost(self.near, self.span)
        return MinuteIncrease(self.after, max(1, most - self.after) if self.after <= most else self.after)

    def another_process(self) -> MinuteIncrease:
        """The target's process is another one. Its counter may have been carried over: it has, if it holds
        more than the new process can have counted."""
        most = may_be_lost(self.near, self.span)
        if self.after <= most:
            return MinuteIncrease(self.after, max(1, most - self.after, self.before))
        return MinuteIncrease(self.after - self.before, min(self.before, most) + most)

    def suspected(self) -> MinuteIncrease:
        """Something near began again just then, and so may this have; if it could have come so far."""
        return self._doubted(may_be_lost(self.own, self.span), self.own)

    def alone(self) -> MinuteIncrease:
        """Nothing tells of a restart, and nothing but its own value against one. A restart that nobody saw
        and a burst of less than minutes would have to come together: the rate is that of its minutes."""
        if self.after == self.before:
            return ZERO
        return self._doubted(can_be(self.closely, self.span), self.closely)

    def _doubted(self, reach: int, peak: float) -> MinuteIncrease:
        seen = self.after - self.before
        if self.after > reach:
            return MinuteIncrease(seen)
        return MinuteIncrease(seen, max(1, may_be_lost(peak, self.span) - seen))


def zeros(low: datetime, high: datetime) -> Iterator[Piece]:
    """Whole minutes between two scrapes were watched, and nothing more is known to be in them."""
    minute = closing_minute(low) + MINUTE
    while minute < closing_minute(high):
        yield minute, ZERO
        minute += MINUTE


def spread(low: datetime, high: datetime, found: MinuteIncrease, peak: float) -> Iterator[Piece]:
    """Evenly over the minutes of a gap, in whole events; each minute may have had none, or as many as a
    minute can hold at ``peak``, the busiest rate nearby."""
    first, last = floor_minute(low), closing_minute(high)
    count, increase = (last - first) // MINUTE + 1, found.value
    most = may_be_lost(max(peak, increase / (high - low).total_seconds()), MINUTE)
    if found.error_bound is None:
        most = min(most, increase)
    for index in range(count):
        share = increase * (index + 1) // count - increase * index // count
        yield first + MINUTE * index, MinuteIncrease(share, max(share, most - share))
