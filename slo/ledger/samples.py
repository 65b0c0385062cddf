"""From scraped samples of counters to increases per minute, and how far off they may be.

An increase belongs to the minute in which a scrape first saw it (a sample on the minute's boundary closes the
minute before). Differences of samples are exact; three things are not, and are flagged with a bound:

- a *restart*: what the old process counted after its last scrape is gone;
- a *gap* between scrapes longer than ``MAX_GAP``: the sum is known, the minutes it fell into are not;
- a *newcomer*: an instance not seen before may have counted before its first scrape.

What may have been lost is at most ``LOST_FACTOR`` times the busiest rate seen nearby, for as long as nobody
looked, and ``LOST_EVENTS`` more. Prometheus's own ``increase`` would extrapolate here without saying so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from math import ceil
from typing import Generic, TypeVar

from slo.ledger.ledger import summed_bound
from slo.model.periods import MINUTE, floor_minute

MAX_GAP = timedelta(seconds=150)
LOST_FACTOR = 2
LOST_EVENTS = 10
TICK = timedelta(microseconds=1)

Values = Mapping[datetime, int]
Series = TypeVar("Series")


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


def may_be_lost(peak: float, unseen: timedelta) -> int:
    """The most events that ``unseen`` time can hide, given the busiest rate nearby (events a second)."""
    return ceil(LOST_FACTOR * peak * unseen.total_seconds()) + LOST_EVENTS


class InstanceSamples(Generic[Series]):
    """Everything read of one scraped process: values of its counters by series and scrape.

    All series of a process are in each of its scrapes, so one that falls or disappears tells of a restart,
    and so does another ``started`` (``process_start_time_seconds`` by scrape); all of them began again then.
    ``known_before`` is false when nothing of the instance is known before its first scrape here.
    """

    def __init__(
        self,
        values: Mapping[Series, Values],
        started: Mapping[datetime, float] | None = None,
        known_before: bool = True,
    ) -> None:
        self._values = values
        self._started = started or {}
        self._known_before = known_before

    @cached_property
    def scrapes(self) -> Sequence[datetime]:
        return sorted({at for values in self._values.values() for at in values})

    @cached_property
    def restarts(self) -> Set[datetime]:
        """Scrapes that met another process than the scrape before them."""
        return {high for low, high in pairwise(self.scrapes) if self._restarted(low, high)}

    def _restarted(self, low: datetime, high: datetime) -> bool:
        if low in self._started and high in self._started and self._started[low] != self._started[high]:
            return True
        return any(
            low in values and (high not in values or values[high] < values[low])
            for values in self._values.values()
        )

    @cached_property
    def peak(self) -> float:
        """Events a second of the busiest series between two scrapes of one process."""
        return max(
            (
                (values[high] - values.get(low, 0)) / (high - low).total_seconds()
                for low, high in pairwise(self.scrapes)
                if high not in self.restarts
                for values in self._values.values()
                if high in values
            ),
            default=0.0,
        )

    def increases(self, series: Series) -> Mapping[datetime, MinuteIncrease]:
        """By minute; minutes nobody saw are absent."""
        found: dict[datetime, MinuteIncrease] = {}
        for minute, increase in self._pieces(self._values[series]):
            found[minute] = found.get(minute, ZERO) + increase
        return found

    def _pieces(self, values: Values) -> Iterator[Piece]:
        first = self.scrapes[0]
        if first in values and not self._known_before:
            hidden = min(values[first], may_be_lost(self.peak, MAX_GAP))
            yield closing_minute(first), MinuteIncrease(0, hidden or None)
        known = first in values
        for low, high in pairwise(self.scrapes):
            known = known or high in values
            if known:
                yield from self._between(low, high, values)

    def _between(self, low: datetime, high: datetime, values: Values) -> Iterator[Piece]:
        lost = None
        increase = values.get(high, 0)
        if high in self.restarts:
            lost = max(1, may_be_lost(self.peak, high - low) - increase)
        else:
            increase -= values.get(low, 0)
        if high - low > MAX_GAP:
            yield from _spread(low, high, increase, lost)
        else:
            yield from _zeros(low, high)
            yield closing_minute(high), MinuteIncrease(increase, lost)


def _zeros(low: datetime, high: datetime) -> Iterator[Piece]:
    """Whole minutes between two scrapes were watched, and nothing more is known to be in them."""
    minute = closing_minute(low) + MINUTE
    while minute < closing_minute(high):
        yield minute, ZERO
        minute += MINUTE


def _spread(low: datetime, high: datetime, increase: int, lost: int | None) -> Iterator[Piece]:
    """Evenly over the minutes of a gap, in whole events; each minute may have had all of it, or none."""
    first, last = floor_minute(low), closing_minute(high)
    count = (last - first) // MINUTE + 1
    for index in range(count):
        share = increase * (index + 1) // count - increase * index // count
        bound = max(share, increase - share) + (lost or 0)
        yield first + MINUTE * index, MinuteIncrease(share, bound)
