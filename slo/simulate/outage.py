"""An imagined incident: so many errors, for so long, at that hour, at this traffic."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from foundation.quantities import UNITS
from slo.ledger.tally import Tally
from slo.model.errors import SloError
from slo.model.periods import MINUTE
from slo.simulate.timeline import Timeline

SECOND = timedelta(seconds=1)
_UNIT = r"days?|d|hours?|h|minutes?|mins?|m|seconds?|secs?|s"
_PART = rf"(\d{{1,9}}(?:[.,]\d{{1,9}})?)\s*({_UNIT})"
_FORM = re.compile(
    r"\s*(?:(?P<ratio>\d{1,9}(?:[.,]\d+)?)\s*%\s*(?:errors?|failures?|outage)?|(?:total\s+|full\s+)?outage)"
    rf"\s*for\s+(?P<length>{_PART}(?:(?:\s+and)?\s*{_PART})*)"
    r"(?:\s+at\s+(?P<hour>\d{1,2}):(?P<minute>\d{2}))?\s*",
    re.IGNORECASE,
)
EXPECTED = (
    "expected such as '2 % errors for 45 minutes at 14:00' or 'outage for 1 day 6 hours'; "
    "a length is of days, hours, minutes and seconds"
)
LONGEST = timedelta(days=366)


class OutageError(SloError):
    """An incident that cannot be read or imagined."""


@dataclass(frozen=True, slots=True)
class Outage:
    """``error_ratio`` of events fail from ``start`` for ``length`` (whole seconds)."""

    error_ratio: Fraction
    start: datetime
    length: timedelta

    @property
    def end(self) -> datetime:
        return self.start + self.length


@dataclass(frozen=True, slots=True)
class Traffic:
    """Events a minute by hour of the day (UTC), and the error ratio when all is well."""

    per_minute: tuple[int, ...]
    background: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        if len(self.per_minute) not in (1, 24) or min(self.per_minute) < 0:
            raise OutageError(
                "traffic is one number of events a minute, or 24 of them, one for each hour of the day"
            )

    def at(self, instant: datetime) -> int:
        return self.per_minute[instant.hour % len(self.per_minute)]


def parse_outage(text: str, day: datetime) -> Outage:
    """Read ``2 % errors for 45 minutes at 14:00`` (UTC; without an hour: noon) on the UTC day of ``day``.

    ``outage`` without a share is 100 %. Lengths add up: ``1 day 6 hours``, ``90 s``, ``1h30m``.

    Raises:
        OutageError: it is not of that form; says how it should look.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise OutageError(f"incident {text!r}: {EXPECTED}")
    ratio = _decimal(match["ratio"] or "100") / 100
    hour, minute = int(match["hour"] or 12), int(match["minute"] or 0)
    if ratio > 1 or hour > 23 or minute > 59:
        raise OutageError(f"incident {text!r}: at most 100 %, and an hour from 00:00 to 23:59")
    seconds = sum(
        _decimal(count) * Fraction(UNITS[unit[0].lower()] // SECOND)
        for count, unit in re.findall(_PART, match["length"], re.IGNORECASE)
    )
    if seconds.denominator != 1 or not 0 < seconds <= LONGEST // SECOND:
        raise OutageError(
            f"incident {text!r}: it lasts whole seconds, at least one and at most {LONGEST.days} days"
        )
    start = day.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return Outage(ratio, start, int(seconds) * SECOND)


def _decimal(text: str) -> Fraction:
    return Fraction(text.replace(",", "."))


def imagine(incident: Outage, traffic: Traffic, before: timedelta, after: timedelta) -> Timeline:
    """The incident with calm around it. Fractions of errors are carried over, so none is lost to rounding.

    Traffic is even within a minute: of one that an incident begins or ends in, its share burns.
    """
    start = incident.start - before
    count = -(-(incident.end + after - start) // MINUTE)
    minutes, owed = [], Fraction(0)
    for index in range(count):
        instant = start + MINUTE * index
        total = traffic.at(instant)
        burning = _share_of_minute(incident, instant)
        owed += total * (incident.error_ratio * burning + traffic.background * (1 - burning))
        bad = min(total, int(owed))
        owed -= bad
        minutes.append(Tally(total - bad, total))
    return Timeline(start, tuple(minutes))


def _share_of_minute(incident: Outage, instant: datetime) -> Fraction:
    overlap = min(incident.end, instant + MINUTE) - max(incident.start, instant)
    return Fraction(max(overlap, timedelta(0)) // SECOND, MINUTE // SECOND)
