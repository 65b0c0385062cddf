"""Counts from a Prometheus server: raw samples, never ``increase()``, which extrapolates.

A range selector asked as an *instant* query answers with the samples themselves
(https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries, ``resultType: matrix``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import httpx

from slo.ledger.companies import ScrapeTarget, Series, companies, source_of, targets_of
from slo.ledger.countable import check_replicas, check_series, count_of
from slo.ledger.increases import increases
from slo.ledger.ledger import EPOCH
from slo.ledger.minute_counts import MinuteCount
from slo.ledger.prometheus_queries import PrometheusQueries
from slo.ledger.samples import Values
from slo.model.count_query import CountQuery, Labels
from slo.model.errors import TooMuch, Uncountable
from slo.model.periods import MINUTE

MARGIN = timedelta(hours=1)
HOUR = timedelta(hours=1)
AT_ONCE = timedelta(hours=6)  # so much is read without asking how much it is
MOST_POINTS = 10_000  # Prometheus refuses more than 11,000 of a series
MOST_SAMPLES = 300_000  # held at once
MOST_OF_ONE = 2_000_000  # samples of one selector, in the shortest time that is read
LEAST = timedelta(minutes=5)  # of this much, even a server that has too much to say has to tell all
PROCESS_START = "process_start_time_seconds"
UP = "up"


class PrometheusCountReader:
    """Reads the counters that ``queries`` select, as a ``CountReader``.

    Every minute in which a series was scraped has a count, zeros too, so liveness needs no heartbeat: a
    series nobody scraped has none, and stays *no data*. What one selector brings that is no count of events
    is in ``unreadable`` and stops no other.
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
        self._unreadable: dict[str, str] = {}

    def read(self, since: datetime, until: datetime) -> Sequence[MinuteCount]:
        """Counts of minutes in ``[since, until)``.

        Raises:
            SourceError: the server cannot be reached, refuses the query or answers with something else.
        """
        start, end = since - MARGIN, until + MINUTE
        series = self._values(start, end)
        found = []
        for company, members in companies(series, self._targets(series, start, end)):
            for name, labels in members:
                source = source_of(labels)
                for minute, increase in sorted(increases((name, labels), company, start, end).items()):
                    if since <= minute < until:
                        found.append(
                            MinuteCount(name, labels, minute, source, increase.value, increase.error_bound)
                        )
        return found

    def unreadable(self) -> Mapping[str, str]:
        return self._unreadable

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
            for at, value in self._counted(counting, since + step, until + step, step):
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

    def _counted(
        self, counting: str, start: datetime, end: datetime, step: timedelta
    ) -> Iterator[tuple[float, float]]:
        try:
            for _, points in self._server.over(counting, start, end, step):
                yield from points
        except TooMuch:  # then each step by itself
            for index in range((end - start) // step + 1):
                yield (start + index * step).timestamp(), float(MOST_SAMPLES)

    def _values(self, since: datetime, until: datetime) -> Mapping[Series, Values]:
        """Values in ``(since, until]`` by series; a series that two selectors match is kept once."""
        found: dict[Series, Values] = {}
        self._unreadable = {}
        for number, selector in enumerate(self._selectors, 1):
            self._progress(
                f"reading up to {until:%Y-%m-%d %H:%M}, {number} of {len(self._selectors)} metrics"
            )
            try:
                found |= self._of(selector, since, until)
            except Uncountable as error:
                self._unreadable[selector] = f"{selector} {error}"
            except TooMuch as error:
                self._unreadable[selector] = (
                    f"{selector} has more than is read of one metric ({error}). Record its sum by the labels "
                    "that the SLO needs, and count that"
                )
        return found

    def _of(self, selector: str, since: datetime, until: datetime) -> Mapping[Series, Values]:
        found: dict[Series, dict[datetime, int]] = {}
        held = 0
        for labels, samples in self._samples(selector, since, until):
            held += len(samples)
            if held > MOST_OF_ONE:
                raise TooMuch(f"over {MOST_OF_ONE:,} samples from {since:%H:%M} to {until:%H:%M}")
            kept = found.setdefault(_identity(labels), {})
            kept.update((at, count_of(value)) for at, value in samples)
        found = {series: values for series, values in found.items() if values}
        for series, values in found.items():
            check_series(series, values)
        check_replicas(found)
        return found

    def _targets(
        self, series: Iterable[Series], since: datetime, until: datetime
    ) -> Mapping[Labels, ScrapeTarget]:
        jobs = sorted({re.escape(job) for _, labels in series if (job := dict(labels).get("job"))})
        if not jobs:
            return {}
        matcher = "|".join(jobs).replace("\\", "\\\\").replace('"', '\\"')
        ups, starts = (
            self._anchors(f'{name}{{job=~"{matcher}"}}', since, until) for name in (UP, PROCESS_START)
        )
        return targets_of(ups, starts)

    def _anchors(
        self, selector: str, since: datetime, until: datetime
    ) -> Mapping[Labels, Mapping[datetime, float]]:
        found: dict[Labels, dict[datetime, float]] = {}
        with suppress(TooMuch):  # then nothing tells
            for labels, samples in self._samples(selector, since, until):
                found.setdefault(_identity(labels)[1], {}).update(samples)
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


def _identity(labels: Mapping[str, str]) -> Series:
    rest = {name: value for name, value in labels.items() if name != "__name__"}
    return labels.get("__name__", ""), tuple(sorted(rest.items()))
