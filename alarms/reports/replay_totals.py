"""A replay in numbers: pages by team and by hour, and whether it keeps within what somebody allows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from alarms.reports.page import ToldPage
from alarms.reports.page_changes import ChangeKind
from alarms.reports.replay import Replay


@dataclass(frozen=True, slots=True)
class TeamTotal:
    """Pages, and those of them out of business hours, as each policy has them."""

    team: str
    before: int
    after: int
    before_out_of_hours: int
    after_out_of_hours: int


@dataclass(frozen=True, slots=True)
class HourTotal:
    hour: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Limits:
    """None: any number will do. ``missed`` counts what is heard of under the old policy and not the new."""

    added: int | None = None
    removed: int | None = None
    missed: int | None = 0

    def exceeded(self, found: Replay) -> list[str]:
        """A sentence each."""
        counts = [
            ("added", len(found.of(ChangeKind.ADDED)), self.added),
            ("removed", len(found.of(ChangeKind.REMOVED)), self.removed),
            ("missed", len(found.newly_missed), self.missed),
        ]
        return [
            f"{count} {name}, at most {most} allowed"
            for name, count, most in counts
            if most is not None and count > most
        ]


def by_team(found: Replay) -> list[TeamTotal]:
    """And all of them, as ``total``."""
    before, after = Counter(p.team for p in found.before), Counter(p.team for p in found.after)
    late_before, late_after = _late(found.before), _late(found.after)
    teams = [
        TeamTotal(team, before[team], after[team], late_before[team], late_after[team])
        for team in sorted({*before, *after})
    ]
    total = TeamTotal("total", before.total(), after.total(), late_before.total(), late_after.total())
    return [*teams, total]


def _late(pages: Sequence[ToldPage]) -> Counter[str]:
    return Counter(page.team for page in pages if page.out_of_hours)


def by_hour(found: Replay, time_zone: str) -> list[HourTotal]:
    """Of the day there, those that have any."""
    zone = ZoneInfo(time_zone)
    before = Counter(page.at.astimezone(zone).hour for page in found.before)
    after = Counter(page.at.astimezone(zone).hour for page in found.after)
    return [HourTotal(hour, before[hour], after[hour]) for hour in sorted({*before, *after})]
