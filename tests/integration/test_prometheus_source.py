"""Counts read from a real Prometheus: exact without restarts, flagged with them, silence kept apart."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter, start_http_server

from foundation.clock import ManualClock, SystemClock
from slo.judge.status import status
from slo.ledger.collect import Collector
from slo.ledger.ledger import Counts
from slo.ledger.prometheus_source import PrometheusCountReader
from slo.model.count_query import CountQuery, Term, parse_count_query
from slo.model.errors import SourceError
from slo.model.promql import Selector
from slo.model.spec import Slo
from tests.support.memory_ledger import MemoryLedger
from tests.support.patience import patience, wait_until
from tests.support.prometheus_server import backfill, free_port, needs_prometheus, prometheus_server
from tests.support.slo_samples import DAY, GOOD, HOUR, MINUTE, TOTAL, an_slo, key_of
from tests.support.traffic import MinuteOfTraffic, day_and_night

MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
QUERIES = (parse_count_query(GOOD), parse_count_query(TOTAL))
INSTANCE = 'job="api",instance="a:1"'


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=patience(60)) as made:
        yield made


def line(name: str, value: int, instant: datetime, **labels: str) -> str:
    inside = ",".join([INSTANCE, *(f'{key}="{text}"' for key, text in labels.items())])
    return f"{name}{{{inside}}} {value} {instant.timestamp()}"


def told(scrapes: Iterable[datetime], started: datetime = MIDNIGHT) -> list[str]:
    """What every target says of itself: that it was scraped, and since when its process runs."""
    instants = list(scrapes)
    return [
        *(f"up{{{INSTANCE}}} 1 {instant.timestamp()}" for instant in instants),
        *(
            f"process_start_time_seconds{{{INSTANCE}}} {started.timestamp()} {instant.timestamp()}"
            for instant in instants
        ),
    ]


def scraped(traffic: list[MinuteOfTraffic]) -> list[str]:
    """Both counters as scraped at the end of every minute, from zero."""
    good = bad = 0
    lines = {"ok": [line("requests_total", 0, traffic[0].start, outcome="ok")], "error": []}
    lines["error"].append(line("requests_total", 0, traffic[0].start, outcome="error"))
    for minute in traffic:
        good, bad = good + minute.good, bad + minute.bad
        for outcome, value in (("ok", good), ("error", bad)):
            lines[outcome].append(line("requests_total", value, minute.start + MINUTE, outcome=outcome))
    instants = [traffic[0].start, *(minute.start + MINUTE for minute in traffic)]
    return [*lines["ok"], *lines["error"], *told(instants)]


def collected(url: str, slo: Slo, client: httpx.Client, now: datetime, history: timedelta) -> MemoryLedger:
    ledger = MemoryLedger()
    reader = PrometheusCountReader(url, QUERIES, client)
    Collector([slo], reader, ledger, "test", ManualClock(now), history=history).collect()
    return ledger


@needs_prometheus
def test_budget_from_scrapes_equals_the_truth_where_the_mean_of_ratios_is_ten_times_wrong(
    tmp_path: Path, client: httpx.Client
) -> None:
    """Thirty days of a strong day and night swing, 1 % errors at night only.

    The other number is what Sloth's rules compute: the unweighted mean of 5-minute error ratios, asked of the
    same server.
    """
    slo = an_slo(target=Fraction(999, 1000))
    traffic = list(day_and_night(MIDNIGHT, 30, seed=7, night_errors=0.01))
    end = MIDNIGHT + 30 * DAY
    with prometheus_server(tmp_path, backfill(scraped(traffic), tmp_path)) as url:
        ledger = collected(url, slo, client, end, 30 * DAY)
        mean_of_ratios = _asked(
            client,
            url,
            'avg_over_time((sum(rate(requests_total{outcome="error"}[5m])) '
            "/ sum(rate(requests_total[5m])))[30d:5m])",
            end,
        )
    (found,) = status([slo], ledger, "test", end)
    bad, total = sum(minute.bad for minute in traffic), sum(minute.total for minute in traffic)
    assert (found.counts.bad, found.counts.total) == (bad, total)
    assert found.exact
    assert found.budget.spent_ratio == Fraction(bad, total) / slo.objectives[0].budget
    for minute in traffic:
        assert ledger.counts(key_of(slo), minute.start, minute.start + MINUTE) == Counts(
            minute.good, minute.total, 1, 1
        )
    assert mean_of_ratios > 10 * bad / total


def _asked(client: httpx.Client, url: str, query: str, at: datetime) -> float:
    answer = client.post(f"{url}/api/v1/query", data={"query": query, "time": str(at.timestamp())}).json()
    assert answer["status"] == "success", answer
    return float(answer["data"]["result"][0]["value"][1])


@needs_prometheus
def test_a_restart_is_flagged_and_increase_is_not(tmp_path: Path, client: httpx.Client) -> None:
    values = [0, 100, 200, 300, 7, 107, 207]
    lines = [
        line("requests_total", value, MIDNIGHT + MINUTE * index, outcome="ok")
        for index, value in enumerate(values)
    ]
    scrapes = [MIDNIGHT + MINUTE * index for index in range(7)]
    lines += [*told(scrapes[:4]), *told(scrapes[4:], started=MIDNIGHT + 3.5 * MINUTE)]
    slo = an_slo()
    with prometheus_server(tmp_path, backfill(lines, tmp_path)) as url:
        ledger = collected(url, slo, client, MIDNIGHT + 6 * MINUTE, DAY)
    key = key_of(slo)
    assert ledger.counts(key, MIDNIGHT, MIDNIGHT + 6 * MINUTE).total == 507
    assert ledger.counts(key, MIDNIGHT, MIDNIGHT + 3 * MINUTE).error_bound is None
    assert ledger.counts(key, MIDNIGHT + 3 * MINUTE, MIDNIGHT + 4 * MINUTE).error_bound == 203


@needs_prometheus
def test_zero_traffic_a_missing_series_and_no_data_are_three_things(
    tmp_path: Path, client: httpx.Client
) -> None:
    """Ten quiet minutes, ten with traffic but no error series, ten in which nothing was scraped."""
    values = [5] * 11 + [5 + 10 * i for i in range(1, 11)] + [None] * 10 + [105]
    lines = [
        line("requests_total", value, MIDNIGHT + MINUTE * index, outcome="ok")
        for index, value in enumerate(values)
        if value is not None
    ]
    lines += told(MIDNIGHT + MINUTE * index for index, value in enumerate(values) if value is not None)
    slo = an_slo()
    with prometheus_server(tmp_path, backfill(lines, tmp_path)) as url:
        ledger = collected(url, slo, client, MIDNIGHT + 20 * MINUTE, DAY)
        nothing = collected(url, an_slo(), client, MIDNIGHT + 3 * DAY, HOUR)
    key = key_of(slo)
    quiet = ledger.counts(key, MIDNIGHT, MIDNIGHT + 10 * MINUTE)
    busy = ledger.counts(key, MIDNIGHT + 10 * MINUTE, MIDNIGHT + 20 * MINUTE)
    silent = ledger.counts(key, MIDNIGHT + 20 * MINUTE, MIDNIGHT + 30 * MINUTE)
    assert (quiet.total, quiet.minutes_with_data) == (0, 10)
    assert (busy.good, busy.total, busy.error_bound) == (100, 100, None)
    assert not silent.has_data
    assert list(nothing.series()) == []


@needs_prometheus
def test_reading_again_with_late_samples_changes_only_what_was_late(
    tmp_path: Path, client: httpx.Client
) -> None:
    traffic = list(day_and_night(MIDNIGHT, 1, seed=3, day_errors=0.02))
    slo = an_slo()
    with prometheus_server(tmp_path, backfill(scraped(traffic), tmp_path)) as url:
        reader = PrometheusCountReader(url, QUERIES, client)
        ledger, clock = MemoryLedger(), ManualClock(MIDNIGHT + 8 * HOUR)
        collector = Collector([slo], reader, ledger, "test", clock, history=DAY)
        for _ in range(24):
            clock.advance(40 * MINUTE)
            collector.collect()
            collector.collect()
    found = ledger.counts(key_of(slo), MIDNIGHT, MIDNIGHT + DAY)
    assert (found.good, found.total) == (sum(m.good for m in traffic), sum(m.total for m in traffic))
    assert found.error_bound is None


@needs_prometheus
def test_a_real_scrape_counts_what_the_process_counted(tmp_path: Path, client: httpx.Client) -> None:
    """A live target scraped every second while it counts; afterwards the sums are equal."""
    registry = CollectorRegistry()
    requests = Counter("requests", "Requests.", ["outcome"], registry=registry)
    for outcome in ("ok", "error"):
        requests.labels(outcome=outcome)
    port = free_port()
    server, thread = start_http_server(port, addr="127.0.0.1", registry=registry)
    config = (
        "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
        "scrape_configs:\n"
        "  - job_name: api\n"
        f"    static_configs: [{{targets: ['127.0.0.1:{port}']}}]\n"
    )
    slo = an_slo()
    began = datetime.now(UTC)
    try:
        with prometheus_server(tmp_path, tmp_path / "data", config) as url:
            _wait_for_samples(client, url)
            sent = _count_for_a_while(requests, seconds=3)
            time.sleep(2.5)
            reader = PrometheusCountReader(url, QUERIES, client)
            ledger = MemoryLedger()
            Collector([slo], reader, ledger, "test", SystemClock(), history=HOUR).collect()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    start = began.replace(second=0, microsecond=0)
    found = ledger.counts(key_of(slo), start - MINUTE, start + 5 * MINUTE)
    assert (found.good, found.bad) == sent


def _wait_for_samples(client: httpx.Client, url: str) -> None:
    def scraped() -> bool:
        answer = client.get(f"{url}/api/v1/query", params={"query": "count(requests_total)"}).json()
        return bool(answer["data"]["result"])

    wait_until(scraped, 20, "something was scraped")


def _count_for_a_while(requests: Counter, seconds: float) -> tuple[int, int]:
    chance, sent = random.Random(5), [0, 0]
    pause = threading.Event()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        bad = chance.random() < 0.2
        requests.labels(outcome="error" if bad else "ok").inc()
        sent[bad] += 1
        pause.wait(0.002)
    return sent[0], sent[1]


@needs_prometheus
def test_a_query_the_server_refuses_is_told(tmp_path: Path, client: httpx.Client) -> None:
    selector = Selector("requests_total", (), 'requests_total{x=~"(?=lookahead is no RE2)"}', True)
    query = CountQuery("", (Term(1, selector),))
    with prometheus_server(tmp_path, tmp_path / "data") as url:
        reader = PrometheusCountReader(url, [query], client)
        with pytest.raises(SourceError, match="refused"):
            reader.read(MIDNIGHT, MIDNIGHT + HOUR)


def test_a_server_that_is_not_there_is_named(client: httpx.Client) -> None:
    reader = PrometheusCountReader(f"http://127.0.0.1:{free_port()}", QUERIES, client)
    with pytest.raises(SourceError, match="cannot be reached"):
        reader.read(MIDNIGHT, MIDNIGHT + HOUR)


def test_something_else_than_prometheus_is_named() -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text="<html>hello</html>")

    with httpx.Client(transport=httpx.MockTransport(answer)) as made:
        reader = PrometheusCountReader("http://prometheus.example", QUERIES, made)
        with pytest.raises(SourceError, match="is it Prometheus"):
            reader.read(MIDNIGHT, MIDNIGHT + HOUR)
