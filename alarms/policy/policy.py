"""The policy a person edits in ``alarms/policy.yaml``, checked and typed.

Its id is the hash of its canonical text; an incident keeps the id it was opened under.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from enum import StrEnum

import msgspec

from alarms.model.severity import Severity
from alarms.model.silence import Matcher
from foundation.bilingual import Text

ASSIGNED = "assigned"


class ClockKind(StrEnum):
    ALWAYS = "always"
    BUSINESS_HOURS = "business-hours"


@dataclass(frozen=True, slots=True)
class Repeat:
    """After the escalation, while nobody has acknowledged."""

    every: timedelta
    at_most: int


@dataclass(frozen=True, slots=True)
class SeverityLevel:
    """One row of the escalation matrix (§7.3.2, C.3). ``first`` and ``backup`` are teams.

    ``first`` may be ``assigned``: the person on duty in the team that owns the component.
    """

    severity: Severity
    name: Text
    meaning: Text
    criticality: Text
    clock: ClockKind
    first: str
    backup: str | None
    acknowledge_within: timedelta
    escalate_after: timedelta
    act_within: timedelta | None
    repeat: Repeat | None = None


@dataclass(frozen=True, slots=True)
class Team:
    id: str
    name: Text
    channels: tuple[str, ...] = ("default",)


@dataclass(frozen=True, slots=True)
class Route:
    """The first route whose matchers all match takes the alert; the last one matches everything."""

    name: str
    owner: str
    matchers: tuple[Matcher, ...] = ()
    group_by: tuple[str, ...] = ()
    inform: tuple[str, ...] = ()  # teams that are told of every incident of this route, and need not act


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """``days`` are ISO weekdays (1 is Monday). Holidays of ``country`` and ``extra_holidays`` are closed."""

    time_zone: str
    days: tuple[int, ...]
    start: time
    end: time
    country: str | None = None
    subdivision: str | None = None
    extra_holidays: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class BurnWindow:
    """A burn tier whose long window is at most ``long`` (and longer than the row before) is ``severity``."""

    long: timedelta
    severity: Severity


@dataclass(frozen=True, slots=True)
class Raise:
    """``by`` levels up when time to exhaustion is at most ``within`` or at least ``customers`` are hit."""

    by: int
    within: timedelta | None = None
    customers: int | None = None


@dataclass(frozen=True, slots=True)
class SeverityRule:
    """Alerts whose labels match are ``severity``, whatever their source says."""

    name: str
    matchers: tuple[Matcher, ...]
    severity: Severity


@dataclass(frozen=True, slots=True)
class FlapDamping:
    """After ``changes`` reopenings within ``within`` an incident stays open until ``stable_for`` is quiet."""

    changes: int
    within: timedelta
    stable_for: timedelta


@dataclass(frozen=True, slots=True)
class StormGuard:
    """From ``incidents`` new ones of one alert name within ``within`` on, the rest join one incident.

    From ``overall`` new ones of any name on, the rest of each route join one. P1 is counted by itself.
    """

    incidents: int
    overall: int
    within: timedelta


@dataclass(frozen=True, slots=True)
class Remediation:
    """What a machine may try when an incident opens: asked for by ``channel``, within bounds."""

    name: str
    matchers: tuple[Matcher, ...]
    severities: tuple[Severity, ...]
    channel: str
    at_most: int
    within: timedelta


@dataclass(frozen=True, slots=True)
class RoutingPolicy:
    levels: tuple[SeverityLevel, ...]
    teams: tuple[Team, ...]
    routes: tuple[Route, ...]
    hours: BusinessHours
    burn_windows: tuple[BurnWindow, ...]
    raises: tuple[Raise, ...]
    rules: tuple[SeverityRule, ...]
    tier_caps: Mapping[str, Severity]  # by tier of the component: never more severe than this
    default_severity: Severity
    lower_after: timedelta
    reopen_within: timedelta
    release_after: timedelta
    flapping: FlapDamping
    storm: StormGuard
    ignored_labels: tuple[str, ...]
    severity_words: Mapping[str, Severity]  # what other people's "severity" labels mean here
    remediation: tuple[Remediation, ...]  # empty: off
    accountable: str  # team the RACI matrix holds accountable for alerts and incidents
    tell_more_after: timedelta = timedelta(minutes=5)  # alerts that join an incident are told together
    first_wait: timedelta = timedelta(0)  # a first page waits so long for its cause, unless it is a P1
    source_file: str = field(default="", compare=False)

    def level(self, severity: Severity) -> SeverityLevel:
        return next(level for level in self.levels if level.severity is severity)

    def first_wait_of(self, severity: Severity) -> timedelta:
        return timedelta(0) if severity is Severity.P1 else self.first_wait

    def team(self, team_id: str) -> Team:
        return next(team for team in self.teams if team.id == team_id)

    def route(self, labels: Mapping[str, str]) -> Route:
        return next(route for route in self.routes if all(m.matches(labels) for m in route.matchers))

    @property
    def id(self) -> str:
        return hashlib.sha256(canonical(self)).hexdigest()[:12]


def canonical(policy: RoutingPolicy) -> bytes:
    """The policy as text that depends on nothing but its meaning; ``from_canonical`` reads it back."""
    return msgspec.json.encode(replace(policy, source_file=""))


def from_canonical(text: bytes) -> RoutingPolicy:
    return msgspec.json.decode(text, type=RoutingPolicy)
