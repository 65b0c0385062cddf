"""When Prometheus would fire: a model of the generated rules, to be read beside Prometheus's own code.

Sources are files of ``github.com/prometheus/prometheus`` at v2.42.0, the server the equality test runs.

1. *Scraping* (``scrape/scrape.go``): a counter's value every ``scrape_interval``; the model takes each
   minute's events as spread evenly over it. A minute without data is a minute without scrapes.
2. *Range selection* (``promql/engine.go``, ``matrixIterSlice``): samples with ``T - W <= t <= T``. From 3.0
   on the left end is open (``left_open``).
3. *increase* (``promql/functions.go``, ``extrapolatedRate``): last minus first sample of the range, stretched
   to the ends of the range, but by no more than half an average sample distance where the first or last
   sample is further than 1.1 distances away, and never below zero counts. One sample gives nothing.
4. *Recording* (``rules/recording.go``): every ``interval`` each rule is evaluated in file order, so a rule
   sees what the rules before it recorded at the same instant. Windows up to one hour ask the counters.
   Longer ones are ``sum_over_time`` of the five-minute counts, divided by five, over a range one second
   shorter than the window, which holds exactly ``W / 1m`` samples.
   Slices are recorded as often as one ends (their group's interval), here from the timeline's start.
5. *sum_over_time* (``promql/functions.go``, ``funcSumOverTime``): compensated summation; the model sums
   exactly and rounds once.
6. *Ratios*: ``clamp_min(1 - good / (total > 0), 0)``, then divided by the budget, in floating point, in this
   order. A window without events has no ratio; the vanished series goes stale at once (``rules/manager.go``
   writes stale markers), so the five-minute look-back never revives it.
7. *Alerting* (``rules/alerting.go``, ``Eval``): active while both windows are above the factor; firing once
   ``T - activeAt >= for``; gone with the first evaluation that is not active.

Groups of one file start at offsets of their own (``rules/manager.go``, ``EvalTimestamp``), so an alert may
see the recordings of the evaluation before: that is the one interval of tolerance, and promtool has none.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from foundation.quantities import decimal_text
from slo.model.periods import MINUTE
from slo.model.spec import BudgetingMethod, Objective, Slo, Tier
from slo.prometheus.records import BASE, LONGEST_DIRECT
from slo.simulate.timeline import Span, Timeline, spans_of

SECOND = timedelta(seconds=1)
Values = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class PrometheusSettings:
    scrape_interval: timedelta = MINUTE
    interval: timedelta = MINUTE
    left_open: bool = False  # Prometheus 3.0 and later


@dataclass(frozen=True, slots=True)
class _Counter:
    """Samples of one counter: seconds since the start, and values."""

    times: Sequence[float]
    values: Sequence[float]


class PrometheusModel:
    """One objective's rules. The good and the bad events are one counter each, both always present."""

    def __init__(self, slo: Slo, objective: Objective, settings: PrometheusSettings | None = None) -> None:
        self._slo, self._objective = slo, objective
        self._settings = settings or PrometheusSettings()
        self._step = self._settings.interval / SECOND

    def firing(self, timeline: Timeline) -> Mapping[str, tuple[Span, ...]]:
        """Stretches in which each tier's alert fires, by tier name."""
        recorded = self._recorded(timeline)
        return {tier.name: self._tier(tier, recorded, timeline) for tier in self._slo.tiers}

    def _recorded(self, timeline: Timeline) -> Mapping[timedelta, tuple[Values, Values]]:
        """Good and total by window, at every evaluation."""
        good, bad = _scraped(timeline, self._settings.scrape_interval / SECOND)
        count = int((timeline.end - timeline.start) / self._settings.interval) + 1
        instants = [self._step * index for index in range(count)]
        windows = {length for tier in self._slo.tiers for length in (tier.long_window, tier.short_window)}
        if self._slo.method is not BudgetingMethod.OCCURRENCES:
            return self._sliced(good, bad, instants, windows)
        base = self._direct(good, bad, instants, BASE)
        return {
            window: self._direct(good, bad, instants, window)
            if window <= LONGEST_DIRECT
            else self._added(base, window, BASE // MINUTE)
            for window in windows
        }

    def _direct(
        self, good: _Counter, bad: _Counter, instants: Sequence[float], window: timedelta
    ) -> tuple[Values, Values]:
        """``sum(increase(good))`` and of both; a good series without an increase counts as zero."""
        length, left_open = window / SECOND, self._settings.left_open
        goods: list[float | None] = []
        totals: list[float | None] = []
        for instant in instants:
            parts = [increase(counter, instant, length, left_open) for counter in (good, bad)]
            known = [part for part in parts if part is not None]
            totals.append(sum(known) if known else None)
            goods.append((parts[0] or 0.0) if known else None)
        return goods, totals

    def _added(self, base: tuple[Values, Values], window: timedelta, share: int) -> tuple[Values, Values]:
        count = window // self._settings.interval
        goods, totals = (_sums(values, count) for values in base)
        return [_divided(value, share) for value in goods], [_divided(value, share) for value in totals]

    def _sliced(
        self, good: _Counter, bad: _Counter, instants: Sequence[float], windows: set[timedelta]
    ) -> Mapping[timedelta, tuple[Values, Values]]:
        length = self._objective.time_slice_window or MINUTE
        counted = self._direct(good, bad, instants, length)
        ends = [instant % (length / SECOND) == 0 for instant in instants]
        slices = [
            self._slice(*pair) if ended else None
            for ended, pair in zip(ends, zip(*counted, strict=True), strict=True)
        ]
        goods = [None if found is None else found for found in slices]
        totals = [None if found is None else 1.0 for found in slices]
        return {window: self._added((goods, totals), window, 1) for window in windows}

    def _slice(self, good: float | None, total: float | None) -> float | None:
        if total is None or good is None or total <= 0:
            return None
        ratio = good / total
        if self._slo.method is BudgetingMethod.RATIO_TIMESLICES:
            return min(1.0, max(0.0, ratio))
        target = self._objective.time_slice_target or Fraction(1)
        return float(ratio >= float(decimal_text(target)))

    def _tier(
        self, tier: Tier, recorded: Mapping[timedelta, tuple[Values, Values]], timeline: Timeline
    ) -> tuple[Span, ...]:
        factor = float(decimal_text(tier.factor(self._slo.window.length)))
        budget = float(decimal_text(self._objective.budget))
        long, short = recorded[tier.long_window], recorded[tier.short_window]
        active = [
            _above(*pair[:2], budget, factor)
            and _above(*pair[2:], budget, factor)
            and (pair[1] or 0.0) >= self._slo.min_events
            and (pair[1] or 0.0) - (pair[0] or 0.0) > self._slo.min_bad_events - 0.5
            for pair in zip(*long, *short, strict=True)
        ]
        held = list(_held(active, tier.alert_after / self._settings.interval))
        return spans_of(held, timeline.start, self._settings.interval)


def increase(counter: _Counter, instant: float, length: float, left_open: bool = False) -> float | None:
    """``increase(counter[length])`` at ``instant``; ``None`` with fewer than two samples."""
    start = instant - length
    low = bisect_right(counter.times, start) if left_open else bisect_left(counter.times, start)
    high = bisect_right(counter.times, instant)
    if high - low < 2:
        return None
    first, last = low, high - 1
    result = counter.values[last] - counter.values[first]
    sampled = counter.times[last] - counter.times[first]
    distance = sampled / (last - first)
    to_start, to_end = counter.times[first] - start, instant - counter.times[last]
    if result > 0 and counter.values[first] >= 0:
        to_start = min(to_start, sampled * (counter.values[first] / result))
    reach = sampled
    for gap in (to_start, to_end):
        reach += gap if gap < distance * 1.1 else distance / 2
    return result * (reach / sampled)


def _scraped(timeline: Timeline, interval: float) -> tuple[_Counter, _Counter]:
    """Both counters as scraped from the start to the end, skipping minutes without data."""
    times: list[float] = []
    values: tuple[list[float], list[float]] = ([], [])
    good, bad = (_running(timeline, which) for which in ("good", "bad"))
    for index in range(int(len(timeline.minutes) * 60 / interval) + 1):
        instant = index * interval
        minute, within = divmod(instant, 60)
        closing = (
            timeline.minutes[int(minute) - (1 if within == 0 else 0)] if instant else timeline.minutes[0]
        )
        if closing is None:
            continue
        times.append(instant)
        for series, sums in zip(values, (good, bad), strict=True):
            series.append(_value(sums, int(minute), within))
    return _Counter(times, values[0]), _Counter(times, values[1])


START_VALUE = 1_000_000_000  # an old process: no extrapolation meets zero


def _running(timeline: Timeline, which: str) -> Sequence[int]:
    sums = [START_VALUE]
    for minute in timeline.minutes:
        sums.append(sums[-1] + (getattr(minute, which) if minute is not None else 0))
    return sums


def _value(sums: Sequence[int], minute: int, within: float) -> float:
    if within == 0:
        return float(sums[minute])
    return float(sums[minute] + int((sums[minute + 1] - sums[minute]) * within / 60))


def _sums(values: Values, count: int) -> Values:
    """``sum_over_time`` of the last ``count`` recordings; ``None`` when there are none."""
    found: list[float | None] = []
    whole, rest, known = 0, Fraction(0), 0
    for index, value in enumerate(values):
        gone = values[index - count] if index >= count else None
        for sign, term in ((1, value), (-1, gone)):
            if term is None:
                continue
            known += sign
            if term.is_integer():
                whole += sign * int(term)
            else:
                rest += sign * Fraction(term)
        found.append(float(whole + rest) if known else None)
    return found


def _divided(value: float | None, by: int) -> float | None:
    return None if value is None else value / by


def _above(good: float | None, total: float | None, budget: float, factor: float) -> bool:
    if good is None or total is None or not total > 0:
        return False
    return max(1 - good / total, 0.0) / budget > factor


def _held(active: Sequence[bool], needed: float) -> Iterator[bool]:
    run = -1
    for now in active:
        run = run + 1 if now else -1
        yield now and run >= needed
