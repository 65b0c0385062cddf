"""A threshold from recorded history, with what it would have cost: pages a month that nobody needed.

Method: the threshold is a percentile (nearest rank) of the recorded values. The same record is then read as
the alarm would have read it: every stretch in which the value stays past the threshold for as long as the
alarm demands is one page. All of history is taken as well, so each such page counts as a false one; leave
stretches of known trouble out of what you pass in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil

from alarms.model.indicator import Comparison
from foundation.errors import MiranteError
from foundation.exit_status import ExitStatus

MONTH = timedelta(days=30)
RULE_OF_THREE = 3.0
"""With none seen in a time T, the rate is at most three in T at 95 % confidence."""


@dataclass(frozen=True, slots=True)
class RecordedValue:
    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """``pages`` are stretches seen in ``observed``; the monthly figures are scaled from them.

    ``at_most_per_month`` is an upper bound at 95 % confidence where none was seen, else None.
    """

    threshold: float
    percentile: Fraction
    samples: int
    observed: timedelta
    pages: int
    pages_per_month: float
    at_most_per_month: float | None

    def sentence(self) -> str:
        share = f"{float(self.percentile * 100):g}th percentile of {self.samples} samples"
        days = f"{self.observed / timedelta(days=1):.1f} days"
        if self.at_most_per_month is not None:
            cost = f"no page seen, so at most {self.at_most_per_month:.1f} a month"
            return f"{self.threshold:g}: {share} in {days}; {cost}"
        return f"{self.threshold:g}: {share} in {days}; {self.pages_per_month:.1f} pages a month expected"


class TooLittleHistory(MiranteError):
    """Not enough was recorded to say anything; the message says how much there is and is wanted."""

    exit_status = ExitStatus.NO


def calibrate(
    samples: Iterable[RecordedValue],
    percentile: Fraction,
    lasting: timedelta,
    comparison: Comparison = Comparison.ABOVE,
    step: timedelta = timedelta(minutes=1),
) -> Calibration:
    """``percentile`` in (0, 1), from the bad side: 99/100 leaves one in a hundred values past the threshold.

    ``step`` is how far samples are apart; a hole of more than two steps ends a stretch, as for the alarm.

    Raises:
        TooLittleHistory: fewer samples than the percentile can tell apart.
        ValueError: the percentile is not between 0 and 1.
    """
    if not 0 < percentile < 1:
        raise ValueError(f"percentile {percentile} is not between 0 and 1")
    ordered = sorted(samples, key=lambda sample: sample.at)
    wanted = ceil(1 / (1 - percentile))
    if len(ordered) < wanted:
        text = (
            f"{len(ordered)} samples are too few for a {float(percentile * 100):g}th percentile; "
            f"{wanted} are needed"
        )
        raise TooLittleHistory(text)
    threshold = _nearest_rank([sample.value for sample in ordered], percentile, comparison)
    observed = ordered[-1].at - ordered[0].at + step
    pages = sum(length >= lasting for length in _stretches(ordered, threshold, comparison, step))
    months = observed / MONTH
    return Calibration(
        threshold,
        percentile,
        len(ordered),
        observed,
        pages,
        pages / months,
        None if pages else RULE_OF_THREE / months,
    )


def _nearest_rank(values: Sequence[float], percentile: Fraction, comparison: Comparison) -> float:
    """The value that this share of all values does not pass."""
    ranked = sorted(values, reverse=comparison is Comparison.BELOW)
    return ranked[ceil(percentile * len(ranked)) - 1]


def _stretches(
    ordered: Sequence[RecordedValue], threshold: float, comparison: Comparison, step: timedelta
) -> Iterator[timedelta]:
    """How long each unbroken stretch past the threshold lasted."""
    start: datetime | None = None
    last: datetime | None = None
    for sample in ordered:
        broken = last is not None and sample.at - last > 2 * step
        past = sample.value > threshold if comparison is Comparison.ABOVE else sample.value < threshold
        if start is not None and last is not None and (broken or not past):
            yield last - start + step
            start = None
        if past and start is None:
            start = sample.at
        last = sample.at
    if start is not None and last is not None:
        yield last - start + step
