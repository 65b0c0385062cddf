"""Counts from a Prometheus server: raw samples, never ``increase()``, which extrapolates.

A range selector asked as an *instant* query answers with the samples themselves
(https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries, ``resultType: matrix``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import httpx

from slo.ledger.ledger import EPOCH
from slo.ledger.minute_counts import MinuteCount
from slo.ledger.prometheus_queries import PrometheusQueries
from slo.ledger.samples import MAX_GAP, InstanceSamples, Values
from slo.model.count_query import CountQuery, Labels
from slo.model.errors import SourceError
from slo.model.periods import MINUTE

MARGIN = timedelta(hours=1)
CHUNK = timedelta(hours=6)
PROCESS_START = "process_start_time_seconds"
Series = tuple[str, Labels]


class PrometheusCountReader:
    """Reads the counters that ``queries`` select, as a ``CountReader``.

    Each scraped instance is a source of its own. Every minute in which a series was scraped has a count,
    zeros too, so liveness needs no heartbeat: a series nobody scraped has none, and stays *no data*.
    """

    def __init__(self, base_url: str, queries: Iterable[CountQuery], client: httpx.Client) -> None:
        self._server = PrometheusQueries(base_url, client)
        self._selectors = sorted({term.selector.text for query in queries for term in query.terms})

    def read(self, since: datetime, until: datetime) -> Sequence[MinuteCount]:
        """Counts of minutes in ``[since, until)``.

        Raises:
            SourceError: the server cannot be reached, refuses the query or answers with something else.
        """
        start, end = since - MARGIN, until + MINUTE
        series = self._values(self._selectors, start, end)
        starts = self._starts(series, start, end)
        found = []
        for source, values in _by_instance(series).items():
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

    def alive(self, since: datetime, until: datetime) -> Mapping[str, Sequence[datetime]]:
        return {}

    def names(self) -> Mapping[str, frozenset[str]]:
        return {}

    def _values(self, selectors: Iterable[str], since: datetime, until: datetime) -> Mapping[Series, Values]:
        """Values in ``(since, until]`` by series; a series that two selectors match is read once."""
        found: dict[Series, dict[datetime, int]] = {}
        for selector in selectors:
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
        end = since
        while end < until:
            start, end = end, min(end + CHUNK, until)
            for labels, values in self._ask(selector, start, end):
                yield labels, [(_instant(at), float(str(value))) for at, value in values]

    def _ask(
        self, selector: str, start: datetime, end: datetime
    ) -> Iterator[tuple[Mapping[str, str], Sequence[Sequence[object]]]]:
        query = f"{selector}[{round((end - start).total_seconds())}s]"
        answer = self._server.ask("query", {"query": query, "time": f"{end.timestamp():.3f}"})
        for series in answer["result"]:
            yield series["metric"], series.get("values", ())


def _instant(seconds: object) -> datetime:
    return EPOCH + timedelta(milliseconds=round(float(str(seconds)) * 1000))


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
