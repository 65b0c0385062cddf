"""The increases of one scraped counter, minute by minute. A series is its whole label set.

A restart is judged on the series itself: its value falls, or its own target says that the process is another.
It appears and disappears by itself. What may be hidden all the same is inside the stated bound:

- a *restart* that loses what the old process counted after its last scrape, or that the new value hides;
- a *gap* between scrapes longer than ``MAX_GAP``: the sum is known, the minutes it fell into are not;
- a *newcomer*: what it counted before its first scrape, where nothing tells when it began;
- an *end*: what a process counted between its last scrape and its last moment.

Not seen by anybody: a restart after which a lone series has the very value that it had before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise

from slo.ledger.companies import Company, Series
from slo.ledger.ledger import EPOCH
from slo.ledger.samples import (
    MAX_GAP,
    ZERO,
    CounterStep,
    MinuteIncrease,
    Piece,
    can_be,
    closing_minute,
    may_be_lost,
    spread,
    zeros,
)

LONGEST_GAP = timedelta(hours=7)


def increases(
    series: Series, company: Company, since: datetime, until: datetime
) -> Mapping[datetime, MinuteIncrease]:
    """By minute; minutes nobody saw are absent. The reading is of ``since`` to ``until``: what is there where
    it begins was there before, and what is not at its end has ended."""
    found: dict[datetime, MinuteIncrease] = {}
    for minute, increase in _Life(series, company).pieces(since, until):
        found[minute] = found.get(minute, ZERO) + increase
    return found


class _Life:
    def __init__(self, series: Series, company: Company) -> None:
        self._series, self._company = series, company
        self._values = company.members[series]

    def pieces(self, since: datetime, until: datetime) -> Iterator[Piece]:
        scrapes = self._company.scrapes(self._series)
        last: datetime | None = None  # the last sample of this life
        known = False
        for low, high in pairwise((None, *scrapes)):
            assert high is not None
            here = high in self._values
            if low is None or high - low > LONGEST_GAP:
                yield from self._end(last, low)
                if here:
                    yield from self._first(high, low is None and high <= since + MAX_GAP)
                last, known = (high, True) if here else (None, False)
                continue
            known = known or here
            if not here:
                yield from self._without(low, high, last, known)
                last = None if self._company.same_process(low, high) is False else last
                continue
            yield from self._with(low, high, last)
            last = high
        if scrapes[-1] < until - MAX_GAP:
            yield from self._end(last, scrapes[-1])

    def _end(self, last: datetime | None, scrape: datetime | None) -> Iterator[Piece]:
        """Told in the last minute seen: the next has no data."""
        if last is not None and last == scrape:
            near = self._company.near(self._series, last, last)
            yield closing_minute(last), MinuteIncrease(0, may_be_lost(near, self._company.usual_wait(last)))

    def _first(self, at: datetime, known_before: bool) -> Iterator[Piece]:
        if known_before:
            return
        value, near = self._values[at], self._company.near(self._series, at, at)
        target = self._company.target
        began = target.starts.get(at) if target and not self._company.mixed else None
        if began is not None and -MAX_GAP <= at - EPOCH - timedelta(seconds=began) <= MAX_GAP:
            likely = value <= may_be_lost(near, MAX_GAP)
            yield closing_minute(at), MinuteIncrease(value, None if likely else value)
            return
        hidden = min(value, may_be_lost(near, MAX_GAP)) if near else value
        if target is None and value == hidden and self._company.seen_before(at):
            yield closing_minute(at), MinuteIncrease(value, value or None)
        else:
            yield closing_minute(at), MinuteIncrease(0, hidden or None)

    def _without(self, low: datetime, high: datetime, last: datetime | None, known: bool) -> Iterator[Piece]:
        """The target was scraped, and the series was not there."""
        if not known:
            return
        yield from zeros(low, high)
        lost = None
        if last is not None and self._company.same_process(low, high) is False:
            lost = may_be_lost(self._company.near(self._series, low, high), high - low)
        elif last == low:
            lost = can_be(self._company.own(self._series, low, high), high - low) or None
        yield closing_minute(high), MinuteIncrease(0, lost)

    def _with(self, low: datetime, high: datetime, last: datetime | None) -> Iterator[Piece]:
        found = self._born(low, high) if last is None else self._went_on(last, low, high)
        if high - low > MAX_GAP:
            yield from spread(low, high, found, self._company.near(self._series, low, high))
        else:
            yield from zeros(low, high)
            yield closing_minute(high), found

    def _born(self, low: datetime, high: datetime) -> MinuteIncrease:
        """Its target was scraped without it, so it counts from its first event (Prometheus's ``increase``
        does not see that); unless it was carried over from elsewhere."""
        value = self._values[high]
        likely = value <= may_be_lost(self._company.near(self._series, low, high), high - low)
        return MinuteIncrease(value, None if likely and not self._company.mixed else value or None)

    def _went_on(self, last: datetime, low: datetime, high: datetime) -> MinuteIncrease:
        company, series = self._company, self._series
        step = CounterStep(
            self._values[last],
            self._values[high],
            high - last,
            company.own(series, last, high),
            company.closely(series, last, high),
            company.near(series, last, high),
        )
        if step.after < step.before:
            return step.fell()
        same = company.same_process(low, high)
        if same is False:
            return step.another_process()
        if last != low or company.suspicious(low, high):
            return step.suspected()
        return step.same_process() if same else step.alone()
