"""Alerts that cannot fire, or that fire on very few events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction

from foundation.quantities import duration_text, percent_text, rounded_percent_text, short_text, span_text
from slo.lint.finding import Finding, error, warning
from slo.model.periods import MINUTE
from slo.model.spec import CountUnit, Objective, Slo, Tier

_HOUR = timedelta(hours=1)
_NEARLY_ONE = Fraction(9, 10)  # windows of 30 days under 28, as Sloth has them too: a tenth early, no more


def check_alerts(slo: Slo) -> Iterator[Finding]:
    for objective in slo.objectives:
        yield from _objective(slo, objective)
        for tier in slo.tiers:
            yield from _never_fires(slo, objective, tier)
            yield from _traffic(slo, objective, tier)
    yield from _inside_the_budget(slo)
    if not slo.tiers:
        fix = "Name a window set in mirante.dev/windows, unless you want no alerts."
        yield warning(slo, "no-burn-alerts", "alertPolicies", "no burn alert is defined", fix)


def _objective(slo: Slo, objective: Objective) -> Iterator[Finding]:
    if not 0 < objective.target < 1:
        reason = f"a target of {percent_text(objective.target)} has no error budget to spend"
        yield error(slo, "extreme-objective", "objectives", reason, "Choose one between 0 and 100 %.")


def _never_fires(slo: Slo, objective: Objective, tier: Tier) -> Iterator[Finding]:
    """Errors cannot exceed 100 %: a factor times the budget of 1 or more is out of reach."""
    factor = tier.factor(slo.window.length)
    if factor <= 0:
        yield error(
            slo,
            "never-fires",
            tier.name,
            "its factor is 0, so it would always fire",
            "Give it a share above 0.",
        )
    elif factor * objective.budget >= 1:
        enough = percent_text(Fraction(round((1 - 1 / factor) * 10_000) + 1, 10_000))
        reason = (
            f"can never fire on objective {objective.name}: {short_text(factor)} times a budget of "
            f"{percent_text(objective.budget)} is {percent_text(factor * objective.budget)} errors"
        )
        fix = f"Disable it (mirante.dev/disable-tiers: {tier.name}), or set a target of {enough} or more."
        yield error(slo, "never-fires", f"tier {tier.name}", reason, fix)


def _inside_the_budget(slo: Slo) -> Iterator[Finding]:
    """At a burn of 1 the budget lasts just as long as it must."""
    period = slo.window.length
    for tier in slo.tiers:
        factor = tier.factor(period)
        if not 0 < factor < 1:
            continue
        reason = (
            f"fires inside the budget: its factor is {short_text(factor)}, and at a burn of 1 the budget "
            f"just lasts its {duration_text(period)}"
        )
        longest = span_text(int(tier.budget_share * (period // MINUTE)) * MINUTE)
        fix = (
            f"Ask for a burn of 1 or more: {rounded_percent_text(tier.budget_share)} of the budget takes a "
            f"window of at most {longest}. Or disable it."
        )
        told = warning if factor >= _NEARLY_ONE else error
        yield told(slo, "inside-the-budget", f"tier {tier.name}", reason, fix)


def _traffic(slo: Slo, objective: Objective, tier: Tier) -> Iterator[Finding]:
    rate = slo.expected_events_per_hour
    if rate is None or slo.unit is not CountUnit.EVENTS:
        return
    events = rate * Fraction(tier.long_window // timedelta(seconds=1), _HOUR // timedelta(seconds=1))
    where = f"tier {tier.name}"
    if slo.min_events and events < slo.min_events:
        reason = f"{float(events):g} events in {duration_text(tier.long_window)} never reach {slo.min_events}"
        fix = "Lower mirante.dev/min-events or disable the tier."
        yield error(slo, "too-little-traffic", where, reason, fix)
        return
    needed = max(events, Fraction(slo.min_events))
    if needed * tier.factor(slo.window.length) * objective.budget < 1:
        reason = (
            f"at {float(rate):g} events an hour one failure in {duration_text(tier.long_window)} alerts "
            f"({tier.severity})"
        )
        least = int(1 / (tier.factor(slo.window.length) * objective.budget)) + 1
        fix = f"Set mirante.dev/min-events: {least} or more, use longer windows, or count time slices."
        yield warning(slo, "too-little-traffic", where, reason, fix)
