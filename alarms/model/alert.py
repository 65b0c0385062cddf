"""The one normalised alert that every source is turned into: evaluator, Alertmanager, CloudWatch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from alarms.model.severity import Severity

# External labels by which replicas of Prometheus tell their alerts apart: who saw it, not what it is about.
SERVER_LABELS = frozenset({"prometheus", "prometheus_replica", "replica"})

LONGEST_AGO = timedelta(days=30)  # that what is told now may have begun
SKEW = timedelta(minutes=2)  # that its source's clock may be fast


class AlertState(StrEnum):
    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class BurnArithmetic:
    """Why a burn alert fired, in numbers a person can redo. Counts are exact unless ``error_bound`` says.

    ``burn = (bad / total) / budget_ratio``; it fired because both windows burn above ``factor``.
    ``budget_spent_ratio`` is counted over the period's expected events, not derived from the tier.
    """

    tier: str
    factor: str  # exact decimal text, "14.4"
    objective: str  # "99.95 %"
    long_window: str
    long_good: int
    long_total: int
    long_burn: float
    short_window: str
    short_good: int
    short_total: int
    short_burn: float
    budget_spent_ratio: float
    budget_basis: str  # how the expected events were got, in words
    exhaustion_seconds: float | None = None  # None: not at this burn
    error_bound: int | None = None
    budget_basis_pt: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """``alert_key`` is the identity: the same burn from any backend and in any tier has the same key."""

    alert_key: str
    source: str  # evaluator | alertmanager | cloudwatch | prober | self
    environment: str
    name: str
    state: AlertState
    starts_at: datetime
    summary: str
    labels: Mapping[str, str] = field(default_factory=dict)
    ends_at: datetime | None = None
    severity: Severity | None = None  # what the source says; the policy decides
    slo_id: str | None = None
    objective: str | None = None
    tier: str | None = None
    burn: BurnArithmetic | None = None
    runbook: str | None = None
    summary_pt: str | None = None
    description: str = ""  # what the rule says besides
    description_pt: str = ""
    title: str | None = None  # for people; None: the name
    title_pt: str | None = None
    component: str | None = None
    customers_affected: int | None = None  # distinct blind indexes in the failing events; None: unknown
    links: Mapping[str, str] = field(default_factory=dict)  # by what they show
    said_at: datetime | None = None  # by the source's own clock, where it orders its messages by it
    by_key: bool = False  # its source names it by the key alone: its end may say nothing else
    unreported: bool = False  # nobody said that it is over: its source, asked, no longer reports it

    def began(self, now: datetime, not_before: datetime | None = None) -> datetime:
        """When its source says it began, or ``now`` where that cannot be meant."""
        earliest = now - LONGEST_AGO if not_before is None else max(not_before, now - LONGEST_AGO)
        return min(self.starts_at, now) if earliest <= self.starts_at <= now + SKEW else now

    @property
    def ending(self) -> str:
        """Which end of it this is: a message that says so once more is an old one that comes again."""
        return digest(self.starts_at.isoformat(), None if self.ends_at is None else self.ends_at.isoformat())

    @property
    def member(self) -> str:
        """Tiers and sources of one burn are members of one incident; each fires and resolves by itself."""
        named = () if self.by_key else (self.name, self.tier or "")
        return digest(self.alert_key, self.source, *named)


def digest(*parts: object) -> str:
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:16]


def foreign_key(environment: str, labels: Mapping[str, str], ignored: Iterable[str]) -> str:
    """Identity of an alert that is not ours: its labels minus those that tell replicas apart.

    Never values, never annotations.
    """
    dropped = set(ignored)
    return digest(environment, sorted((k, v) for k, v in labels.items() if k not in dropped))
