"""What a catalogue holds beside SLOs: services, components, data sources, targets, composites, windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from fractions import Fraction

from slo.model.periods import MINUTE
from slo.model.spec import Tier

SHORTEST_SCALED = timedelta(minutes=5)  # two scrapes a minute apart, and some room
LONGEST_SCALED = timedelta(days=4)  # beyond, rules add a window up in steps, which come late
ROUNDED_TO = (timedelta(hours=1), timedelta(minutes=5), MINUTE)
NEAR = Fraction(1, 10)  # a period that differs by no more keeps the windows as they are written


@dataclass(frozen=True, slots=True)
class Service:
    """OpenSLO ``Service``: a grouping of SLOs, with the team that owns it."""

    name: str
    display_name: str
    description: str = ""
    owner: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Component:
    """A part of the platform, what it leans on and which SLOs it serves.

    ``kind``: api, service, store, cache, stream, function, worker, probe. ``tier`` 1 is the most critical.
    ``id`` is also the value of the ``component`` label in ``component_saturation_ratio``.
    """

    id: str
    name: str
    name_pt: str
    kind: str
    tier: int
    owner: str
    depends_on: tuple[str, ...] = ()
    slos: tuple[str, ...] = ()
    description: str = ""
    description_pt: str = ""


@dataclass(frozen=True, slots=True)
class DataSource:
    """OpenSLO ``DataSource``. Connection details stay as written; secrets do not belong in them."""

    name: str
    type: str
    description: str = ""
    connection: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotificationTarget:
    """OpenSLO ``AlertNotificationTarget``; the router's policy says how ``target`` is reached."""

    name: str
    target: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class CompositeMember:
    """``weight`` multiplies the burn of this member within the composite (1: as it is)."""

    slo_id: str
    objective: str
    weight: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class Composite:
    """Several objectives with indicators of their own, burning together (OpenSLO v1, *Composite SLO*).

    Each member is a full SLO of the catalogue; the composite adds no counts of its own.
    """

    service: str
    name: str
    display_name: str
    description: str
    members: tuple[CompositeMember, ...]

    @property
    def id(self) -> str:
        return f"{self.service}/{self.name}"


@dataclass(frozen=True, slots=True)
class WindowSet:
    """A named set of burn-rate tiers; ``period`` is the one its windows and budget shares were chosen for."""

    name: str
    period: timedelta
    tiers: tuple[Tier, ...]
    source_file: str = ""

    def tiers_for(self, period: timedelta) -> tuple[Tier, ...]:
        """The same burn rates for an SLO of another period, so that none fires inside its budget.

        Windows follow the period: 1 h of 30 days is 3 h of 90. They are rounded to the hour, to five minutes
        or to the minute, whichever is at most a quarter of them, and are five minutes at least, four days at
        most. 28 days and 31 are near enough to 30 to keep them. The share of the budget follows from factor
        and window.
        """
        return self.tiers if period == self.period else tuple(self._scaled(t, period) for t in self.tiers)

    def keeps_windows_for(self, period: timedelta) -> bool:
        return abs(_ratio(period, self.period) - 1) <= NEAR

    def _scaled(self, tier: Tier, period: timedelta) -> Tier:
        long, short = tier.long_window, tier.short_window
        if not self.keeps_windows_for(period):
            ratio = _ratio(period, self.period)
            long, short = _rounded(long, ratio), _rounded(short, ratio)
        share = tier.factor(self.period) * _ratio(long, period)
        return replace(tier, long_window=long, short_window=short, budget_share=min(share, Fraction(1)))


def _rounded(window: timedelta, ratio: Fraction) -> timedelta:
    scaled = min(_seconds(window) * ratio, Fraction(_seconds(LONGEST_SCALED)))
    exact = max(scaled, Fraction(_seconds(SHORTEST_SCALED)))
    unit = next(unit for unit in ROUNDED_TO if 4 * _seconds(unit) <= exact)
    return int(exact / _seconds(unit) + Fraction(1, 2)) * unit


def _ratio(length: timedelta, of: timedelta) -> Fraction:
    return Fraction(_seconds(length), _seconds(of))


def _seconds(length: timedelta) -> int:
    return length // timedelta(seconds=1)
