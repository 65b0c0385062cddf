"""Tests from recorded counts on: long windows, period and budget, and good above total.

The counters are left out, so their rules record nothing and what is fed stands in their place; days of it
cost little, since promtool evaluates them once an hour.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import lru_cache

from foundation.quantities import decimal_text
from slo.model import conventions as names
from slo.model.spec import Objective, Slo, Tier
from slo.prometheus.alerts import burn_alert
from slo.prometheus.counts import counts_over_window, slice_window
from slo.prometheus.names import series_labels
from slo.prometheus.promtool.alone import fed_labels
from slo.prometheus.promtool.events import TestCase, case, window_checks
from slo.prometheus.promtool.expect import Check, alert_state, recorded
from slo.prometheus.promtool.fed_counts import FedCounts, daily_events, hourly_events, hourly_slices
from slo.prometheus.promtool.notation import interval, number, series
from slo.prometheus.promtool.signal import Condition, burn, condition_of
from slo.prometheus.records import BASE, LONGEST_DIRECT, LONGEST_SLIDING, step_of, windows_of

HOURS = 90
CHECK_HOURS = (23, 75, 89)
DAYS_BEYOND = 2
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)


def window_tests(slo: Slo, environment: str) -> Iterator[TestCase]:
    """Hourly varying counts; the windows that are added up from them, and the alerts on those."""
    longest = max((w for w in windows_of(slo) if w <= LONGEST_SLIDING), default=_HOUR)
    hours = max(HOURS, longest // _HOUR + 18)
    for objective in slo.objectives:
        labels = _labels(slo, objective, environment)
        step = slice_window(slo, objective) if _sliced(slo) else _MINUTE
        fed = _hourly(slo, objective, hours, step)
        sliding = [w for w in windows_of(slo) if w <= LONGEST_SLIDING]
        windows = [w for w in sliding if _sliced(slo) or w > LONGEST_DIRECT]
        checks: list[Check] = []
        for hour in (*CHECK_HOURS, hours - 1):
            for window in windows:
                counts = fed.window(hour * _HOUR, window)
                checks += window_checks(window, counts, objective, labels, hour * 60)
            checks += _step_checks(slo, labels, fed, hour)
        for tier in slo.tiers:
            if {tier.long_window, tier.short_window} <= set(windows):
                checks += _alerts(slo, objective, tier, environment, fed, hours)
        if checks:
            name = f"windows of {objective.name} add up what was counted, and their alerts follow"
            yield case(name, _feed(slo, labels, fed), checks, interval(step))


def _hourly(slo: Slo, objective: Objective, hours: int, step: timedelta) -> FedCounts:
    highest = max((float(tier.factor(slo.window.length)) for tier in slo.tiers), default=1.0)
    if _sliced(slo):
        return hourly_slices(objective.budget, highest, hours, step)
    return hourly_events(objective.budget, highest, hours, step, BASE // _MINUTE)


def _step_checks(slo: Slo, labels: Mapping[str, str], fed: FedCounts, hour: int) -> list[Check]:
    """The counts that the period is added up from, where they come from recorded ones."""
    window = step_of(slo)
    if not _sliced(slo) and window <= LONGEST_DIRECT:
        return []
    good, total = fed.window(hour * _HOUR, window)
    return [
        recorded(names.record_good(window), labels, hour * 60, good),
        recorded(names.record_total(window), labels, hour * 60, total),
    ]


def _sliced(slo: Slo) -> bool:
    return not counts_over_window(slo)


def _labels(slo: Slo, objective: Objective, environment: str) -> dict[str, str]:
    return {**series_labels(slo, objective, environment), **fed_labels(slo)}


def _feed(slo: Slo, labels: Mapping[str, str], fed: FedCounts) -> list[dict[str, str]]:
    records = (
        (names.RECORD_GOOD_SLICES, names.RECORD_TOTAL_SLICES)
        if _sliced(slo)
        else (names.record_good(BASE), names.record_total(BASE))
    )
    return _series(labels, records, fed)


def _series(labels: Mapping[str, str], records: tuple[str, str], fed: FedCounts) -> list[dict[str, str]]:
    pairs = sorted(labels.items())
    return [
        {"series": series(record, pairs), "values": values}
        for record, values in zip(records, fed.texts, strict=True)
    ]


def _alerts(
    slo: Slo,
    objective: Objective,
    tier: Tier,
    environment: str,
    fed: FedCounts,
    hours: int,
) -> list[Check]:
    """Every hour on either side of a change of state."""
    rule = burn_alert(slo, objective, tier, environment)
    told = _told(fed, hours, condition_of(slo, objective, tier))
    return [alert_state(rule, fed_labels(slo), hour * 60, firing) for hour, firing in told]


@lru_cache(maxsize=512)
def _told(fed: FedCounts, hours: int, condition: Condition) -> list[tuple[int, bool]]:
    states: list[bool] = []
    since: int | None = None
    for hour in range(hours):
        good, total = fed.window(hour * _HOUR, condition.long)
        burns = [
            burn(fed.window(hour * _HOUR, window), condition.budget) or 0.0
            for window in (condition.long, condition.short)
        ]
        above = all(value > float(condition.factor) for value in burns)
        above = above and total >= condition.enough and total - good > condition.min_bad_events - 0.5
        since = (hour if since is None else since) if above else None
        states.append(since is not None and (hour - since) * _HOUR >= condition.wait)
    changes = {h for h in range(1, hours) if states[h] != states[h - 1]}
    return [(hour, states[hour]) for hour in sorted(changes | {h - 1 for h in changes} | {hours - 1})]


def period_tests(slo: Slo, environment: str) -> Iterator[TestCase]:
    """A period and two days of daily varying counts: budget left, and how much of the period there is."""
    step = step_of(slo)
    for objective in slo.objectives:
        labels = _labels(slo, objective, environment)
        days = slo.window.length // timedelta(days=1) + DAYS_BEYOND
        fed = daily_events(objective.budget, days, step)
        checks: list[Check] = []
        for day in (days // 3, days - 1, days):
            checks += _period_checks(slo, objective, labels, fed, day)
        records = names.record_good(step), names.record_total(step)
        name = f"budget of {objective.name} is counted over the period"
        yield case(name, _series(labels, records, fed), checks, interval(step))


def _period_checks(
    slo: Slo, objective: Objective, labels: Mapping[str, str], fed: FedCounts, day: int
) -> list[Check]:
    period = slo.window.length
    last, count = day * timedelta(days=1) // fed.step, period // fed.step
    good, total = fed.window(day * timedelta(days=1), period)
    minute = day * 24 * 60
    history = (last + 1 if last < count else count) / count
    rate = burn((good, total), objective.budget)
    assert rate is not None
    checks = [recorded(names.RECORD_HISTORY, labels, minute, history)]
    for window in sorted({*windows_of(slo), period}):
        if window > LONGEST_SLIDING or window not in windows_of(slo):
            counts = fed.window(day * timedelta(days=1), window)
            checks += window_checks(window, counts, objective, labels, minute)
    if period > LONGEST_SLIDING or period not in windows_of(slo):
        left = 1 - rate * history
        checks.append(recorded(names.RECORD_BUDGET_REMAINING, labels, minute, left, float(objective.budget)))
    return checks


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
