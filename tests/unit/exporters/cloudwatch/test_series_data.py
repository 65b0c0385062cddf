"""What of a registry is sent to CloudWatch, and what is sent again when it did not arrive."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from exporters.cloudwatch.datum import Datum, NotSent
from exporters.cloudwatch.emf import EmfLines
from exporters.cloudwatch.metrics_publisher import MetricsPublisher
from exporters.cloudwatch.series_data import SeriesData
from foundation.clock import ManualClock
from foundation.metrics import MetricKind, MetricSpec

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
EDGES = (0.1, 0.2, 1.0)
REQUESTS = MetricSpec("requests_total", MetricKind.COUNTER, "", ("outcome",))
FULL = MetricSpec("full_ratio", MetricKind.GAUGE, "", ("component", "group"))
TOOK = MetricSpec("took_seconds", MetricKind.HISTOGRAM, "", (), EDGES)
OK = (("environment", "prod"), ("outcome", "ok"))


class Kept:
    """A sink that keeps what it is sent, and refuses as often as it is told to."""

    def __init__(self) -> None:
        self.data: list[Datum] = []
        self.refusals = 0

    def send(self, data: Sequence[Datum]) -> None:
        if self.refusals:
            self.refusals -= 1
            raise NotSent("throttled")
        self.data += data

    def values(self, name: str) -> list[tuple[float, ...]]:
        return [datum.values for datum in self.data if datum.name == name]


class World:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("requests", "", ["outcome"], registry=self.registry)
        self.full = Gauge("full_ratio", "", ["component", "group"], registry=self.registry)
        self.took = Histogram("took_seconds", "", buckets=EDGES, registry=self.registry)
        self.unread = Counter("unread", "", registry=self.registry)
        self.sink = Kept()
        series = SeriesData(self.registry, (REQUESTS, FULL, TOOK), "prod")
        self.publisher = MetricsPublisher(series, self.sink, ManualClock(NOON))


@pytest.fixture
def world() -> World:
    return World()


def test_a_counter_is_sent_by_what_it_grew_and_a_quiet_minute_is_a_zero(world: World) -> None:
    world.requests.labels("ok").inc(3)
    world.publisher.publish()
    world.requests.labels("ok").inc(4)
    world.publisher.publish()
    world.publisher.publish()
    assert world.sink.values("requests_total") == [(3.0,), (4.0,), (0.0,)]
    assert {datum.dimensions for datum in world.sink.data if datum.name == "requests_total"} == {OK}
    assert not world.sink.values("unread_total"), "nobody reads it there, so nobody pays for it"


def test_growth_that_could_not_be_sent_is_sent_with_the_next(world: World) -> None:
    world.requests.labels("ok").inc(3)
    world.sink.refusals = 1
    with pytest.raises(NotSent):
        world.publisher.publish()
    world.requests.labels("ok").inc(4)
    world.publisher.publish()
    assert world.sink.values("requests_total") == [(7.0,)]


def test_a_gauge_is_sent_as_it_is_unless_it_is_unknown_and_an_empty_label_has_a_name(world: World) -> None:
    world.full.labels("redis", "").set(0.7)
    world.full.labels("aurora", "São").set(math.nan)
    world.publisher.publish()
    (datum,) = (datum for datum in world.sink.data if datum.name == "full_ratio")
    assert datum.values == (0.7,)
    assert datum.dimensions == (("environment", "prod"), ("component", "redis"), ("group", "-"))


@given(st.lists(st.floats(0.0, 5.0), min_size=1, max_size=30), st.lists(st.floats(0.0, 5.0), max_size=30))
def test_a_histogram_keeps_its_count_its_mean_and_each_values_bucket(
    now: Sequence[float], before: Sequence[float]
) -> None:
    world = World()
    for seconds in before:
        world.took.observe(seconds)
    world.publisher.publish()
    world.sink.data.clear()
    for seconds in now:
        world.took.observe(seconds)
    world.publisher.publish()
    (datum,) = (datum for datum in world.sink.data if datum.name == "took_seconds")
    assert sum(datum.counts) == len(now)
    pairs = list(zip(datum.values, datum.counts, strict=True))
    assert sum(value * count for value, count in pairs) == pytest.approx(sum(now), abs=1e-6)
    buckets = [(low, high) for low, high in zip((0.0, *EDGES), (*EDGES, math.inf), strict=True)]
    counted = [sum(low < s <= high or s == low == 0.0 for s in now) for low, high in buckets]
    filled = [(edges, count) for edges, count in zip(buckets, counted, strict=True) if count]
    for (value, count), ((low, high), expected) in zip(pairs, filled, strict=True):
        assert count == expected
        assert low - 1e-9 <= value <= high + 1e-9


def test_a_line_of_embedded_metrics_says_what_a_put_would(world: World) -> None:
    world.requests.labels("ok").inc(3)
    world.took.observe(0.15)
    world.took.observe(0.05)
    world.publisher.publish()
    out = io.StringIO()
    EmfLines(out).send(world.sink.data)
    lines = [json.loads(text) for text in out.getvalue().splitlines()]
    assert len(lines) == len(world.sink.data)
    for line, datum in zip(lines, world.sink.data, strict=True):
        (described,) = line["_aws"]["CloudWatchMetrics"]
        assert line["_aws"]["Timestamp"] == NOON.timestamp() * 1000
        assert described["Namespace"] == datum.namespace
        assert described["Metrics"] == [{"Name": datum.name}]
        (names,) = described["Dimensions"]
        assert tuple((name, line[name]) for name in names) == datum.dimensions
    histogram = lines[-1]["took_seconds"]
    assert (histogram["Count"], histogram["Sum"]) == (2, pytest.approx(0.2))
