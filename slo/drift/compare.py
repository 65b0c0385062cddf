"""Recorded values held against the ledger's own counts of the same time, objective by objective.

The rules and the ledger cut time differently: a rule looks back from its own evaluation, the ledger keeps
whole minutes. So the counts are taken at every offset that a right rule may have, and a recorded value has
left them only when it lies outside all of these by more than ``tolerance`` says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import groupby
from math import ceil, floor

from slo.drift import tolerance
from slo.drift.finding import BudgetDrift, DriftGap, DriftReason, DriftVerdict
from slo.drift.recorded import Key, Recorded, RecordedCounts, count_names
from slo.judge.budget import budget_status
from slo.ledger.ledger import Counts, Ledger, SeriesKey, series_key
from slo.model import conventions as names
from slo.model.periods import MINUTE, floor_minute, period_of
from slo.model.spec import Objective, Slo
from slo.prometheus.counts import counts_over_window, slice_window
from slo.prometheus.records import step_of

SILENT = 2 * timedelta(minutes=5)  # the ledger's last minute may be so old: it is scraped every five at least
EXACT = 1e-9  # of a constant that both sides write down
DAY = timedelta(days=1)


def compare(
    slos: Sequence[Slo], ledger: Ledger, environment: str, recorded: Recorded
) -> tuple[BudgetDrift, ...]:
    """One finding for each objective and group that the ledger knows, in the order of ``slos``."""
    subjects = list(_subjects(slos, ledger, environment, recorded))
    answers = iter(ledger.counts_many([window for one in subjects for window in one.windows]))
    return tuple(one.judged([next(answers) for _ in one.windows]) for one in subjects)


def _subjects(
    slos: Sequence[Slo], ledger: Ledger, environment: str, recorded: Recorded
) -> Iterator[_Subject]:
    known = _known(ledger, environment)
    for slo in slos:
        for objective in slo.objectives:
            bare = series_key(slo, objective, environment, ())
            found = known.get((slo.id, objective.name, slo.revision), []) if slo.is_grouped else [bare]
            lasts = {series: ledger.last_minute(series) for series in found}
            live = [one for one, last in lasts.items() if last and last > recorded.at - DAY]
            for series in live or found[:1] or [bare]:
                yield _Subject(slo, objective, series, ledger, recorded)


def _known(ledger: Ledger, environment: str) -> Mapping[tuple[str, str, str], list[SeriesKey]]:
    def name(series: SeriesKey) -> tuple[str, str, str]:
        return series.slo_id, series.objective, series.revision

    ordered = sorted(ledger.series(environment), key=lambda series: (name(series), series.labels))
    return {key: list(group) for key, group in groupby(ordered, name)}


@dataclass(frozen=True, slots=True)
class _Lengths:
    """``step``: between two recorded samples. ``edge``: by how much the recorded period may be cut off."""

    step: timedelta
    edge: timedelta


class _Subject:
    """One series of the ledger, what is recorded of it, and the windows that are to be counted."""

    def __init__(
        self, slo: Slo, objective: Objective, series: SeriesKey, ledger: Ledger, recorded: Recorded
    ) -> None:
        self._slo, self._objective, self._series = slo, objective, series
        self._ledger = ledger
        self._recorded, self._at = recorded, floor_minute(recorded.at)
        self._key: Key = (slo.id, objective.name)
        self._group = dict(series.labels)
        self._counts = recorded.counts(self._key, self._group)
        self._first, self._last = ledger.first_minute(series), ledger.last_minute(series)
        step = MINUTE if counts_over_window(slo) else slice_window(slo, objective)
        self._lengths = _Lengths(step, 2 * step_of(slo) + tolerance.LEAST / 6)
        self._share = count_names(slo).share
        self._start = self._at - tolerance.SPAN
        if self._counts is not None:
            self._start = max(self._start, floor_minute(self._counts.since))
        self._period = period_of(slo.window, self._at)

    @property
    def windows(self) -> list[tuple[SeriesKey, datetime, datetime]]:
        """Those of the recorded counts at each offset, then the period and its two edges."""
        edge, period, begin = self._lengths.edge, self._period, self._begin
        bounds = [
            *((self._start - offset, self._at - offset) for offset in self._offsets),
            (period.start, period.now),
            (begin - edge, begin + edge),
            (period.now - edge, period.now),
        ]
        return [(self._series, start, end) for start, end in bounds]

    @property
    def _begin(self) -> datetime:
        return self._period.start if self._first is None else max(self._period.start, self._first)

    @property
    def _offsets(self) -> list[timedelta]:
        """An event is in ``share`` samples, of which the first comes up to a step before or after the
        minute that the ledger has it in."""
        return [self._lengths.step * number for number in range(-1, self._share + 2)]

    def judged(self, counted: Sequence[Counts]) -> BudgetDrift:
        shifted, (period, *edges) = counted[: len(self._offsets)], counted[len(self._offsets) :]
        target = self._recorded.target(self._key, self._series.environment)
        if target is None:
            elsewhere = ", ".join(sorted(self._recorded.environments(self._key)))
            return self._finding(DriftVerdict.UNKNOWN, DriftReason.NOT_DEPLOYED, detail=elsewhere)
        if not self._is_counted(shifted):
            return self._finding(DriftVerdict.UNKNOWN, DriftReason.NOT_COUNTED)
        found = self._counts
        if found is None:
            return self._unrecorded(shifted)
        if self._at - floor_minute(found.since) < max(tolerance.LEAST, 4 * self._lengths.step):
            return self._finding(DriftVerdict.UNKNOWN, DriftReason.YOUNG, recorded_since=found.since)
        missed = self._missed(found)
        gaps = [self._target_gap(target), *self._count_gaps(found, shifted)]
        left, share = self._left_and_share()
        since = None
        if left is not None and share is not None:
            if self._covers(share):
                gaps.append(self._budget_gap(left, period, edges))
            else:
                since = self._at - _times(self._slo.window.length, share)
        drifted = any(gap.beyond for gap in gaps)
        verdict = DriftVerdict.DRIFTED if drifted else DriftVerdict.AGREES
        reason = self._own_reason(gaps, missed) if drifted else DriftReason.NONE
        return self._finding(verdict, reason, tuple(gaps), missed, since)

    def _finding(
        self,
        verdict: DriftVerdict,
        reason: DriftReason,
        gaps: tuple[DriftGap, ...] = (),
        missed: int = 0,
        recorded_since: datetime | None = None,
        detail: str = "",
    ) -> BudgetDrift:
        slo, series = self._slo, self._series
        return BudgetDrift(
            environment=series.environment,
            service=slo.service,
            slo_id=slo.id,
            objective=self._objective.name,
            labels=series.labels,
            verdict=verdict,
            reason=reason,
            gaps=gaps,
            missed=missed,
            recorded_since=recorded_since,
            detail=detail,
        )

    def _is_counted(self, shifted: Sequence[Counts]) -> bool:
        """Whether the ledger covers the time that is compared, so that its counts are the truth about it."""
        if self._first is None or self._last is None or not shifted[1].has_data:
            return False
        late = max(SILENT, 2 * self._lengths.step)
        begins = self._start - 2 * self._lengths.step * self._share
        return self._last >= self._at - late and self._first <= max(begins, self._start) + late

    def _unrecorded(self, shifted: Sequence[Counts]) -> BudgetDrift:
        """The objective is recorded and its counts are not: rules that were loaded a moment ago, or fail."""
        total = count_names(self._slo).total
        counted = shifted[1].total
        new = self._key not in self._recorded.earlier
        if new or not tolerance.outside(Fraction(0), counted, counted, shifted[1].error_bound):
            return self._finding(DriftVerdict.UNKNOWN, DriftReason.YOUNG)
        gap = DriftGap(total, 0.0, float(counted), 1.0, beyond=True)
        return self._finding(DriftVerdict.DRIFTED, DriftReason.UNEXPLAINED, (gap,), detail=total)

    def _missed(self, found: RecordedCounts) -> int:
        """Minutes in which a rule should have been evaluated and was not."""
        begun = max(self._at - tolerance.SPAN, floor_minute(found.since))
        missed = (self._at - begun) - found.evaluations * self._lengths.step
        return missed // MINUTE if missed > max(tolerance.HOLE, 2 * self._lengths.step) else 0

    def _target_gap(self, recorded: float) -> DriftGap:
        counted = float(self._objective.target)
        apart = abs(recorded - counted)
        return DriftGap(names.RECORD_OBJECTIVE, recorded, counted, apart, apart > EXACT)

    def _count_gaps(self, found: RecordedCounts, shifted: Sequence[Counts]) -> tuple[DriftGap, DriftGap]:
        """Of all events and of the bad ones."""
        named, bound, middle = count_names(self._slo), self._bound(shifted), shifted[1]
        total, bad = Fraction(found.total), Fraction(found.total - found.good)
        totals = self._range([counts.total for counts in shifted])
        bads = self._range([counts.bad for counts in shifted])
        beyond_total = tolerance.outside(total, *totals, bound)
        beyond_bad = tolerance.outside(bad, *bads, bound)
        if beyond_total or beyond_bad:  # asked only then: it is read minute by minute
            minutes = self._ledger.minutes(self._series, self._start, self._at).values()
            beyond_total -= tolerance.of_bursts([minute.total for minute in minutes])
            beyond_bad -= tolerance.of_bursts([minute.bad for minute in minutes])
        return (
            _gap(named.total, found.total, middle.total, beyond_total > 0),
            _gap(named.good, found.good, middle.good, beyond_bad > 0, apart=abs(float(bad) - middle.bad)),
        )

    def _range(self, counts: Sequence[int]) -> tuple[int, int]:
        """The least and the most that the recorded samples may add up to: each event is in ``share`` of
        them."""
        share = self._share
        sums = [Fraction(sum(counts[i : i + share]), share) for i in range(len(counts) - share + 1)]
        return floor(min(sums)), ceil(max(sums))

    @staticmethod
    def _bound(counted: Sequence[Counts]) -> int | None:
        return max((one.error_bound for one in counted if one.error_bound is not None), default=None)

    def _left_and_share(self) -> tuple[float | None, float | None]:
        key, group = self._key, self._group
        if not self._slo.window.is_rolling:  # the ledger counts a calendar's period, rules a rolling one
            return None, None
        return self._recorded.budget_left(key, group), self._recorded.share_of_period(key, group)

    def _covers(self, share: float) -> bool:
        """Whether the rules have recorded for as long as the ledger has counted."""
        counted = self._period.now - self._begin
        return abs(_times(self._slo.window.length, share) - counted) <= self._lengths.edge

    def _budget_gap(self, left: float, counted: Counts, edges: Sequence[Counts]) -> DriftGap:
        """``left`` beside what the counts leave. What may be cut off at the edges is allowed for, and that a
        short history is continued from a little more or less of it."""
        budget = budget_status(self._objective.budget, counted, self._period, self._first)
        own = float(budget.left_ratio)
        allowed = float(budget.allowed) or 1.0
        events = tolerance.tolerated(counted.bad, counted.error_bound) + sum(edge.bad for edge in edges)
        known = max(self._period.now - self._begin, MINUTE)
        slack = abs(1 - own) * (self._lengths.edge / known)
        apart = abs(left - own)
        return DriftGap(
            names.RECORD_BUDGET_REMAINING, left, own, apart, apart > float(events) / allowed + slack
        )

    def _own_reason(self, gaps: Sequence[DriftGap], missed: int) -> DriftReason:
        """As far as the values alone tell."""
        beyond = [gap for gap in gaps if gap.beyond]
        if any(gap.series == names.RECORD_OBJECTIVE for gap in beyond):
            return DriftReason.OTHER_REVISION
        if missed:
            return DriftReason.MISSED
        total = next((gap for gap in gaps if gap.series == count_names(self._slo).total), None)
        if total is not None and total.recorded < total.counted and total in beyond:
            return DriftReason.BORN_ABOVE_ZERO
        return DriftReason.UNEXPLAINED


def _gap(series: str, recorded: float, counted: int, beyond: bool, apart: float | None = None) -> DriftGap:
    """``apart``: in events, where it is not simply the difference."""
    difference = abs(recorded - counted) if apart is None else apart
    return DriftGap(series, recorded, float(counted), difference / max(1, counted), beyond)


def _times(length: timedelta, share: float) -> timedelta:
    return timedelta(seconds=length.total_seconds() * share)
