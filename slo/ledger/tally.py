"""What one SLO counts, ready to be applied to counters: its total, and its good or bad, by label value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from slo.ledger.ledger import summed_bound
from slo.ledger.minute_counts import MinuteCount
from slo.model.conventions import recorded_label
from slo.model.count_query import CountQuery, Labels, parse_count_query
from slo.model.errors import UnsupportedQuery
from slo.model.spec import MetricQuery, Slo


@dataclass(frozen=True, slots=True)
class Tally:
    """Good and total of one minute; ``error_bound`` ``None``: exact."""

    good: int
    total: int
    error_bound: int | None = None

    def __add__(self, other: Tally) -> Tally:
        bound = summed_bound((self.error_bound, other.error_bound))
        return Tally(self.good + other.good, self.total + other.total, bound)

    @property
    def bad(self) -> int:
        return self.total - self.good


NOTHING = Tally(0, 0)


@dataclass(frozen=True, slots=True)
class CountPlan:
    """The queries of one SLO, parsed. ``part_is_bad``: the second query counts bad events, not good ones."""

    slo: Slo
    total: CountQuery
    part: CountQuery
    part_is_bad: bool

    @property
    def metrics(self) -> frozenset[str]:
        return self.total.metrics | self.part.metrics

    @property
    def selectors(self) -> tuple[str, ...]:
        return tuple(term.selector.text for query in (self.total, self.part) for term in query.terms)

    def tally(self, counts: Iterable[MinuteCount]) -> Mapping[Labels, Tally]:
        """By values of the SLO's own labels; a group appears once any counter of it does.

        Where the part exceeds the total (two counters read a moment apart) it is cut to it, and the excess is
        the error bound.
        """
        totals: dict[Labels, int] = {}
        parts: dict[Labels, int] = {}
        bounds: dict[Labels, int] = {}
        for count in counts:
            labels = dict(count.labels)
            in_total = self.total.weight(count.name, labels)
            in_part = self.part.weight(count.name, labels)
            if not in_total and not in_part:
                continue
            group = self.group(labels)
            totals[group] = totals.get(group, 0) + in_total * count.value
            parts[group] = parts.get(group, 0) + in_part * count.value
            if count.error_bound is not None:
                bounds[group] = bounds.get(group, 0) + count.error_bound
        return {group: self._tally(total, parts[group], bounds.get(group)) for group, total in totals.items()}

    def judgeable(self, counts: Sequence[MinuteCount]) -> Sequence[MinuteCount]:
        """Without the minutes of a group in which a bucket that is asked for has no series: where nobody
        knows what was fast enough, nothing is known.

        ``counts`` come from a source that tells of every series, zeros too.
        """
        buckets = (*self.total.buckets, *self.part.buckets)
        if not buckets:
            return counts
        known: dict[tuple[Labels, datetime], set[int]] = {}
        groups: list[tuple[Labels, datetime]] = []
        for count in counts:
            labels = dict(count.labels)
            groups.append((self.group(labels), count.minute))
            seen = known.setdefault(groups[-1], set())
            seen.update(
                index for index, one in enumerate(buckets) if one.name == count.name and one.selects(labels)
            )
        return [count for count, at in zip(counts, groups, strict=True) if len(known[at]) == len(buckets)]

    def group(self, labels: Mapping[str, str]) -> Labels:
        """As our own series call them."""
        kept = self.slo.grouping.of(labels)
        return tuple(sorted((recorded_label(name), value) for name, value in kept.items()))

    def _tally(self, total: int, part: int, bound: int | None) -> Tally:
        whole = max(0, total)
        kept = min(max(0, part), whole)
        excess = abs(part - kept) + abs(total - whole)
        if excess:
            bound = (bound or 0) + excess
        return Tally(whole - kept if self.part_is_bad else kept, whole, bound)


def count_plan(slo: Slo) -> CountPlan:
    """Parse the queries of an SLO for a source that counts.

    Raises:
        UnsupportedQuery: thresholds and raw ratios have no counts; a query outside the supported subset; a
            grouping in the query that is not the SLO's.
    """
    events = slo.indicator.events
    if events is None:
        text = ", ".join(metric.query for metric in slo.indicator.queries.values())
        raise UnsupportedQuery(text, slo.indicator.no_events)
    if not events.counter:
        raise UnsupportedQuery(
            events.total.query, "counter: false means gauges, and gauges have no increases"
        )
    return CountPlan(slo, _parsed(slo, events.total), _parsed(slo, events.part), not events.part_is_good)


def _parsed(slo: Slo, metric: MetricQuery) -> CountQuery:
    if slo.shared_grouping.problem:
        raise UnsupportedQuery(metric.query, slo.shared_grouping.problem)
    return parse_count_query(metric.query)
