"""Recording rules of one objective: counts first, every ratio from counts, so long windows weigh events.

Windows up to an hour ask the counters themselves. Longer ones add up the five-minute counts that are
recorded every minute; each event is then in five of them, so the sum is divided by five. What falls
between two scrapes of one five-minute count is inside another, and a restart of Prometheus leaves no hole
in the ratio, since good and total miss the same minutes. The period, and windows of many days, add up
counts of a longer step, one for each step: a few thousand numbers whatever the length.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from slo import conventions as names
from slo.prometheus.counts import (
    MINUTE,
    counts_over_window,
    range_text,
    slice_counts,
    slice_window,
    window_counts,
)
from slo.prometheus.names import selector, series_labels
from slo.prometheus.numbers import decimal_text
from slo.spec import Objective, Slo

Rule = dict[str, object]
Group = dict[str, object]

BASE = timedelta(minutes=5)
LONGEST_DIRECT = timedelta(hours=1)
LONGEST_SLIDING = timedelta(days=4)
PERIOD_INTERVAL = "2m"
STEPS = tuple(timedelta(minutes=minutes) for minutes in (10, 15, 20, 30, 60, 120, 180, 240, 360))
MOST_STEPS = 4_500  # promtool loads at most 10,000 samples a query, and a subquery counts twice


def windows_of(slo: Slo) -> list[timedelta]:
    """Every alert window, shortest first; the five-minute base always among them for counters."""
    found = {window for tier in slo.tiers for window in (tier.long_window, tier.short_window)}
    if counts_over_window(slo):
        found.add(BASE)
    return sorted(found)


def step_of(slo: Slo) -> timedelta:
    """What the period is added up from: the shortest step that keeps the sum small and is no alert window."""
    slice_length = max(slice_window(slo, objective) for objective in slo.objectives)
    for step in STEPS:
        fits = slo.window.length // step <= MOST_STEPS and step % slice_length == timedelta(0)
        if fits and step not in windows_of(slo):
            return step
    return max(STEPS[-1], slice_length)


def record_groups(slo: Slo, objective: Objective, environment: str) -> list[Group]:
    """Slices (where counted by slices), windows and period, in the order they depend on each other."""
    labels = series_labels(slo, objective, environment)
    prefix = f"mirante-{names.slug(slo.id)}-{objective.name}"
    groups: list[Group] = []
    if not counts_over_window(slo):
        interval = names.window_text(slice_window(slo, objective))
        groups.append(_group(f"{prefix}-slices", interval, list(_slices(slo, objective, labels))))
    groups.append(_group(f"{prefix}-windows", "1m", list(_windows(slo, objective, labels))))
    groups.append(_group(f"{prefix}-period", PERIOD_INTERVAL, list(_period(slo, objective, labels))))
    return groups


def _group(name: str, interval: str, rules: list[Rule]) -> Group:
    return {"name": name, "interval": interval, "rules": rules}


def _rule(record: str, expr: str, labels: dict[str, str]) -> Rule:
    """A rule that reads counters or constants, and names what it records."""
    return {"record": record, "expr": expr, "labels": labels}


def _derived(record: str, expr: str, labels: dict[str, str]) -> Rule:
    """A rule that reads recorded series, whose labels it keeps; these two tell it from its neighbours."""
    shown = {key: labels[key] for key in (names.LABEL_OBJECTIVE, names.LABEL_SLO)}
    return {"record": record, "expr": expr, "labels": shown}


def _slices(slo: Slo, objective: Objective, labels: dict[str, str]) -> Iterator[Rule]:
    counts = slice_counts(slo, objective)
    yield _rule(names.RECORD_TOTAL_SLICES, counts.total, labels)
    yield _rule(names.RECORD_GOOD_SLICES, counts.good, labels)


def _windows(slo: Slo, objective: Objective, labels: dict[str, str]) -> Iterator[Rule]:
    own = selector(identity(labels))
    budget = decimal_text(objective.budget)
    windows, step = windows_of(slo), step_of(slo)
    for window in sorted({*windows, step}):
        yield from _counts(slo, window, own, labels)
        if window in windows:
            yield from _ratios(window, own, budget, labels)


def _counts(slo: Slo, window: timedelta, own: str, labels: dict[str, str]) -> Iterator[Rule]:
    total, good = names.record_total(window), names.record_good(window)
    if counts_over_window(slo) and window <= LONGEST_DIRECT:
        counts = window_counts(slo, window)
        yield _rule(total, counts.total, labels)
        yield _rule(good, counts.good, labels)
        return
    good_expr, total_expr = _added_up(slo, window, own)
    yield _derived(total, total_expr, labels)
    yield _derived(good, good_expr, labels)


def identity(labels: dict[str, str]) -> dict[str, str]:
    """The matchers that single out one objective: environment, objective, SLO."""
    return {key: labels[key] for key in (names.LABEL_ENVIRONMENT, names.LABEL_OBJECTIVE, names.LABEL_SLO)}


def _added_up(slo: Slo, window: timedelta, own: str) -> tuple[str, str]:
    """``(good, total)`` from recorded counts."""
    if window > LONGEST_SLIDING:
        return _stepped(slo, window, own)
    if not counts_over_window(slo):
        span = range_text(window)
        return (
            f"sum_over_time({names.RECORD_GOOD_SLICES}{own}[{span}])",
            f"sum_over_time({names.RECORD_TOTAL_SLICES}{own}[{span}])",
        )
    span, per = range_text(window), BASE // MINUTE
    return (
        f"sum_over_time({names.record_good(BASE)}{own}[{span}]) / {per}",
        f"sum_over_time({names.record_total(BASE)}{own}[{span}]) / {per}",
    )


def _stepped(slo: Slo, window: timedelta, own: str) -> tuple[str, str]:
    """``(good, total)`` of many days, one count a step: up to a step behind, and cheap."""
    step = step_of(slo)
    span = f"{range_text(window)}:{names.window_text(step)}"
    return (
        f"sum_over_time({names.record_good(step)}{own}[{span}])",
        f"sum_over_time({names.record_total(step)}{own}[{span}])",
    )


def _ratios(window: timedelta, own: str, budget: str, labels: dict[str, str]) -> Iterator[Rule]:
    """``total > 0`` leaves a quiet window without a ratio: no traffic is neither good nor NaN."""
    good, total = names.record_good(window) + own, names.record_total(window) + own
    error = names.record_error_ratio(window)
    yield _derived(error, f"clamp_min(1 - {good} / ({total} > 0), 0)", labels)
    yield _derived(names.record_burn_rate(window), f"{error}{own} / {budget}", labels)


def _period(slo: Slo, objective: Objective, labels: dict[str, str]) -> Iterator[Rule]:
    """Objective, budget, what is left of it, and how much of the period has data.

    The budget is that of a whole period at the traffic seen so far; ``slo:history:ratio`` says how far.
    """
    own, period, step = selector(identity(labels)), slo.window.length, step_of(slo)
    yield _rule(names.RECORD_OBJECTIVE, f"vector({decimal_text(objective.target)})", labels)
    yield _rule(names.RECORD_BUDGET, f"vector({decimal_text(objective.budget)})", labels)
    if period not in windows_of(slo):
        good, total = _stepped(slo, period, own)
        yield _derived(names.record_total(period), total, labels)
        yield _derived(names.record_good(period), good, labels)
        yield from _ratios(period, own, decimal_text(objective.budget), labels)
    span = f"{range_text(period)}:{names.window_text(step)}"
    seen = f"count_over_time({names.record_total(step)}{own}[{span}])"
    yield _derived(names.RECORD_HISTORY, f"{seen} / {period // step}", labels)
    spent = f"{names.record_burn_rate(period)}{own} * {names.RECORD_HISTORY}{own}"
    yield _derived(names.RECORD_BUDGET_REMAINING, f"1 - {spent}", labels)
