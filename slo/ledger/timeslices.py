"""Slices of time: a stretch of minutes is good when enough of its events were.

One slice counts 1 in its last minute, when it is known; the minutes before it carry zeros, so that every
minute of it has data. A slice without events cannot be judged, so it has no row: whoever slices time must
look in every slice, and a prober that is alive but does not probe is *no data*, not a calm service.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction

from slo.ledger.tally import NOTHING, Tally
from slo.model.periods import MINUTE
from slo.model.spec import Objective

MILLION = 1_000_000


def slice_start(minute: datetime, length: timedelta) -> datetime:
    """The start of the slice that a minute falls in: multiples of ``length`` since UTC midnight."""
    midnight = minute.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (minute - midnight) // length * length


def slice_rows(
    minutes: Mapping[datetime, Tally], objective: Objective, start: datetime, end: datetime
) -> Mapping[datetime, Tally]:
    """Slices of the minutes that have data; only slices wholly within ``[start, end)`` are judged."""
    length = objective.time_slice_window or MINUTE
    target = Fraction(1) if objective.time_slice_target is None else objective.time_slice_target
    slices: dict[datetime, list[Tally]] = {}
    for minute, tally in minutes.items():
        slices.setdefault(slice_start(minute, length), []).append(tally)
    rows: dict[datetime, Tally] = {}
    for first, tallies in sorted(slices.items()):
        judged = sum(tallies, NOTHING).total > 0
        if judged and start <= first and first + length <= end:
            rows.update({first + MINUTE * offset: NOTHING for offset in range(length // MINUTE)})
            rows[first + length - MINUTE] = _verdict(tallies, target)
    return rows


def _verdict(tallies: Sequence[Tally], target: Fraction) -> Tally:
    whole = sum(tallies, NOTHING)
    good = whole.good * target.denominator >= target.numerator * whole.total
    return Tally(int(good), 1, _doubt(whole, target))


def _doubt(whole: Tally, target: Fraction) -> int | None:
    """1 when the error bound of the events could turn the verdict of the slice."""
    bound = whole.error_bound
    if bound is None:
        return None
    worst = max(0, whole.good - bound) * target.denominator >= target.numerator * whole.total
    best = min(whole.total, whole.good + bound) * target.denominator >= target.numerator * whole.total
    return None if worst == best else 1


def ratio_minute_rows(minutes: Mapping[datetime, Tally]) -> Mapping[datetime, Tally]:
    """Each minute's ratio in millionths of a minute: minutes weigh alike, whatever their traffic.

    A minute without events has no ratio, and no row.
    """
    return {minute: _ratio(tally) for minute, tally in minutes.items() if tally.total > 0}


def _ratio(tally: Tally) -> Tally:
    good, rest = divmod(tally.good * MILLION, tally.total)
    uncertain = -(-(tally.error_bound or 0) * MILLION // tally.total) + (1 if rest else 0)
    return Tally(good, MILLION, uncertain or None)
