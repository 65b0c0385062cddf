"""Synthetic traffic with a strong swing between day and night, as whole events per minute."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class MinuteOfTraffic:
    start: datetime
    good: int
    bad: int

    @property
    def total(self) -> int:
        return self.good + self.bad


def is_night(instant: datetime) -> bool:
    return instant.hour < 6


def day_and_night(
    start: datetime, days: int, seed: int, night_errors: float = 0.0, day_errors: float = 0.0
) -> Iterator[MinuteOfTraffic]:
    """About 1,000 events a minute in the afternoon and 2 at night; error ratios of nights and days."""
    chance = random.Random(seed)
    for index in range(days * 1440):
        minute = start + MINUTE * index
        swing = math.sin((minute.hour * 60 + minute.minute) / 1440 * math.pi) ** 6
        total = (
            chance.randint(1, 3) if is_night(minute) else 2 + round(1000 * swing * chance.uniform(0.8, 1.2))
        )
        ratio = night_errors if is_night(minute) else day_errors
        bad = sum(chance.random() < ratio for _ in range(total)) if ratio else 0
        yield MinuteOfTraffic(minute, total - bad, bad)
