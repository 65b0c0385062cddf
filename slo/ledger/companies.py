"""Which series tell about each other: of one target for certain, of one job and instance perhaps.

A target is known by ``up`` and ``process_start_time_seconds``, which carry its labels and none of their own.
A series belongs to the one target whose labels it has all of, and whose scrapes are its own to the
millisecond. Where no target fits, or several do (a Pushgateway that honours labels, dropped labels, a store
without ``up``), the others of its job and instance may be other processes: they raise doubt, and settle
nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise

from slo.ledger.samples import MAX_GAP, Rates, Values, may_be_lost
from slo.model.count_query import Labels

SAME_START = 1.0  # seconds: some clients derive the start from a clock that is being corrected
Series = tuple[str, Labels]
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class ScrapeTarget:
    """``scrapes`` that succeeded, in time order; ``starts`` of its process as they told, in unix seconds."""

    labels: Labels
    scrapes: Sequence[datetime]
    starts: Mapping[datetime, float] = field(default_factory=dict)

    def same_process(self, low: datetime, high: datetime) -> bool | None:
        """``None``: it does not tell."""
        if low not in self.starts or high not in self.starts:
            return None
        return abs(self.starts[high] - self.starts[low]) <= SAME_START


def targets_of(
    ups: Mapping[Labels, Mapping[datetime, float]], starts: Mapping[Labels, Mapping[datetime, float]]
) -> Mapping[Labels, ScrapeTarget]:
    """By labels; ``ups`` and ``starts`` are samples by scrape."""
    found = {}
    for labels in {*ups, *starts}:
        well = {at for at, value in ups.get(labels, {}).items() if value == 1}
        began = starts.get(labels, {})
        found[labels] = ScrapeTarget(labels, sorted({*well, *began}), began)
    return found


class Company:
    """Series that may share a process; of ``target`` for certain, if it is not None."""

    def __init__(self, members: Mapping[Series, Values], target: ScrapeTarget | None = None) -> None:
        self.members, self.target = members, target
        self._rates = {series: Rates.of(values) for series, values in members.items()}

    @cached_property
    def _by_name(self) -> Mapping[str, Rates]:
        found: dict[str, list[Rates]] = {}
        for (name, _), rates in self._rates.items():
            found.setdefault(name, []).append(rates)
        return {name: Rates.busiest(several) for name, several in found.items()}

    def own(self, series: Series, low: datetime, high: datetime) -> float:
        return self._rates[series].near(low, high)

    def closely(self, series: Series, low: datetime, high: datetime) -> float:
        """Its own of the same minutes."""
        return self._rates[series].closely(low, high)

    def near(self, series: Series, low: datetime, high: datetime) -> float:
        """Of the busiest counter of the same name."""
        return self._by_name[series[0]].near(low, high)

    def scrapes(self, series: Series) -> Sequence[datetime]:
        """When it was there to be seen: by its target, else by itself."""
        return self.target.scrapes if self.target else sorted(self.members[series])

    def seen_before(self, instant: datetime) -> bool:
        """Whether any of them was scraped shortly before."""
        index = bisect_left(self._instants, instant)
        return index > 0 and instant - self._instants[index - 1] <= MAX_GAP

    def usual_wait(self, scrape: datetime) -> timedelta:
        """For the next scrape: as long as for this one, ``MAX_GAP`` where nothing tells."""
        scrapes = self.target.scrapes if self.target else self._instants
        index = bisect_left(scrapes, scrape)
        return min(MAX_GAP, scrape - scrapes[index - 1]) if index else MAX_GAP

    @cached_property
    def _instants(self) -> Sequence[datetime]:
        return sorted({at for values in self.members.values() for at in values})

    def suspicious(self, low: datetime, high: datetime) -> bool:
        """Whether any of them began again meanwhile."""
        ends, begins = self._restarts
        index = bisect_right(ends, low)
        return index < len(ends) and begins[index] < high

    @cached_property
    def _restarts(self) -> tuple[Sequence[datetime], Sequence[datetime]]:
        """Ends of the spans in which one fell, in order, and the earliest begin of each and all later."""
        spans = sorted(
            {(high, low) for values in self.members.values() for low, high in _falls(values)}, reverse=True
        )
        begins: list[datetime] = []
        for _, low in spans:
            begins.append(min(low, begins[-1]) if begins else low)
        return [high for high, _ in reversed(spans)], begins[::-1]

    @cached_property
    def mixed(self) -> bool:
        """Whether the target holds several processes' counters (an aggregating exporter, a Pushgateway): some
        of them began again or went while the process did not. Its start then proves nothing of them."""
        if self.target is None:
            return True
        for low, high in self._gone_or_fell:
            same = self.target.same_process(low, high)
            if same or (same is None and high in self._witnessed):
                return True
        return False

    def same_process(self, low: datetime, high: datetime) -> bool | None:
        """``None``: nothing tells for certain. ``low`` and ``high`` are scrapes, one after the other."""
        if self.target is None or self.mixed:
            return None
        same = self.target.same_process(low, high)
        return True if same is None and high in self._witnessed else same

    @cached_property
    def _gone_or_fell(self) -> Set[Span]:
        return {
            (low, high)
            for values, low, high in self._steps()
            if high not in values or values[high] < values[low]
        }

    @cached_property
    def _witnessed(self) -> Set[datetime]:
        """Scrapes at which some counter was higher than any that began since the scrape before can be."""
        found = set()
        for series, values in self.members.items():
            for low, high in pairwise(sorted(values)):
                if values[high] >= values[low] > may_be_lost(self.own(series, low, high), high - low):
                    found.add(high)
        return found

    def _steps(self) -> Iterator[tuple[Values, datetime, datetime]]:
        assert self.target is not None
        for values in self.members.values():
            for low, high in pairwise(self.target.scrapes):
                if low in values:
                    yield values, low, high


def _falls(values: Values) -> Iterator[Span]:
    for low, high in pairwise(sorted(values)):
        if values[high] < values[low]:
            yield low, high


def companies(
    series: Mapping[Series, Values], targets: Mapping[Labels, ScrapeTarget]
) -> Iterator[tuple[Company, Iterable[Series]]]:
    """Each with the series that are to be judged by it: all of a target, or those of one job and instance
    that no target is known of, among all of that job and instance."""
    of_target: dict[Labels, list[Series]] = {}
    alone: dict[str, list[Series]] = {}
    shared: dict[str, list[Series]] = {}
    known = _Known(targets)
    for identity, values in series.items():
        target = known.of(identity[1], values)
        shared.setdefault(source_of(identity[1]), []).append(identity)
        if target is None:
            alone.setdefault(source_of(identity[1]), []).append(identity)
        else:
            of_target.setdefault(target.labels, []).append(identity)
    for labels, members in of_target.items():
        yield Company({one: series[one] for one in members}, targets[labels]), members
    for source, members in alone.items():
        yield Company({one: series[one] for one in shared[source]}), members


def source_of(labels: Labels) -> str:
    """What the ledger's rows are kept by, since its first version: reading again replaces them. All series of
    a source are read together, so it need not be one process."""
    known = dict(labels)
    return f"prometheus/{known.get('job', '-')}/{known.get('instance', '-')}"


class _Known:
    def __init__(self, targets: Mapping[Labels, ScrapeTarget]) -> None:
        self._targets = targets
        self._instants = {labels: frozenset(target.scrapes) for labels, target in targets.items()}
        self._shapes = {tuple(name for name, _ in labels) for labels in targets}

    def of(self, labels: Labels, values: Values) -> ScrapeTarget | None:
        has = dict(labels)
        fitting = []
        for names in self._shapes:
            key = tuple((name, has[name]) for name in names if name in has)
            if len(key) == len(names) and key in self._targets:
                fitting.append(key)
        if len(fitting) != 1 or not values.keys() <= self._instants[fitting[0]]:
            return None
        return self._targets[fitting[0]]
