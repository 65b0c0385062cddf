"""How a definition fares on a Prometheus: do its series exist, its traffic, pages of a month, its cost."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from slo.ledger.prometheus_queries import PrometheusQueries
from slo.model.periods import MINUTE, floor_minute
from slo.model.spec import CountUnit, Slo
from slo.prometheus.rules import unsupported
from slo.proof.columns import NO_LABELS, Axis
from slo.proof.compare import our_rules
from slo.proof.cost import RuleCost, costs
from slo.proof.errors import NotReplayed, Unsupported
from slo.proof.history import OfGroup, PrometheusHistory
from slo.proof.pages import PageKind, urgent_tiers
from slo.proof.presence import NotFound, not_found
from slo.proof.prove import longest_window
from slo.proof.side import groups_of, side_of

HOUR = timedelta(hours=1)
WEEK_HOURS = 7 * 24


@dataclass(frozen=True, slots=True)
class HourlyTraffic:
    """Events of an hour over the last week: its mean, and that of the quietest hour that had data."""

    mean: float
    quietest: float


@dataclass(frozen=True, slots=True)
class Checkup:
    """``pages`` by tier name; ``problem`` is why they are not known. ``suggested``: a value for
    ``min-events``, or ``None`` where one bad event alone fires nothing."""

    slo: str
    missing: tuple[NotFound, ...]
    traffic: HourlyTraffic | None
    suggested: int | None
    pages: Mapping[str, int]
    problem: str
    costs: tuple[RuleCost, ...]
    touched: int

    @property
    def sound(self) -> bool:
        return all(each.harmless for each in self.missing)


def checkup(
    slo: Slo,
    environment: str,
    server: PrometheusQueries,
    now: datetime,
    length: timedelta,
    progress: Callable[[str], None] = lambda _: None,
) -> Checkup:
    """
    Raises:
        SourceError: the server cannot be asked.
    """
    if problem := unsupported(slo):
        return Checkup(slo.id, (), None, None, {}, problem, (), 0)
    progress(f"{slo.id}: looking for its series")
    missing = tuple(not_found(slo, server, now))
    if any(not each.harmless for each in missing):
        return Checkup(slo.id, missing, None, None, {}, "series are missing", (), 0)
    progress(f"{slo.id}: asking for its traffic")
    traffic = _traffic(slo, server, now)
    progress(f"{slo.id}: asking what its rules cost")
    spent = tuple(costs(slo, environment, server, now))
    before = longest_window([slo])
    axis = Axis(floor_minute(now) - length - before, (length + before) // MINUTE + 1)
    history = PrometheusHistory(server, axis, lambda text: progress(f"{slo.id}: {text}"))
    try:
        pages, problem = _pages(slo, history, before // MINUTE), ""
    except (NotReplayed, Unsupported) as error:
        pages, problem = {}, str(error)
    return Checkup(slo.id, missing, traffic, _suggested(slo, traffic), pages, problem, spent, history.touched)


def _traffic(slo: Slo, server: PrometheusQueries, now: datetime) -> HourlyTraffic | None:
    if slo.indicator.events is None or slo.unit is not CountUnit.EVENTS:
        return None
    total = slo.indicator.reading(slo.objectives[0], slo.grouping, HOUR).total
    found = server.over(total, now - HOUR * (WEEK_HOURS - 1), now, HOUR)
    hours = [value for _, points in found for _, value in points if math.isfinite(value)]
    return HourlyTraffic(sum(hours) / len(hours), min(hours)) if hours else None


def _suggested(slo: Slo, traffic: HourlyTraffic | None) -> int | None:
    """The least that keeps one bad event from firing a tier by itself, where quiet hours come near it."""
    if traffic is None or not slo.tiers:
        return None
    fastest = [
        1 / (tier.factor(slo.window.length) * objective.budget)
        for tier in slo.tiers
        for objective in slo.objectives
        if tier.long_window <= HOUR
    ]
    least = math.floor(max(fastest, default=0)) + 1
    return least if traffic.quietest < least > (slo.min_events or 0) else None


def _pages(slo: Slo, history: PrometheusHistory, first: int) -> Mapping[str, int]:
    rules = our_rules(slo)
    counted: Counter[str] = Counter({tier.name: 0 for tier in slo.tiers})
    groups: Sequence[tuple[tuple[str, str], ...]] = sorted(groups_of(rules, history)) or [NO_LABELS]
    for group in groups:
        side = side_of(rules, OfGroup(history, dict(group)), first, urgent_tiers(slo))
        for (kind, _), spans in side.each.items():
            if kind is PageKind.SILENCE and group != groups[0]:
                continue
            for title, found in spans.items():
                counted[kind.value if kind is PageKind.SILENCE else title] += len(found)
    return counted
