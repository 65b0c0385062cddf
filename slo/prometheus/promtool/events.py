"""Tests of an event SLO from the raw counters on: fires, resets, stays calm, no traffic, missing series."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from slo.model import conventions as names
from slo.model.addends import addends
from slo.model.spec import EventQueries, Objective, Slo, Tier
from slo.prometheus.alerts import burn_alert, no_data_alert
from slo.prometheus.names import series_labels
from slo.prometheus.promtool.affine import affine
from slo.prometheus.promtool.expect import Check, alert_state, alert_words, recorded
from slo.prometheus.promtool.groups import fed_group, recorded_labels
from slo.prometheus.promtool.notation import counter, series
from slo.prometheus.promtool.sampling import Mix, mix
from slo.prometheus.promtool.signal import Condition, Signal, agreed_states, burn, condition_of
from slo.prometheus.records import LONGEST_DIRECT, step_of, windows_of

TestCase = dict[str, object]

RATE = 1_000.0  # events a minute
WARM_UP = 70  # minutes, longer than the longest window that counters are asked for
SHORT_WARM_UP = 10
RESTART = 7  # the minute at which the counted process starts again
STORM = 6  # times what a tier allows
LONGEST_END_TO_END = timedelta(hours=6)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Counters:
    """The series to feed so that the SLO's queries count what a signal says."""

    mix: Mix
    part_is_good: bool
    group: Mapping[str, str]  # as it is recorded

    def series(self, signal: Signal, restart: int | None = None, lost: int = 0) -> list[dict[str, str]]:
        """``lost`` minutes at the end no longer report."""
        return [
            {
                "series": series(sample.metric, sample.labels),
                "values": _values(signal, self.part_is_good, per_part, per_total, restart, lost),
            }
            for sample, per_part, per_total in self.mix.series
        ]


@lru_cache(maxsize=2048)
def _values(
    signal: Signal, part_is_good: bool, per_part: float, per_total: float, restart: int | None, lost: int
) -> str:
    """The same for every SLO whose counters see the signal in these shares."""
    good, total = signal.good, signal.total
    parts = good if part_is_good else [t - g for g, t in zip(good, total, strict=True)]
    steps: list[float | None] = [
        per_part * part + per_total * both for part, both in zip(parts, total, strict=True)
    ]
    return counter([*steps, *[None] * lost], restart)


def counters_of(slo: Slo, events: EventQueries, value: str = "a") -> Counters | None:
    """``None`` when the queries are not linear in their counters, so their values cannot be chosen, or
    when no two series would be of one group."""
    part, total = affine(events.part.query), affine(events.total.query)
    if part is None or total is None:
        return None
    found = mix(part, total, fed_group(slo, value))
    if found is None:
        return None
    groups = [recorded_labels(slo, dict(sample.labels)) for sample, _, _ in found.series]
    if any(group != groups[0] for group in groups):
        return None
    return Counters(found, events.part_is_good, groups[0])


def event_tests(slo: Slo, environment: str) -> Iterator[TestCase]:
    """Nothing when the counters cannot be chosen; what is recorded from them is tested all the same."""
    events = slo.indicator.events
    counters = None if events is None else counters_of(slo, events)
    if events is None or counters is None:
        return
    group = counters.group
    for objective in slo.objectives:
        yield _no_traffic(slo, objective, environment, counters, group)
        yield from _missing_part(slo, events, objective, environment, counters, group)
        for tier in slo.tiers:
            if tier.long_window <= LONGEST_END_TO_END:
                yield from _incident(slo, objective, tier, environment, counters, group)
    if slo.no_data_severity is not None:
        yield _silence(slo, environment, counters, group)


def _incident(
    slo: Slo, objective: Objective, tier: Tier, environment: str, counters: Counters, group: Mapping[str, str]
) -> Iterator[TestCase]:
    condition = condition_of(slo, objective, tier)
    if condition.threshold >= 1:
        return
    warm_up = WARM_UP if tier is slo.tiers[0] else SHORT_WARM_UP
    signal, told = _told(condition, warm_up)
    rule = burn_alert(slo, objective, tier, environment)
    checks = [alert_state(rule, group, minute, firing) for minute, firing in told]
    fed = counters.series(signal, RESTART)
    events = slo.indicator.events
    other = counters_of(slo, events, "b") if slo.is_grouped and events is not None else None
    if other is not None:  # a matcher may leave room for one group only
        calm = other.group
        fed += other.series(Signal(signal.total, signal.total))
        checks += [alert_state(rule, calm, minute, False) for minute, firing in told if firing]
    labels = {**series_labels(slo, objective, environment), **group}
    checks += steady_checks(slo, objective, labels, signal, warm_up)
    yield case(f"{tier.name} of {objective.name} fires on a burn, then resets", fed, checks)


@lru_cache(maxsize=16)
def _even(minutes: int, total: float, good: float) -> Signal:
    return Signal([total] * minutes, [good] * minutes)


@lru_cache(maxsize=512)
def _told(condition: Condition, warm_up: int) -> tuple[Signal, list[tuple[int, bool]]]:
    """An incident, and when it must be told: the same for every SLO with that condition."""
    signal = incident_signal(condition, warm_up)
    return signal, telling(agreed_states(signal, condition))


def _rate(condition: Condition) -> float:
    """Events a minute: twice what the tier asks for, if that is many."""
    return max(RATE, 2 * condition.enough / (condition.long // _MINUTE))


def incident_signal(condition: Condition, warm_up: int) -> Signal:
    """Healthy at half the budget, errors at several times what the tier allows, healthy again."""
    threshold, rate = condition.threshold, _rate(condition)
    calm, storm = float(condition.budget) / 2, min(1.0, threshold * STORM)
    long, short = condition.long // _MINUTE, condition.short // _MINUTE
    held = int(long * threshold / storm) + condition.wait // _MINUTE + 15
    after = short + 15
    errors = [calm] * warm_up + [storm] * held + [calm] * after
    return Signal([rate] * len(errors), [round(rate - rate * share, 3) for share in errors])


def telling(states: Sequence[bool | None]) -> list[tuple[int, bool]]:
    """The minutes on both sides of every change of an alert, where its state is certain, and the last one."""
    known = [(minute, state) for minute, state in enumerate(states) if state is not None]
    chosen = {known[-1]} if known else set()
    for before, after in itertools.pairwise(known):
        if before[1] != after[1]:
            chosen |= {before, after}
    return sorted(chosen)


def steady_checks(
    slo: Slo, objective: Objective, labels: Mapping[str, str], signal: Signal, minute: int
) -> list[Check]:
    """Every window that counters are asked for, at a minute before which nothing changed."""
    checks: list[Check] = []
    for window in (w for w in windows_of(slo) if w <= LONGEST_DIRECT):
        counts = signal.window(minute, window, half_open=False)
        checks += window_checks(window, counts, objective, labels, minute)
    step = step_of(slo)
    if step <= LONGEST_DIRECT:
        good, total = signal.window(minute, step, half_open=False)
        checks.append(recorded(names.record_good(step), labels, minute, good))
        checks.append(recorded(names.record_total(step), labels, minute, total))
    return checks


def window_checks(
    window: timedelta,
    counts: tuple[float, float],
    objective: Objective,
    labels: Mapping[str, str],
    minute: int,
) -> list[Check]:
    good, total = counts
    budget = objective.budget
    rate = burn(counts, budget)
    error = None if rate is None else rate * float(budget)
    return [
        recorded(names.record_good(window), labels, minute, good),
        recorded(names.record_total(window), labels, minute, total),
        recorded(names.record_error_ratio(window), labels, minute, error),
        recorded(names.record_burn_rate(window), labels, minute, rate, float(budget)),
    ]


def _no_traffic(
    slo: Slo, objective: Objective, environment: str, counters: Counters, group: Mapping[str, str]
) -> TestCase:
    """Counters that stand still: a total of 0, no ratio, no alert."""
    quiet = _even(SHORT_WARM_UP, 0.0, 0.0)
    labels = {**series_labels(slo, objective, environment), **group}
    checks = steady_checks(slo, objective, labels, quiet, SHORT_WARM_UP)
    for tier in slo.tiers:
        rule = burn_alert(slo, objective, tier, environment)
        checks.append(alert_state(rule, group, SHORT_WARM_UP, False))
    return case(f"no traffic in {objective.name} is neither good nor bad", counters.series(quiet), checks)


def _missing_part(
    slo: Slo,
    events: EventQueries,
    objective: Objective,
    environment: str,
    counters: Counters,
    group: Mapping[str, str],
) -> Iterator[TestCase]:
    """Only series that the part's query does not need: it then counts 0, and total still stands. A bucket
    that is missing says nothing of what it would have counted, so then there is no total either."""
    form = affine(events.part.query)
    if form is None or " or " in events.part.query:
        return
    alone = [
        (sample, per_total)
        for sample, _, per_total in counters.mix.series
        if per_total > 0
        and any(s.name != sample.metric or not s.selects(dict(sample.labels)) for s in form.terms)
    ]
    if len(alone) != 1:
        return
    sample, per_total = alone[0]
    whole, own = affine(events.total.query), dict(sample.labels)
    if whole is None or not all(s.name == sample.metric and s.selects(own) for s in whole.terms):
        return
    signal = _even(SHORT_WARM_UP, RATE, 0.0 if events.part_is_good else RATE)
    values = counter([RATE * per_total] * SHORT_WARM_UP)
    fed = {"series": series(sample.metric, sample.labels), "values": values}
    labels = {**series_labels(slo, objective, environment), **group}
    if any(one.is_bucket for one in addends(events.part.query)):
        unknown = [
            recorded(record(window), labels, SHORT_WARM_UP, None)
            for window in windows_of(slo)
            for record in (names.record_good, names.record_total, names.record_burn_rate)
        ]
        yield case(f"without its bucket nothing is known of {objective.name}", [fed], unknown)
        return
    word = "good" if events.part_is_good else "bad"
    checks = steady_checks(slo, objective, labels, signal, SHORT_WARM_UP)
    yield case(f"a {word} series that is missing counts as 0 in {objective.name}", [fed], checks)


def _silence(slo: Slo, environment: str, counters: Counters, group: Mapping[str, str]) -> TestCase:
    """Ten minutes of data, then none: told after the definition's patience, not before."""
    assert slo.no_data_severity is not None
    rule = no_data_alert(slo, environment, slo.no_data_severity)
    after = slo.no_data_after // _MINUTE
    signal = _even(10, RATE, RATE)
    checks = [alert_state(rule, {}, 9, False), alert_state(rule, {}, 10 + after + 1, True)]
    if after > 1:
        checks.append(alert_state(rule, {}, 10 + after - 1, False))
    test = case("silence alerts, quiet traffic does not", counters.series(signal, lost=after + 10), checks)
    return test | {"alert_rule_test": [alert_words(rule, 10 + after + 1, {}, {})]}


def case(
    name: str, fed: Sequence[Mapping[str, str]], checks: Sequence[Check], interval: str = "1m"
) -> TestCase:
    return {"name": name, "interval": interval, "input_series": list(fed), "promql_expr_test": list(checks)}
