"""From the counts of running processes to ledger rows, by each SLO's own query.

A minute in which a source that counts an SLO's metrics was alive gets a row even when nothing happened
(*no traffic*); a minute without any such source gets none (*no data*), nor does a slice of time in which
nothing was looked at. Every pass reads the last minutes again, so counts that arrive late replace what was
written, and a pass repeated changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from foundation.clock import Clock
from slo.ledger.ledger import Ledger, LedgerRow, SeriesKey, series_key
from slo.ledger.minute_counts import CountReader, MinuteCount
from slo.ledger.tally import NOTHING, CountPlan, Tally, count_plan
from slo.ledger.timeslices import ratio_minute_rows, slice_rows
from slo.model.count_query import Labels
from slo.model.errors import UnsupportedQuery
from slo.model.periods import MINUTE, floor_minute
from slo.model.spec import BudgetingMethod, Objective, Slo

LATE = timedelta(minutes=15)
HISTORY = timedelta(days=14)
MOST_GROUPS = 2_000  # of one SLO: each has a row a minute
AT_ONCE = timedelta(hours=6)  # how much history one transaction takes in after a long absence
JOINED = "slices"  # ratios are not additive: a slice is judged over all sources together

Minutes = Mapping[datetime, Tally]
Tallies = dict[Labels, dict[str, dict[datetime, Tally]]]
Pieces = Callable[[datetime, datetime], Iterable[datetime]]
"""The ends of the pieces in which a time is read, the last the time's own."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What one pass did: rows written for the minutes of ``[since, until)``."""

    since: datetime
    until: datetime
    rows: int


class CountCollector(Protocol):
    """Feeds the ledger. SLOs that it cannot count are in ``refused``, with why."""

    @property
    def refused(self) -> Mapping[str, str]: ...

    def collect(self) -> Collected:
        """Read what is new or may have changed and write it. Blocking; seconds after a long absence.

        Raises:
            LedgerError: a journal cannot be read or the ledger cannot be written; the next pass catches up.
            SourceError: a server of counts cannot be asked; the next pass catches up.
        """
        ...


class Reach:
    """How far the ledger has come with some SLOs, and so where the next pass begins: ``late`` before that,
    and ``history`` ago at the earliest. ``until`` is the end of the last pass."""

    def __init__(
        self, slos: Sequence[Slo], ledger: Ledger, environment: str, late: timedelta, history: timedelta
    ) -> None:
        self._slos, self._ledger, self._environment = slos, ledger, environment
        self._late, self._history = late, history
        self.until: datetime | None = None

    def since(self, until: datetime) -> datetime:
        if self.until is not None:
            return min(self.until, until) - self._late
        oldest = until - self._history
        reached = [self._last_minute(slo) or oldest for slo in self._slos]
        return max(oldest, min([until, *reached]) - self._late)

    def series(self, slo: Slo) -> Sequence[SeriesKey]:
        """What the ledger has of an SLO as it is defined now; a new revision begins anew."""
        known = self._ledger.series(self._environment, slo.id)
        return [key for key in known if key.revision == slo.revision]

    def _last_minute(self, slo: Slo) -> datetime | None:
        last = [self._ledger.last_minute(key) for key in self.series(slo)]
        return max((minute for minute in last if minute is not None), default=None)


class Collector:
    """A ``CountCollector`` of whatever counts by Prometheus's names: journals, or a Prometheus."""

    def __init__(
        self,
        slos: Sequence[Slo],
        reader: CountReader,
        ledger: Ledger,
        environment: str,
        clock: Clock,
        late: timedelta = LATE,
        history: timedelta = HISTORY,
        pieces: Pieces | None = None,
    ) -> None:
        """``pieces``: in which a long time is read, every ``AT_ONCE`` if it is None."""
        self._reader, self._ledger = reader, ledger
        self._pieces = pieces or even_pieces
        self._environment, self._clock = environment, clock
        self._unread: dict[str, str] = {}  # of the last pass, by SLO
        self._unplanned: dict[str, str] = {}
        self._plans = tuple(self._planned(slos))
        counted = [plan.slo for plan in self._plans]
        self._reach = Reach(counted, ledger, environment, late, history)

    def _planned(self, slos: Sequence[Slo]) -> Iterator[CountPlan]:
        for slo in slos:
            try:
                yield count_plan(slo)
            except UnsupportedQuery as error:
                self._unplanned[slo.id] = str(error)

    @property
    def refused(self) -> Mapping[str, str]:
        return {**self._unplanned, **self._unread}

    def collect(self) -> Collected:
        now = self._clock.now()
        until = floor_minute(now) + MINUTE
        since = start = self._reach.since(until)
        written = 0
        self._unread = {}
        for end in self._pieces(since, until):
            rows = list(self._rows(start, end, floor_minute(now)))
            self._ledger.write(rows)
            written, start = written + len(rows), end
        self._reach.until = until
        return Collected(since, until, written)

    def _rows(self, since: datetime, until: datetime, whole_until: datetime) -> Iterator[LedgerRow]:
        """Starts early enough for the slice that ends just after ``since`` to be judged whole."""
        start = since - longest_slice(plan.slo for plan in self._plans)
        whole_until = min(whole_until, until)
        counts = self._reader.read(start, until)
        alive = self._reader.alive(start, until)
        names = self._reader.names()
        unreadable = self._reader.unreadable()
        by_name: dict[str, list[MinuteCount]] = {}
        for count in counts:
            by_name.setdefault(count.name, []).append(count)
        for plan in self._plans:
            unread = [unreadable[text] for text in plan.selectors if text in unreadable]
            if unread:
                self._unread[plan.slo.id] = unread[0]
                continue
            relevant = [count for name in plan.metrics for count in by_name.get(name, ())]
            heard = {
                source: marks for source, marks in alive.items() if names.get(source, set()) & plan.metrics
            }
            groups = {key.labels for key in self._reach.series(plan.slo)} if plan.slo.is_grouped else {()}
            if not heard:  # nobody vouches for what has no series
                relevant = list(plan.judgeable(relevant))
            tallies = _tallies(plan, relevant, heard, groups)
            if len(tallies) > MOST_GROUPS:
                self._unread[plan.slo.id] = (
                    f"it has {len(tallies):,} groups of {plan.slo.grouping}, and at most {MOST_GROUPS:,} are "
                    "counted; add them up to fewer with mirante.dev/group-by"
                )
                continue
            for labels, sources in tallies.items():
                yield from rows_of(plan.slo, self._environment, labels, sources, start, whole_until)


def even_pieces(since: datetime, until: datetime) -> Iterator[datetime]:
    while since < until:
        since = min(since + AT_ONCE, until)
        yield since


def longest_slice(slos: Iterable[Slo]) -> timedelta:
    lengths = (objective.time_slice_window for slo in slos for objective in slo.objectives)
    return max((length for length in lengths if length is not None), default=MINUTE)


def _tallies(
    plan: CountPlan,
    counts: Sequence[MinuteCount],
    alive: Mapping[str, Sequence[datetime]],
    groups: Iterable[Labels],
) -> Tallies:
    """Tallies by label values, source and minute; zeros where a source was alive and counted nothing."""
    cells: dict[tuple[str, datetime], list[MinuteCount]] = {}
    for count in counts:
        cells.setdefault((count.source, count.minute), []).append(count)
    tallies: Tallies = {labels: {} for labels in groups}
    for (source, minute), cell in cells.items():
        for labels, tally in plan.tally(cell).items():
            tallies.setdefault(labels, {}).setdefault(source, {})[minute] = tally
    for sources in tallies.values():
        for source, marks in alive.items():
            minutes = sources.setdefault(source, {})
            for minute in marks:
                minutes.setdefault(minute, NOTHING)
    return tallies


def rows_of(
    slo: Slo,
    environment: str,
    labels: Labels,
    sources: Mapping[str, Minutes],
    start: datetime,
    whole_until: datetime,
) -> Iterator[LedgerRow]:
    """Each objective's rows from the events of each source, judged as the SLO's method has it."""
    for objective in slo.objectives:
        key = series_key(slo, objective, environment, labels)
        for source, minutes in _by_method(slo, objective, sources, start, whole_until).items():
            for minute, tally in minutes.items():
                yield LedgerRow(key, minute, source, tally.good, tally.total, tally.error_bound)


def _by_method(
    slo: Slo, objective: Objective, sources: Mapping[str, Minutes], start: datetime, whole_until: datetime
) -> Mapping[str, Minutes]:
    if slo.method is BudgetingMethod.OCCURRENCES:
        return sources
    joined: dict[datetime, Tally] = {}
    for minutes in sources.values():
        for minute, tally in minutes.items():
            if minute < whole_until:
                joined[minute] = joined.get(minute, NOTHING) + tally
    if slo.method is BudgetingMethod.TIMESLICES:
        return {JOINED: slice_rows(joined, objective, start, whole_until)}
    return {JOINED: ratio_minute_rows(joined)}
