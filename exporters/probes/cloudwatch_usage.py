"""A service that cannot be asked itself: its latest minute in CloudWatch over a stated quota.

CloudWatch leaves out a minute in which nothing happened, and tells of one some minutes late: a reading
carries the age of its minute, and what CloudWatch does not know is absent, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from exporters.collectors.server_probe import ServerReading
from foundation.clock import Clock
from slo.cloudwatch.metric_data import MetricDataClient, Minutes, minutes_of
from slo.indicators.metric import CloudWatchMetric
from slo.model.errors import SourceError
from slo.model.periods import MINUTE, floor_minute

LOOK_BACK = timedelta(minutes=10)
SETTLED = timedelta(minutes=3)  # an event's minute is counted once, when CloudWatch has all of it


@dataclass(frozen=True, slots=True)
class Use:
    """``quota`` is what a minute of ``number`` may come to, in its unit."""

    resource: str
    number: CloudWatchMetric
    quota: float


@dataclass(frozen=True, slots=True)
class Happened:
    """Sums of these are how often ``event`` happened."""

    event: str
    numbers: tuple[CloudWatchMetric, ...]


@dataclass(frozen=True, slots=True)
class Usage:
    """What is watched of one service."""

    uses: tuple[Use, ...]
    happened: tuple[Happened, ...]


class CloudWatchUsage:
    """``clock`` is the real one: AWS knows no other time."""

    every_seconds = 60.0
    lasts_seconds = 300.0

    def __init__(self, component: str, usage: Usage, client: MetricDataClient, clock: Clock) -> None:
        for use in usage.uses:
            if use.quota <= 0:
                raise ValueError(f"the quota of {component} {use.resource} is {use.quota}: expected above 0")
        self.component = component
        self.resources = tuple(use.resource for use in usage.uses)
        self.events = tuple(one.event for one in usage.happened)
        self._usage, self._client, self._clock = usage, client, clock
        self._counted_until = floor_minute(clock.now()) - SETTLED

    def read(self) -> ServerReading:
        now = self._clock.now()
        try:
            found = self._minutes(now)
        except SourceError as error:
            raise OSError(f"{self.component}: {error}") from error
        latest = {use: max(found[use.number].items()) for use in self._usage.uses if found.get(use.number)}
        return ServerReading(
            {use.resource: value / use.quota for use, (_, value) in latest.items()},
            grown=self._grown(found, floor_minute(now) - SETTLED),
            age_seconds={
                use.resource: max(0.0, (now - minute - MINUTE).total_seconds())
                for use, (minute, _) in latest.items()
            },
        )

    def _grown(self, found: Mapping[CloudWatchMetric, Minutes], until: datetime) -> Mapping[str, int]:
        since, self._counted_until = self._counted_until, max(until, self._counted_until)
        return {
            one.event: round(
                sum(
                    value
                    for number in one.numbers
                    for minute, value in found.get(number, {}).items()
                    if since <= minute < until
                )
            )
            for one in self._usage.happened
        }

    def _minutes(self, now: datetime) -> Mapping[CloudWatchMetric, Minutes]:
        """Whole minutes only: the present one is not over."""
        numbers = [use.number for use in self._usage.uses]
        numbers += [number for one in self._usage.happened for number in one.numbers]
        until = floor_minute(now)
        since = min(until - LOOK_BACK, self._counted_until)
        found = minutes_of(self._client, numbers, since, until)
        return {
            number: {at: value for at, value in minutes.items() if at < until}
            for number, minutes in found.items()
        }
