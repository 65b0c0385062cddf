"""Reading everything a status or an evaluation needs from a ledger, in one batch.

For each objective (and each label value of it): the counts of every alert window and of the compliance
period, raw and with exclusions taken out, and when data began and was last seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from slo.judge.burn_rate import TierBurn, WindowBurn
from slo.ledger.exclusions import Exclusion, Span, clip, excluded_spans
from slo.ledger.ledger import Counts, Ledger, SeriesKey, series_key
from slo.model.periods import MINUTE, Period, period_of
from slo.model.spec import Objective, Slo, Tier

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Measurement:
    """One series of one objective at one instant. ``windows`` and ``adjusted`` exclude what was excluded.

    ``earlier`` holds windows that ended some minutes ago, by ``(length, ago)``, for tiers that must hold.
    """

    slo: Slo
    objective: Objective
    series: SeriesKey
    period: Period
    raw: Counts
    adjusted: Counts
    windows: Mapping[timedelta, Counts]
    earlier: Mapping[tuple[timedelta, timedelta], Counts]
    spans: tuple[Span, ...]
    first_minute: datetime | None
    last_minute: datetime | None

    @property
    def has_gone(self) -> bool:
        """A label value whose last row is older than the period."""
        return bool(self.series.labels) and (
            self.last_minute is None or self.last_minute < min(self.period.start, self.period.now - DAY)
        )

    @property
    def silent_for(self) -> timedelta | None:
        """Whole minutes since the last one with a row; ``None``: never a row."""
        if self.last_minute is None:
            return None
        return max(timedelta(0), self.period.now - (self.last_minute + MINUTE))

    @property
    def is_silent(self) -> bool:
        silence = self.silent_for
        return silence is None or silence >= silence_limit(self.slo, self.objective)

    def window(self, length: timedelta) -> WindowBurn:
        end = self.period.now
        return WindowBurn(length, end - length, end, self.windows[length], self.objective.budget)

    def tiers(self) -> tuple[TierBurn, ...]:
        return tuple(self._tier(tier) for tier in self.slo.tiers)

    def _tier(self, tier: Tier) -> TierBurn:
        factor = tier.factor(self.slo.window.length)
        held = all(self._was_active(tier, factor, ago) for ago in minutes_to_hold(tier))
        long, short = self.window(tier.long_window), self.window(tier.short_window)
        least, least_bad = self.slo.min_events, self.slo.min_bad_events
        return TierBurn(tier, factor, long, short, least, least_bad, held)

    def _was_active(self, tier: Tier, factor: Fraction, ago: timedelta) -> bool:
        end, budget = self.period.now - ago, self.objective.budget
        long, short = (
            WindowBurn(length, end - length, end, self.earlier[(length, ago)], budget)
            for length in (tier.long_window, tier.short_window)
        )
        return TierBurn(tier, factor, long, short, self.slo.min_events, self.slo.min_bad_events).active


def silence_limit(slo: Slo, objective: Objective) -> timedelta:
    """How long without a row is too long: a slice is only written once it is over."""
    length = objective.time_slice_window
    if length is None or length <= MINUTE:
        return slo.no_data_after
    return max(slo.no_data_after, length + 2 * MINUTE)


def minutes_to_hold(tier: Tier) -> list[timedelta]:
    """How long ago, minute by minute, the condition must already have been met."""
    return [MINUTE * ago for ago in range(1, -(-tier.alert_after // MINUTE) + 1)]


def recent_window(slo: Slo) -> timedelta:
    """The window that "now" is judged by: the shortest long window of the tiers, one hour without tiers."""
    return min((tier.long_window for tier in slo.tiers), default=HOUR)


def measure(
    slos: Sequence[Slo],
    ledger: Ledger,
    environment: str,
    now: datetime,
    exclusions: Sequence[Exclusion] = (),
) -> tuple[Measurement, ...]:
    """In the order of ``slos``, their objectives and the sorted label values.

    A label value without a row in the whole period has gone (a store was retired) and is left out, unless
    every value of its objective has.
    """
    known = _known_series(ledger, environment)
    plans = [
        _Plan(slo, objective, series, now, exclusions)
        for slo in slos
        for objective in slo.objectives
        for series in _series_of(slo, objective, environment, known)
    ]
    answers = iter(ledger.counts_many([query for plan in plans for query in plan.queries]))
    measured = [plan.measured(ledger, [next(answers) for _ in plan.queries]) for plan in plans]
    live = {(item.slo.id, item.objective.name) for item in measured if not item.has_gone}
    return tuple(
        item for item in measured if not item.has_gone or (item.slo.id, item.objective.name) not in live
    )


def _known_series(ledger: Ledger, environment: str) -> Mapping[tuple[str, str, str], list[SeriesKey]]:
    known: dict[tuple[str, str, str], list[SeriesKey]] = {}
    for series in ledger.series(environment):
        known.setdefault((series.slo_id, series.objective, series.revision), []).append(series)
    return known


def _series_of(
    slo: Slo, objective: Objective, environment: str, known: Mapping[tuple[str, str, str], list[SeriesKey]]
) -> Sequence[SeriesKey]:
    bare = series_key(slo, objective, environment, ())
    if not slo.is_grouped:
        return (bare,)
    found = known.get((slo.id, objective.name, bare.revision), [])
    return sorted(found, key=lambda series: series.labels) or (bare,)


class _Plan:
    """Which windows one series needs, and how the answers become a measurement."""

    def __init__(
        self,
        slo: Slo,
        objective: Objective,
        series: SeriesKey,
        now: datetime,
        exclusions: Iterable[Exclusion],
    ) -> None:
        self.slo, self.objective, self.series = slo, objective, series
        self.period = period_of(slo.window, now)
        self.spans = excluded_spans(exclusions, slo.id)
        lengths = {recent_window(slo)}
        for tier in slo.tiers:
            lengths |= {tier.long_window, tier.short_window}
        self.lengths = sorted(lengths)
        end = self.period.now
        self.past = sorted(
            {
                (length, ago)
                for tier in slo.tiers
                for ago in minutes_to_hold(tier)
                for length in (tier.long_window, tier.short_window)
            }
        )
        self.bounds = [
            (self.period.start, end),
            *((end - length, end) for length in self.lengths),
            *((end - ago - length, end - ago) for length, ago in self.past),
        ]
        self.holes = [clip(self.spans, start, stop) for start, stop in self.bounds]

    @property
    def queries(self) -> list[tuple[SeriesKey, datetime, datetime]]:
        whole = [(self.series, start, end) for start, end in self.bounds]
        return whole + [(self.series, start, end) for holes in self.holes for start, end in holes]

    def measured(self, ledger: Ledger, answers: Sequence[Counts]) -> Measurement:
        raw, rest = answers[: len(self.bounds)], iter(answers[len(self.bounds) :])
        adjusted = [
            _without(whole, [next(rest) for _ in holes]) for whole, holes in zip(raw, self.holes, strict=True)
        ]
        return Measurement(
            self.slo,
            self.objective,
            self.series,
            self.period,
            raw[0],
            adjusted[0],
            dict(zip(self.lengths, adjusted[1 : 1 + len(self.lengths)], strict=True)),
            dict(zip(self.past, adjusted[1 + len(self.lengths) :], strict=True)),
            self.spans,
            ledger.first_minute(self.series),
            ledger.last_minute(self.series),
        )


def _without(whole: Counts, holes: Sequence[Counts]) -> Counts:
    """The window less its excluded minutes; its error bound stays, on the safe side."""
    if not holes:
        return whole
    return Counts(
        whole.good - sum(hole.good for hole in holes),
        whole.total - sum(hole.total for hole in holes),
        whole.minutes_with_data - sum(hole.minutes_with_data for hole in holes),
        whole.minutes - sum(hole.minutes for hole in holes),
        whole.error_bound,
    )
