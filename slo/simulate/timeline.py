"""What happened, minute by minute: the input of every simulation, recorded or imagined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from slo.ledger.ledger import Counts
from slo.ledger.tally import Tally
from slo.model.periods import MINUTE


@dataclass(frozen=True, slots=True)
class Span:
    """``[start, end)``; ``end`` is ``None`` when it had not ended with the timeline."""

    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """Minutes from ``start``; ``None`` is a minute without data. ``good + bad`` events of each."""

    start: datetime
    minutes: tuple[Tally | None, ...]

    @property
    def end(self) -> datetime:
        return self.at(len(self.minutes))

    def at(self, index: int) -> datetime:
        return self.start + MINUTE * index

    def index(self, instant: datetime) -> int:
        return (instant - self.start) // MINUTE

    def bad_before(self) -> Sequence[int]:
        """Bad events before each minute, and at the end: differences are counts of any stretch."""
        return _running(minute.bad if minute else 0 for minute in self.minutes)

    def total_before(self) -> Sequence[int]:
        return _running(minute.total if minute else 0 for minute in self.minutes)


def _running(values: Iterable[int]) -> Sequence[int]:
    sums = [0]
    for value in values:
        sums.append(sums[-1] + value)
    return sums


def timeline_of(minutes: Mapping[datetime, Counts], start: datetime, end: datetime) -> Timeline:
    """Recorded minutes (``Ledger.minutes``) as a timeline; absent ones stay unknown."""
    length = (end - start) // MINUTE
    found = (minutes.get(start + MINUTE * index) for index in range(length))
    return Timeline(start, tuple(Tally(c.good, c.total) if c is not None else None for c in found))


def spans_of(firing: Sequence[bool], start: datetime, step: timedelta) -> tuple[Span, ...]:
    """Stretches of true in a verdict taken every ``step`` from ``start``."""
    spans, began = [], None
    for index, active in enumerate(firing):
        if active and began is None:
            began = start + step * index
        elif not active and began is not None:
            spans.append(Span(began, start + step * index))
            began = None
    if began is not None:
        spans.append(Span(began, None))
    return tuple(spans)
