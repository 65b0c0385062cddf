"""The state of an SLO now: budget left, burn per window, compliance, projected exhaustion.

Pure function of definitions, ledger and time. Every number is counted; a number that is not exact comes with
its error bound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from slo.judge.budget import BudgetStatus, Exhaustion, budget_status, exhaustion
from slo.judge.burn_rate import TierBurn, WindowBurn
from slo.judge.low_traffic import LowTraffic, low_traffic
from slo.judge.measurement import Measurement, measure, recent_window
from slo.ledger.exclusions import Exclusion, Span, clip
from slo.ledger.ledger import Counts, Ledger
from slo.model.periods import Period
from slo.model.spec import Objective, Slo

TierStatus = TierBurn


class ObjectiveState(StrEnum):
    """One word for a tile. Unknown is never green: silence outranks everything else."""

    OK = "ok"
    BURNING = "burning"  # at least one tier fires
    EXHAUSTED = "exhausted"  # the period's budget is spent
    NO_TRAFFIC = "no_traffic"  # watched, and nothing happened in the recent window
    NO_DATA = "no_data"  # not known: no row for ``slo.no_data_after`` or longer


@dataclass(frozen=True, slots=True)
class ObjectiveStatus:
    """One objective, for one set of label values, at ``at``.

    ``counts`` are the period's, exclusions taken out; ``raw_counts`` with them. ``recent`` is the window that
    the present is judged by (shortest long window of the tiers). ``coverage`` is the share of the elapsed
    period's minutes that have data, from 0 to 1.
    """

    slo: Slo
    objective: Objective
    labels: tuple[tuple[str, str], ...]
    environment: str
    state: ObjectiveState
    at: datetime
    period: Period
    counts: Counts
    raw_counts: Counts
    budget: BudgetStatus
    raw_budget: BudgetStatus
    tiers: tuple[TierStatus, ...]
    recent: WindowBurn
    exhaustion: Exhaustion | None
    excluded: tuple[Span, ...]
    low_traffic: LowTraffic | None
    first_data: datetime | None
    last_data: datetime | None

    @property
    def known(self) -> bool:
        """Whether its numbers are those of now: without data they are old, or none at all."""
        return self.state is not ObjectiveState.NO_DATA

    @property
    def compliance(self) -> Fraction | None:
        """Good over all events of the period so far; ``None`` when there were none."""
        return Fraction(self.counts.good, self.counts.total) if self.counts.total > 0 else None

    @property
    def error_bound(self) -> int | None:
        """How many events the counts may be off by; ``None``: exact."""
        return self.counts.error_bound

    @property
    def exact(self) -> bool:
        return self.counts.error_bound is None

    @property
    def coverage(self) -> Fraction:
        if self.counts.minutes <= 0:
            return Fraction(0)
        return Fraction(self.counts.minutes_with_data, self.counts.minutes)

    @property
    def windows(self) -> Mapping[timedelta, WindowBurn]:
        """Burn per look-back window, shortest first."""
        found = {self.recent.window: self.recent}
        for tier in self.tiers:
            found[tier.long.window] = tier.long
            found[tier.short.window] = tier.short
        return dict(sorted(found.items()))

    @property
    def firing(self) -> tuple[TierStatus, ...]:
        return tuple(tier for tier in self.tiers if tier.firing)


def status(
    slos: Sequence[Slo],
    ledger: Ledger,
    environment: str,
    now: datetime,
    exclusions: Sequence[Exclusion] = (),
) -> tuple[ObjectiveStatus, ...]:
    """One status per objective and label values, in the order of the definitions."""
    return tuple(
        _status(item, environment, now) for item in measure(slos, ledger, environment, now, exclusions)
    )


def _status(item: Measurement, environment: str, now: datetime) -> ObjectiveStatus:
    budget_ratio = item.objective.budget
    budget = budget_status(budget_ratio, item.adjusted, item.period, item.first_minute)
    tiers = item.tiers()
    recent = item.window(recent_window(item.slo))
    return ObjectiveStatus(
        slo=item.slo,
        objective=item.objective,
        labels=item.series.labels,
        environment=environment,
        state=_state(item, budget, tiers, recent),
        at=now,
        period=item.period,
        counts=item.adjusted,
        raw_counts=item.raw,
        budget=budget,
        raw_budget=budget_status(budget_ratio, item.raw, item.period, item.first_minute)
        if item.spans
        else budget,
        tiers=tiers,
        recent=recent,
        exhaustion=exhaustion(budget, recent),
        excluded=clip(item.spans, item.period.start, item.period.end),
        low_traffic=low_traffic(tiers),
        first_data=item.first_minute,
        last_data=item.last_minute,
    )


def _state(
    item: Measurement, budget: BudgetStatus, tiers: Sequence[TierBurn], recent: WindowBurn
) -> ObjectiveState:
    if item.is_silent:
        return ObjectiveState.NO_DATA
    if budget.exhausted:
        return ObjectiveState.EXHAUSTED
    if any(tier.firing for tier in tiers):
        return ObjectiveState.BURNING
    return ObjectiveState.OK if recent.counts.total > 0 else ObjectiveState.NO_TRAFFIC
