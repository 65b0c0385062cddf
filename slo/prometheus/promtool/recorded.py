"""Tests from recorded counts on: long windows, period and budget, and good above total.

The counters are left out, so their rules record nothing and what is fed stands in their place; days of it
cost little, since promtool evaluates them once an hour.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from foundation.quantities import decimal_text
from slo.model import conventions as names
from slo.model.spec import Objective, Slo, Tier
from slo.prometheus.alerts import burn_alert
from slo.prometheus.counts import counts_over_window, slice_window
from slo.prometheus.names import series_labels
from slo.prometheus.promtool.events import TestCase, case, window_checks
from slo.prometheus.promtool.expect import Check, alert_state, recorded
from slo.prometheus.promtool.notation import gauge, interval, number, series
from slo.prometheus.promtool.signal import burn
from slo.prometheus.records import BASE, LONGEST_DIRECT, step_of, windows_of

HOURS = 90
CHECK_HOURS = (23, 75, 89)
DAYS_BEYOND = 2
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)


def window_tests(slo: Slo, environment: str) -> Iterator[TestCase]:
    """Hourly varying counts; the windows that are added up from them, and the alerts on those."""
    longest = max(windows_of(slo), default=_HOUR)
    hours = max(HOURS, longest // _HOUR + 18)
    for objective in slo.objectives:
        labels = _labels(slo, objective, environment)
        step = slice_window(slo, objective) if _sliced(slo) else _MINUTE
        total, good = _hourly(slo, objective, hours, step)
        windows = [w for w in windows_of(slo) if _sliced(slo) or w > LONGEST_DIRECT]
        checks: list[Check] = []
        for hour in (*CHECK_HOURS, hours - 1):
            for window in windows:
                counts = _window(slo, good, total, hour * _HOUR, window, step)
                checks += window_checks(window, counts, objective, labels, hour * 60)
            checks += _step_checks(slo, labels, (good, total), hour, step)
        for tier in slo.tiers:
            if {tier.long_window, tier.short_window} <= set(windows):
                checks += _alerts(slo, objective, tier, environment, (good, total), hours, step)
        if checks:
            name = f"windows of {objective.name} add up what was counted, and their alerts follow"
            yield case(name, _feed(slo, labels, good, total), checks, interval(step))


def _step_checks(
    slo: Slo,
    labels: Mapping[str, str],
    counts: tuple[Sequence[float], Sequence[float]],
    hour: int,
    step: timedelta,
) -> list[Check]:
    """The counts that the period is added up from, where they come from recorded ones."""
    window = step_of(slo)
    if not _sliced(slo) and window <= LONGEST_DIRECT:
        return []
    good, total = _window(slo, *counts, hour * _HOUR, window, step)
    return [
        recorded(names.record_good(window), labels, hour * 60, good),
        recorded(names.record_total(window), labels, hour * 60, total),
    ]


def _sliced(slo: Slo) -> bool:
    return not counts_over_window(slo)


def _labels(slo: Slo, objective: Objective, environment: str) -> dict[str, str]:
    return {**series_labels(slo, objective, environment), **dict.fromkeys(slo.group_by, "a")}


def _feed(
    slo: Slo, labels: Mapping[str, str], good: Sequence[float], total: Sequence[float]
) -> list[dict[str, str]]:
    records = (
        (names.RECORD_GOOD_SLICES, names.RECORD_TOTAL_SLICES)
        if _sliced(slo)
        else (names.record_good(BASE), names.record_total(BASE))
    )
    pairs = sorted(labels.items())
    return [
        {"series": series(record, pairs), "values": gauge(values)}
        for record, values in zip(records, (good, total), strict=True)
    ]


def _hourly(slo: Slo, objective: Objective, hours: int, step: timedelta) -> tuple[list[float], list[float]]:
    """Sample ``i`` is what is recorded at ``i`` steps. Every hour differs, so no window fits another's."""
    per_hour = max(1, _HOUR // step)
    total: list[float] = [0.0]
    good: list[float] = [0.0]
    if _sliced(slo):
        total[0] = good[0] = 1.0
    for hour in range(hours):
        share = _error_share(slo, objective, hour)
        if _sliced(slo):
            bad = round(share * per_hour)
            total += [1.0] * per_hour
            good += [1.0] * (per_hour - bad) + [0.0] * bad
        else:
            count = 5_000.0 + 40 * (hour * hour % 23)
            total += [count] * per_hour
            good += [count - round(count * share, 3)] * per_hour
    return total, good


def _error_share(slo: Slo, objective: Objective, hour: int) -> float:
    """Calm, then an outage of six hours that every tier sees, then calm but for an hour now and then."""
    budget = float(objective.budget)
    if 30 <= hour < 36:
        highest = max((float(tier.factor(slo.window.length)) for tier in slo.tiers), default=1.0)
        return min(1.0, budget * max(highest, 20.0))
    return min(0.9, budget * (0.2 + (hour * hour % 5) / 10))


def _window(
    slo: Slo,
    good: Sequence[float],
    total: Sequence[float],
    at: timedelta,
    window: timedelta,
    step: timedelta,
) -> tuple[float, float]:
    """``(good, total)`` of the samples in the window that ends at ``at``: the left end is not part of it."""
    last, count = at // step, window // step
    chosen = slice(max(0, last - count + 1), last + 1)
    per = 1 if _sliced(slo) else BASE // _MINUTE
    return sum(good[chosen]) / per, sum(total[chosen]) / per


def _alerts(
    slo: Slo,
    objective: Objective,
    tier: Tier,
    environment: str,
    counts: tuple[Sequence[float], Sequence[float]],
    hours: int,
    step: timedelta,
) -> list[Check]:
    """Every hour on either side of a change of state."""
    rule = burn_alert(slo, objective, tier, environment)
    group = dict.fromkeys(slo.group_by, "a")
    factor, wait = float(tier.factor(slo.window.length)), tier.alert_after
    states: list[bool] = []
    since: int | None = None
    for hour in range(hours):
        burns = [
            burn(_window(slo, *counts, hour * _HOUR, window, step), objective) or 0.0
            for window in (tier.long_window, tier.short_window)
        ]
        good, total = _window(slo, *counts, hour * _HOUR, tier.long_window, step)
        enough = total >= slo.min_events and total - good > slo.min_bad_events - 0.5
        above = enough and all(value > factor for value in burns)
        since = (hour if since is None else since) if above else None
        states.append(since is not None and (hour - since) * _HOUR >= wait)
    changes = {h for h in range(1, hours) if states[h] != states[h - 1]}
    hours_told = sorted(changes | {h - 1 for h in changes} | {hours - 1})
    return [alert_state(rule, group, hour * 60, states[hour]) for hour in hours_told]


def period_tests(slo: Slo, environment: str) -> Iterator[TestCase]:
    """A period and two days of daily varying counts: budget left, and how much of the period there is."""
    step = step_of(slo)
    for objective in slo.objectives:
        labels = _labels(slo, objective, environment)
        days = slo.window.length // timedelta(days=1) + DAYS_BEYOND
        total, good = _daily(objective, days, step)
        checks: list[Check] = []
        for day in (days // 3, days - 1, days):
            checks += _period_checks(slo, objective, labels, (good, total), day, step)
        pairs = sorted(labels.items())
        fed = [
            {"series": series(names.record_good(step), pairs), "values": gauge(good)},
            {"series": series(names.record_total(step), pairs), "values": gauge(total)},
        ]
        name = f"budget of {objective.name} is counted over the period"
        yield case(name, fed, checks, interval(step))


def _daily(objective: Objective, days: int, step: timedelta) -> tuple[list[float], list[float]]:
    """Sample ``i`` is what is recorded at ``i`` steps."""
    per_day = timedelta(days=1) // step
    total: list[float] = [1.0]
    good: list[float] = [1.0]
    for day in range(days):
        count = 900.0 + 10 * (day * day % 11)
        share = min(1.0, float(objective.budget) * (0.25 + (day * day % 7) / 8))
        total += [count] * per_day
        good += [count - round(count * share, 3)] * per_day
    return total, good


def _period_checks(
    slo: Slo,
    objective: Objective,
    labels: Mapping[str, str],
    counts: tuple[Sequence[float], Sequence[float]],
    day: int,
    step: timedelta,
) -> list[Check]:
    period = slo.window.length
    last, count = day * timedelta(days=1) // step, period // step
    chosen = slice(max(0, last - count + 1), last + 1)
    good, total = sum(counts[0][chosen]), sum(counts[1][chosen])
    minute = day * 24 * 60
    history = (last + 1 if last < count else count) / count
    rate = burn((good, total), objective)
    assert rate is not None
    return [
        *window_checks(period, (good, total), objective, labels, minute),
        recorded(names.RECORD_HISTORY, labels, minute, history),
        recorded(names.RECORD_BUDGET_REMAINING, labels, minute, 1 - rate * history),
    ]


def edge_tests(slo: Slo, environment: str) -> Iterator[TestCase]:
    """More good than total, as two scrapes may show, means no errors; without events there is no ratio."""
    for objective in slo.objectives:
        if windows_of(slo):
            name = f"good above a small total means no errors in {objective.name}"
            yield _flat(slo, objective, environment, name, (0.011, 0.01), 0.0)
            name = f"without events there is no ratio in {objective.name}"
            yield _flat(slo, objective, environment, name, (0.0, 0.0), None)


def _flat(
    slo: Slo,
    objective: Objective,
    environment: str,
    name: str,
    counts: tuple[float, float],
    expected: float | None,
) -> TestCase:
    labels = _labels(slo, objective, environment)
    pairs, windows = sorted(labels.items()), windows_of(slo)
    records = [(names.RECORD_GOOD_SLICES, names.RECORD_TOTAL_SLICES)]
    if not _sliced(slo):
        direct = [window for window in (*windows, step_of(slo)) if window <= LONGEST_DIRECT]
        records = [(names.record_good(window), names.record_total(window)) for window in direct]
    fed = [
        {"series": series(record, pairs), "values": f"{number(value)}x12"}
        for pair in records
        for record, value in zip(pair, counts, strict=True)
    ]
    checks = [
        recorded(record, labels, 10, expected)
        for window in (*windows, slo.window.length)
        for record in (names.record_error_ratio(window), names.record_burn_rate(window))
    ]
    own = series_labels(slo, objective, environment)
    checks += [
        recorded(names.RECORD_OBJECTIVE, own, 10, float(decimal_text(objective.target))),
        recorded(names.RECORD_BUDGET, own, 10, float(decimal_text(objective.budget))),
    ]
    return case(name, fed, checks)
