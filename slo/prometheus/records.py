"""Recording rules of one objective: counts first, every ratio from counts, so long windows weigh events.

Windows up to an hour ask the counters themselves. Longer ones add up the five-minute counts that are
recorded every minute; each event is then in five of them, so the sum is divided by five. What falls
between two scrapes of one five-minute count is inside another, and a restart of Prometheus leaves no hole
in the ratio, since good and total miss the same minutes. The period, and windows of many days, add up
counts of a longer step, one for each step: a few thousand numbers whatever the length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from foundation.quantities import decimal_text, duration_text
from slo.model import conventions as names
from slo.model.periods import MINUTE
from slo.model.promql import samples_range
from slo.model.spec import Objective, Slo
from slo.prometheus.counts import (
    counts_over_window,
    slice_counts,
    slice_window,
)
from slo.prometheus.names import selector, series_labels
from slo.prometheus.once import once_for_each

Rule = dict[str, object]
Group = dict[str, object]

BASE = timedelta(minutes=5)
LONGEST_DIRECT = timedelta(hours=1)
LONGEST_SLIDING = timedelta(days=4)
PERIOD_INTERVAL = "2m"
STEPS = tuple(timedelta(minutes=minutes) for minutes in (10, 15, 20, 30, 60, 120, 180, 240, 360))
MOST_STEPS = 4_500  # promtool loads at most 10,000 samples a query, and a subquery counts twice


@once_for_each
def windows_of(slo: Slo) -> tuple[timedelta, ...]:
    """Every alert window, shortest first; the five-minute base always among them for counters."""
    found = {window for tier in slo.tiers for window in (tier.long_window, tier.short_window)}
    if counts_over_window(slo):
        found.add(BASE)
    return tuple(sorted(found))


@once_for_each
def step_of(slo: Slo) -> timedelta:
    """What the period is added up from: the shortest step that keeps the sum small and is not an alert
    window."""
    slice_length = max(slice_window(slo, objective) for objective in slo.objectives)
    for step in STEPS:
        fits = slo.window.length // step <= MOST_STEPS and step % slice_length == timedelta(0)
        if fits and step not in windows_of(slo):
            return step
    return max(STEPS[-1], slice_length)


def identity(labels: dict[str, str]) -> dict[str, str]:
    """The matchers that single out one objective: environment, objective, SLO."""
    return {key: labels[key] for key in (names.LABEL_ENVIRONMENT, names.LABEL_OBJECTIVE, names.LABEL_SLO)}


def record_groups(slo: Slo, objective: Objective, environment: str) -> list[Group]:
    """Slices (where counted by slices), windows and period, in the order they depend on each other."""
    recorder = _Recorder(slo, objective, environment)
    prefix = f"mirante-{names.slug(slo.id)}-{objective.name}"
    groups: list[Group] = []
    if not recorder.direct:
        interval = duration_text(slice_window(slo, objective))
        groups.append(_group(f"{prefix}-slices", interval, recorder.slices()))
    groups.append(_group(f"{prefix}-windows", "1m", recorder.windows()))
    groups.append(_group(f"{prefix}-period", PERIOD_INTERVAL, recorder.period()))
    return groups


def _group(name: str, interval: str, rules: Iterator[Rule]) -> Group:
    return {"name": name, "interval": interval, "rules": list(rules)}


class _Recorder:
    """Writes the rules of one objective."""

    def __init__(self, slo: Slo, objective: Objective, environment: str) -> None:
        self._slo, self._objective = slo, objective
        self._labels = series_labels(slo, objective, environment)
        self._shown = {key: self._labels[key] for key in (names.LABEL_OBJECTIVE, names.LABEL_SLO)}
        self._own = selector(identity(self._labels))
        self._budget = decimal_text(objective.budget)
        self._alert_windows = windows_of(slo)
        self._step = step_of(slo)
        self.direct = counts_over_window(slo)

    def _rule(self, record: str, expr: str) -> Rule:
        """A rule that reads counters or constants, and names what it records."""
        return {"record": record, "expr": expr, "labels": self._labels}

    def _derived(self, record: str, expr: str) -> Rule:
        """A rule that reads recorded series, whose labels it keeps; these two tell it from its neighbours."""
        return {"record": record, "expr": expr, "labels": self._shown}

    def slices(self) -> Iterator[Rule]:
        counts = slice_counts(self._slo, self._objective)
        yield self._rule(names.RECORD_TOTAL_SLICES, counts.total)
        yield self._rule(names.RECORD_GOOD_SLICES, counts.good)

    def windows(self) -> Iterator[Rule]:
        for window in sorted({*self._alert_windows, self._step}):
            yield from self._counts(window)
            if window in self._alert_windows:
                yield from self._ratios(window)

    def _counts(self, window: timedelta) -> Iterator[Rule]:
        total, good = names.record_total(window), names.record_good(window)
        if self.direct and window <= LONGEST_DIRECT:
            counts = self._slo.indicator.reading(self._objective, self._slo.grouping, window)
            yield self._rule(total, counts.total)
            yield self._rule(good, counts.good)
        else:
            yield self._derived(total, self._added_up(names.record_total, names.RECORD_TOTAL_SLICES, window))
            yield self._derived(good, self._added_up(names.record_good, names.RECORD_GOOD_SLICES, window))

    def _added_up(self, record: Callable[[timedelta], str], slices: str, window: timedelta) -> str:
        """The count of a window from recorded counts."""
        if window > LONGEST_SLIDING:
            return self._stepped(record, window)
        if not self.direct:
            return f"sum_over_time({slices}{self._own}[{samples_range(window)}])"
        return f"sum_over_time({record(BASE)}{self._own}[{samples_range(window)}]) / {BASE // MINUTE}"

    def _stepped(self, record: Callable[[timedelta], str], window: timedelta) -> str:
        """The count of many days, one number a step: up to a step behind, and cheap."""
        return f"sum_over_time({record(self._step)}{self._own}[{self._span(window)}])"

    def _span(self, window: timedelta) -> str:
        return f"{samples_range(window)}:{duration_text(self._step)}"

    def _ratios(self, window: timedelta) -> Iterator[Rule]:
        """``total > 0`` leaves a quiet window without a ratio: no traffic is neither good nor NaN."""
        good, total = names.record_good(window) + self._own, names.record_total(window) + self._own
        error = names.record_error_ratio(window)
        yield self._derived(error, f"clamp_min(1 - {good} / ({total} > 0), 0)")
        yield self._derived(names.record_burn_rate(window), f"{error}{self._own} / {self._budget}")

    def period(self) -> Iterator[Rule]:
        """Objective, budget, what is left of it, and how much of the period has data.

        The budget is that of a whole period at the traffic seen so far; ``slo:history:ratio`` says how far.
        """
        period = self._slo.window.length
        yield self._rule(names.RECORD_OBJECTIVE, f"vector({decimal_text(self._objective.target)})")
        yield self._rule(names.RECORD_BUDGET, f"vector({self._budget})")
        if period not in self._alert_windows:
            yield self._derived(names.record_total(period), self._stepped(names.record_total, period))
            yield self._derived(names.record_good(period), self._stepped(names.record_good, period))
            yield from self._ratios(period)
        seen = f"count_over_time({names.record_total(self._step)}{self._own}[{self._span(period)}])"
        yield self._derived(names.RECORD_HISTORY, f"{seen} / {period // self._step}")
        spent = f"{names.record_burn_rate(period)}{self._own} * {names.RECORD_HISTORY}{self._own}"
        yield self._derived(names.RECORD_BUDGET_REMAINING, f"1 - {spent}")
