"""Where counts come from: the journals of our own processes, or anybody's Prometheus."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import httpx

from slo.ledger.prometheus_source import PrometheusCountReader
from slo.ledger.tally import count_plan
from slo.model.errors import UnsupportedQuery
from slo.model.query import CountQuery
from slo.model.spec import Slo

TIMEOUT_SECONDS = 30.0


@contextmanager
def prometheus_reader(url: str, slos: Sequence[Slo]) -> Iterator[PrometheusCountReader]:
    """The counters that these SLOs select, read from the Prometheus at ``url``."""
    with httpx.Client(timeout=TIMEOUT_SECONDS) as client:
        yield PrometheusCountReader(url, count_queries(slos), client)


def open_prometheus_reader(url: str, slos: Sequence[Slo]) -> PrometheusCountReader:
    """The same for the life of a process."""
    return PrometheusCountReader(url, count_queries(slos), httpx.Client(timeout=TIMEOUT_SECONDS))


def count_queries(slos: Sequence[Slo]) -> list[CountQuery]:
    """Of every SLO that can be counted; the collector names the others."""
    queries: list[CountQuery] = []
    for slo in slos:
        try:
            plan = count_plan(slo)
        except UnsupportedQuery:
            continue
        queries += [plan.total, plan.part]
    return queries
