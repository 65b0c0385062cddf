"""Burn alerts from the ledger: each tier of each objective, firing or not, with the arithmetic.

The same semantics as the generated Prometheus rules: both windows strictly above the factor, no hysteresis,
no memory. Silence is a finding of its own: a series without a row for ``slo.no_data_after`` is ``NoData``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from foundation.bilingual import Text
from slo.judge.budget import BudgetStatus, Exhaustion, budget_status, exhaustion
from slo.judge.burn_rate import TierBurn, WindowBurn
from slo.judge.explain import explain_no_data, explain_tier
from slo.judge.measurement import Measurement, measure, silence_limit
from slo.ledger.exclusions import Exclusion
from slo.ledger.ledger import Ledger
from slo.model.spec import Objective, Slo, Tier


@dataclass(frozen=True, slots=True)
class TierState:
    """One tier of one objective for one set of label values."""

    slo: Slo
    objective: Objective
    labels: tuple[tuple[str, str], ...]
    environment: str
    burn: TierBurn
    budget: BudgetStatus
    exhaustion: Exhaustion | None
    explanation: Text

    @property
    def tier(self) -> Tier:
        return self.burn.tier

    @property
    def firing(self) -> bool:
        return self.burn.firing

    @property
    def factor(self) -> Fraction:
        return self.burn.factor

    @property
    def long(self) -> WindowBurn:
        return self.burn.long

    @property
    def short(self) -> WindowBurn:
        return self.burn.short

    @property
    def error_bound(self) -> int | None:
        return self.burn.long.counts.error_bound


@dataclass(frozen=True, slots=True)
class NoData:
    """Nothing is known since ``since``. ``last_minute``: the last with a row, if there ever was one."""

    slo: Slo
    objective: Objective
    labels: tuple[tuple[str, str], ...]
    environment: str
    severity: str
    last_minute: datetime | None
    since: datetime | None
    silent_for: timedelta | None
    explanation: Text


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything found at ``at``: every tier's state and every silence."""

    at: datetime
    environment: str
    tiers: tuple[TierState, ...]
    no_data: tuple[NoData, ...]

    @property
    def firing(self) -> tuple[TierState, ...]:
        return tuple(state for state in self.tiers if state.firing)


def evaluate(
    slos: Sequence[Slo],
    ledger: Ledger,
    environment: str,
    now: datetime,
    exclusions: Sequence[Exclusion] = (),
    watching_since: datetime | None = None,
) -> Evaluation:
    """Judge every tier on the counts up to the last whole minute before ``now``.

    ``watching_since`` is when this evaluator began: a series that never had a row is silent only once
    ``slo.no_data_after`` has passed since then (``None``: it is silent at once).
    """
    measured = measure(slos, ledger, environment, now, exclusions)
    tiers = tuple(state for item in measured for state in _tier_states(item, environment))
    silences = (_no_data(item, environment, watching_since) for item in measured)
    return Evaluation(now, environment, tiers, tuple(item for item in silences if item is not None))


def _tier_states(item: Measurement, environment: str) -> tuple[TierState, ...]:
    budget = budget_status(item.objective.budget, item.adjusted, item.period, item.first_minute)
    states = []
    for burn in item.tiers():
        gone = exhaustion(budget, burn.long)
        text = explain_tier(item.slo, item.objective, burn, budget, gone)
        states.append(
            TierState(item.slo, item.objective, item.series.labels, environment, burn, budget, gone, text)
        )
    return tuple(states)


def _no_data(item: Measurement, environment: str, watching_since: datetime | None) -> NoData | None:
    severity = item.slo.no_data_severity
    if severity is None or not item.is_silent:
        return None
    silence, since = item.silent_for, None
    if item.last_minute is not None and silence is not None:
        since = item.period.now - silence
    elif watching_since is not None:
        since, silence = watching_since, item.period.now - watching_since
        if silence < silence_limit(item.slo, item.objective):
            return None
    return NoData(
        item.slo,
        item.objective,
        item.series.labels,
        environment,
        severity,
        item.last_minute,
        since,
        silence,
        explain_no_data(item.slo, item.last_minute, silence),
    )
