"""Counts from a Prometheus server: raw samples, never ``increase()``, which extrapolates.

A range selector asked as an *instant* query answers with the samples themselves
(https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries, ``resultType: matrix``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise, zip_longest

import httpx

from slo.ledger.ledger import EPOCH
from slo.ledger.minute_counts import MinuteCount
from slo.ledger.prometheus_queries import PrometheusQueries
from slo.ledger.samples import MAX_GAP, InstanceSamples, Values
from slo.model.count_query import CountQuery, Labels
from slo.model.errors import SourceError, TooMuch
from slo.model.periods import MINUTE

MARGIN = timedelta(hours=1)
HOUR = timedelta(hours=1)
LONGEST_GAP = timedelta(hours=7)
AT_ONCE = timedelta(hours=6)  # so much is read without asking how much it is
MOST_POINTS = 10_000  # Prometheus refuses more than 11,000 of a series
MOST_SAMPLES = 300_000  # held at once
LEAST = timedelta(minutes=5)  # of this much, even a server that has too much to say has to tell all
PROCESS_START = "process_start_time_seconds"
Series = tuple[str, Labels]


class PrometheusCountReader:
    """Reads the counters that ``queries`` select, as a ``CountReader``.

    Each scraped instance is a source of its own. Every minute in which a series was scraped has a count,
    zeros too, so liveness needs no heartbeat: a series nobody scraped has none, and stays *no data*.
    """

    def __init__(
        self,
        base_url: str,
        queries: Iterable[CountQuery],
        client: httpx.Client,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        """``progress`` is told what is asked, before each of the questions that may take long."""
        self._server = PrometheusQueries(base_url, client)
        self._progress = progress
        self._selectors = sorted({term.selector.text for query in queries for term in query.terms})

    def read(self, since: datetime, until: datetime) -> Sequence[MinuteCount]:
        """Counts of minutes in ``[since, until)``.

        Raises:
            SourceError: the server cannot be reached, refuses the query or answers with something else.
        """
        start, end = since - MARGIN, until + MINUTE
        series = self._values(start, end)
        starts = self._starts(series, start, end)
        found = []
        for source, whole in _by_instance(series).items():
            for values in _stretches(whole):
                first = min(min(scrapes) for scrapes in values.values())
                instance = InstanceSamples(values, starts.get(source), first <= start + MAX_GAP)
                for name, labels in values:
                    for minute, increase in sorted(instance.increases((name, labels)).items()):
                        if since <= minute < until:
                            count = MinuteCount(
                                name, labels, minute, source, increase.value, increase.error_bound
                            )
                            found.append(count)
        return found

    def pieces(self, since: datetime, until: datetime) -> Sequence[datetime]:
        """Where to end one read and begin the next, the last at ``until``: each of about ``MOST_SAMPLES`` at
        most, so that a long time without any data is one read.

        Raises:
            SourceError: as of ``read``.
        """
        if until - since <= AT_ONCE:
            return [until]
        hours = -(-(until - since) // HOUR)
        step = -(-hours // MOST_POINTS) * HOUR
        held: dict[float, float] = {}
        for number, selector in enumerate(self._selectors, 1):
            self._progress(f"asking how much there is, {number} of {len(self._selectors)} metrics")
            counting = f"sum(count_over_time({selector}[{round(step.total_seconds())}s]))"
            for _, points in self._server.over(counting, since + step, until + step, step):
                for at, value in points:
                    held[at] = held.get(at, 0.0) + value
        ends, samples = [], 0.0
        for at, value in sorted(held.items()):
            begins = _instant(at) - step
            if samples and samples + value > MOST_SAMPLES and begins < until:
                ends.append(begins)
                samples = 0.0
            samples += value
        return [*ends, until]

    def alive(self, since: datetime, until: datetime) -> Mapping[str, Sequence[datetime]]:
        return {}

    def names(self) -> Mapping[str, frozenset[str]]:
        return {}

    def _values(self, since: datetime, until: datetime) -> Mapping[Series, Values]:
        """Values in ``(since, until]`` by series; a series that two selectors match is read once."""
        found: dict[Series, dict[datetime, int]] = {}
        for number, selector in enumerate(self._selectors, 1):
            self._progress(
                f"reading up to {until:%Y-%m-%d %H:%M}, {number} of {len(self._selectors)} metrics"
            )
            for labels, samples in self._samples(selector, since, until):
                kept = found.setdefault(_identity(labels), {})
                kept.update((at, _whole(value, selector)) for at, value in samples)
        return {series: values for series, values in found.items() if values}

    def _starts(
        self, series: Iterable[Series], since: datetime, until: datetime
    ) -> Mapping[str, Mapping[datetime, float]]:
        """When the process of each source began, by scrape; empty for one that does not tell."""
        jobs = sorted({re.escape(job) for _, labels in series if (job := dict(labels).get("job"))})
        if not jobs:
            return {}
        matcher = "|".join(jobs).replace("\\", "\\\\").replace('"', '\\"')
        found: dict[str, dict[datetime, float]] = {}
        for labels, samples in self._samples(f'{PROCESS_START}{{job=~"{matcher}"}}', since, until):
            found.setdefault(_source(_identity(labels)[1]), {}).update(samples)
        return found

    def _samples(
        self, selector: str, since: datetime, until: datetime
    ) -> Iterator[tuple[Mapping[str, str], Sequence[tuple[datetime, float]]]]:
        """In as few questions as the server's answers, and ours of it, allow."""
        try:
            found = self._server.samples(selector, since, until)
        except TooMuch:
            middle = since + (until - since) // MINUTE // 2 * MINUTE
            if until - since < LEAST or middle == since:
                raise
            yield from self._samples(selector, since, middle)
            yield from self._samples(selector, middle, until)
            return
        instants: dict[float, datetime] = {}  # one scrape has many series
        for labels, points in found:
            yield labels, [(instants.setdefault(at, _instant(at)), value) for at, value in points]


def _instant(seconds: float) -> datetime:
    return EPOCH + timedelta(milliseconds=round(seconds * 1000))


def _whole(value: float, selector: str) -> int:
    if not 0 <= value < float("inf") or value != round(value):
        raise SourceError(f"{selector} holds {value}, which is not a count of events")
    return round(value)


def _identity(labels: Mapping[str, str]) -> Series:
    rest = {name: value for name, value in labels.items() if name != "__name__"}
    return labels.get("__name__", ""), tuple(sorted(rest.items()))


def _source(labels: Labels) -> str:
    known = dict(labels)
    return f"prometheus/{known.get('job', '-')}/{known.get('instance', '-')}"


def _by_instance(series: Mapping[Series, Values]) -> Mapping[str, Mapping[Series, Values]]:
    found: dict[str, dict[Series, Values]] = {}
    for identity, values in series.items():
        found.setdefault(_source(identity[1]), {})[identity] = values
    return found


def _stretches(values: Mapping[Series, Values]) -> Iterator[Mapping[Series, Values]]:
    """Of one instance: nobody can tell what happened in ``LONGEST_GAP`` without a scrape, or more, so what
    comes after is a newcomer's."""
    scrapes = sorted({at for scraped in values.values() for at in scraped})
    begins = [scrapes[0], *(high for low, high in pairwise(scrapes) if high - low > LONGEST_GAP)]
    if len(begins) == 1:
        yield values
        return
    for low, high in zip_longest(begins, begins[1:]):
        part = {
            series: {at: value for at, value in scraped.items() if low <= at and (high is None or at < high)}
            for series, scraped in values.items()
        }
        yield {series: kept for series, kept in part.items() if kept}
