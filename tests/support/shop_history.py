"""Days of an imaginary shop's metrics for a real Prometheus: two clusters, day and night, incidents."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import pi, sin

START_VALUE = 1_000_000


@dataclass(frozen=True, slots=True)
class Incident:
    """From minute ``at`` on, ``share`` of what a cluster does fails (and the rest of it is slow)."""

    cluster: str
    at: int
    minutes: int
    share: float


@dataclass(frozen=True, slots=True)
class Shop:
    """``traffic``: requests a minute by job and cluster, at noon."""

    minutes: int
    incidents: Sequence[Incident]
    seed: int = 1
    traffic: Mapping[tuple[str, str], float] = field(
        default_factory=lambda: {
            ("basket", "big"): 900.0,
            ("basket", "small"): 3.0,
            ("night", "big"): 0.05,
            ("night", "small"): 0.02,
        }
    )

    def series(self) -> Mapping[str, list[int]]:
        """Every series with its value at each minute, 0 to ``minutes``."""
        found: dict[str, list[int]] = {}
        for (job, cluster), noon in self.traffic.items():
            own = f'cluster="{cluster}",job="{job}"'
            chance = random.Random(f"{self.seed} {own}")
            counted = [self._minute(chance, cluster, noon, minute) for minute in range(self.minutes)]
            for code, part in (("200", 0), ("500", 1), ("503", 2)):
                found[f'shop_requests_total{{code="{code}",{own}}}'] = _running(c[part] for c in counted)
            found[f"shop_seconds_count{{{own}}}"] = _running(sum(c[:3]) for c in counted)
            for le, part in (("0.3", 3), ("1", 4)):
                found[f'shop_seconds_bucket{{le="{le}",{own}}}'] = _running(c[part] for c in counted)
            up = [int(not self._failing(cluster, minute) > 0.4) for minute in range(self.minutes + 1)]
            found[f"shop_up{{{own}}}"] = up
        return found

    def _minute(
        self, chance: random.Random, cluster: str, noon: float, minute: int
    ) -> tuple[int, int, int, int, int]:
        """Good, two kinds of bad, and how many of all took at most 0.3 s and 1 s."""
        expected = noon * (1 - 0.6 * sin(2 * pi * (minute % 1440) / 1440)) * chance.uniform(0.8, 1.2)
        total = int(expected) + (chance.random() < expected % 1)
        share = self._failing(cluster, minute) or 0.0004
        bad = min(total, int(total * share) + (chance.random() < (total * share) % 1))
        good, first = total - bad, bad - bad // 3
        slow = min(good, int(good * 0.02) + (chance.random() < (good * 0.02) % 1))
        return good, first, bad - first, good - slow, total - bad // 2

    def _failing(self, cluster: str, minute: int) -> float:
        return max(
            (
                incident.share
                for incident in self.incidents
                if incident.cluster == cluster and incident.at <= minute < incident.at + incident.minutes
            ),
            default=0.0,
        )

    def lines(self, start: datetime) -> Iterator[str]:
        """OpenMetrics lines, one scrape a minute."""
        first = int(start.timestamp())
        for name, values in self.series().items():
            yield from (f"{name} {value} {first + 60 * index}" for index, value in enumerate(values))


def _running(parts: Iterator[int]) -> list[int]:
    values = [START_VALUE]
    for part in parts:
        values.append(values[-1] + part)
    return values


def random_incidents(seed: int, first: int, minutes: int, count: int) -> list[Incident]:
    """Some of each size, in either cluster, from minute ``first`` on."""
    chance = random.Random(seed)
    room = (minutes - first) // count
    made = []
    for index in range(count):
        length = chance.choice([3, 8, 20, 45, 90, 150])
        share = chance.choice([0.02, 0.05, 0.1, 0.3, 0.6, 1.0])
        at = first + index * room + chance.randrange(max(1, room - length))
        made.append(Incident(chance.choice(["big", "small"]), at, length, share))
    return made
