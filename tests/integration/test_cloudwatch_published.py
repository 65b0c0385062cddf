"""What is published to CloudWatch, read back from a server: equal, once, and where alarms look for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from alarms.generate.cloudwatch.every_alarm import every_alarm
from app.bootstrap.cloudwatch import DECLARED, read_there
from app.build import artifacts
from exporters.cloudwatch.datum import Datum, MaybeSent, NotSent, Sink
from exporters.cloudwatch.metrics_publisher import MetricsPublisher
from exporters.cloudwatch.namespace import NAMESPACE
from exporters.cloudwatch.put import PutMetricData
from exporters.cloudwatch.sent_counts import SentCounts
from exporters.cloudwatch.series_data import SeriesData
from exporters.cloudwatch.slo_counts import READABLE, SloCounts
from foundation.clock import ManualClock
from foundation.metrics import MetricKind, MetricSpec
from slo.indicators.metric import twin_of
from slo.ledger.ledger import LedgerRow, series_key
from slo.loaders.catalogue_files import load_catalogue
from slo.model.catalogue import Catalogue
from slo.model.periods import MINUTE, floor_minute
from slo.model.spec import Slo
from tests.support.aws_emulator import aws_client, needs_emulator, shared_emulator
from tests.support.catalogues import shipped_watched, shipped_workspace
from tests.support.memory_ledger import MemoryLedger

pytestmark = needs_emulator

_NUMBERS = count(1)
QUESTION = re.compile(r'\("(\w+)"\) FROM SCHEMA\("Mirante", ([\w, ]+)\)')


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    client = aws_client("cloudwatch", shared_emulator())
    yield client
    client.close()


@pytest.fixture
def environment() -> str:
    """A fresh one, so that nobody else's data are under its dimensions."""
    return f"published{next(_NUMBERS)}"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


class Lossy:
    """The real calls, with an answer that is lost: before the server saw the call, or after."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.lose = ""

    def send(self, data: Sequence[Datum]) -> None:
        lose, self.lose = self.lose, ""
        if lose == "refused":
            raise NotSent(lose)
        if lose != "call":
            self._sink.send(data)
        if lose:
            raise MaybeSent(lose)


@dataclass
class World:
    """One SLO, its ledger, and what CloudWatch says of it."""

    slo: Slo
    environment: str
    client: Any
    record: Path
    clock: ManualClock
    ledger: MemoryLedger
    sink: Lossy
    counts: SloCounts

    def happened(self, minutes_ago: int, good: int, total: int, source: str = "api-1") -> None:
        key = series_key(self.slo, self.slo.objectives[0], self.environment, ())
        minute = floor_minute(self.clock.now()) - minutes_ago * MINUTE
        self.ledger.write([LedgerRow(key, minute, source, good, total)])

    def later(self, by: timedelta) -> None:
        self.clock.advance(by)

    def restarted(self) -> None:
        self.counts = _counts(self.slo, self.ledger, self.environment, self.record, self.sink, self)

    def in_cloudwatch(self) -> list[tuple[float, float]]:
        """Good and total of every minute it knows, in order."""
        twin = twin_of(self.slo, self.slo.objectives[0], self.environment)
        now = self.clock.now()
        good, total = (
            PutMetricData(self.client).sums(metric, now - timedelta(hours=3), now)
            for metric in (twin.part[0], twin.total[0])
        )
        assert set(good) == set(total)
        return [(good[minute], total[minute]) for minute in sorted(total)]

    def in_ledger(self) -> list[tuple[float, float]]:
        key = series_key(self.slo, self.slo.objectives[0], self.environment, ())
        now = floor_minute(self.clock.now())
        rows = self.ledger.minutes(key, now - timedelta(hours=3), now)
        return [(counts.good, counts.total) for counts in rows.values()]


def _counts(
    slo: Slo, ledger: MemoryLedger, environment: str, record: Path, sink: Sink, world: Any
) -> SloCounts:
    read_back = PutMetricData(world.client)
    return SloCounts([slo], ledger, environment, SentCounts(record), sink, world.clock, read_back)


@pytest.fixture
def world(client: Any, environment: str, catalogue: Catalogue, tmp_path: Path) -> World:
    slo = next(slo for slo in catalogue.slos if slo.name == "decision-latency")
    clock = ManualClock(floor_minute(datetime.now(UTC)) - timedelta(minutes=90))
    ledger, record = MemoryLedger(), tmp_path / "sent.sqlite"
    sink = Lossy(PutMetricData(client))
    found = World(slo, environment, client, record, clock, ledger, sink, None)  # type: ignore[arg-type]
    found.restarted()
    return found


def test_every_minute_is_published_once_and_a_minute_that_changed_by_the_difference(world: World) -> None:
    world.happened(3, 98, 100)
    world.happened(2, 0, 0)
    world.happened(0, 5, 5)
    world.counts.publish()
    world.counts.publish()
    assert world.in_cloudwatch() == [(98, 100), (0, 0)], "whole minutes; no traffic is a zero, not nothing"
    world.happened(3, 49, 50, source="api-2")
    world.happened(2, 1, 2)
    world.later(MINUTE)
    world.restarted()
    world.counts.publish()
    assert world.in_cloudwatch() == world.in_ledger() == [(147, 150), (1, 2), (5, 5)]
    world.happened(4, 90, 95)
    world.counts.publish()
    assert world.in_cloudwatch() == world.in_ledger()
    assert world.in_ledger()[0] == (139, 145), "counts that were corrected downwards are, too"


@pytest.mark.parametrize("lost", ["refused", "call", "answer"])
def test_a_call_whose_end_is_unknown_is_settled_by_what_cloudwatch_has(world: World, lost: str) -> None:
    world.happened(2, 98, 100)
    world.counts.publish()
    world.happened(2, 100, 110)
    world.happened(1, 7, 8)
    world.sink.lose = lost
    with pytest.raises(NotSent if lost == "refused" else MaybeSent):
        world.counts.publish()
    if lost != "refused":
        before = world.in_cloudwatch()
        world.restarted()
        world.counts.publish()
        assert world.in_cloudwatch() == before, "nothing is sent again while it may have arrived"
        world.later(READABLE)
    world.counts.publish()
    world.counts.publish()
    assert world.in_cloudwatch() == world.in_ledger() == [(100, 110), (7, 8)]


def test_what_could_not_be_sent_for_hours_is_sent_at_last(world: World) -> None:
    world.happened(1, 98, 100)
    for lost in ("refused", "call", "refused"):
        world.sink.lose = lost
        with pytest.raises((NotSent, MaybeSent)):
            world.counts.publish()
        world.happened(0, 9, 10)
        world.later(timedelta(minutes=20))
    world.restarted()
    world.counts.publish()
    assert world.in_cloudwatch() == world.in_ledger()
    assert len(world.in_ledger()) == 4


def test_two_processes_over_one_record_send_a_minute_once(world: World) -> None:
    world.happened(1, 98, 100)
    other = _counts(world.slo, world.ledger, world.environment, world.record, world.sink, world)
    for publisher in (world.counts, other, world.counts, other):
        publisher.publish()
    assert world.in_cloudwatch() == [(98, 100)]


def test_alarms_on_published_counts_ask_for_what_is_published(
    client: Any, environment: str, catalogue: Catalogue, tmp_path: Path
) -> None:
    now = floor_minute(datetime.now(UTC))
    ledger = MemoryLedger()
    for slo in catalogue.slos:
        for objective in slo.objectives:
            key = series_key(slo, objective, environment, ())
            ledger.write([LedgerRow(key, now - 2 * MINUTE, "api-1", 9, 10)])
    put, record = PutMetricData(client), SentCounts(tmp_path / "sent.sqlite")
    SloCounts(catalogue.slos, ledger, environment, record, put, ManualClock(now), put).publish()
    asked = [
        stat
        for alarm in every_alarm(catalogue, shipped_watched(), environment)
        for stat in _plain_metrics(alarm)
        if stat["Namespace"] == "Mirante/SLO"
    ]
    assert {stat["MetricName"] for stat in asked} == {"GoodEvents", "TotalEvents"}
    for stat in asked:
        statistics = client.get_metric_statistics(
            **stat, StartTime=now - 5 * MINUTE, EndTime=now, Period=60, Statistics=["Sum"]
        )
        expected = {"GoodEvents": 9.0, "TotalEvents": 10.0}[stat["MetricName"]]
        assert [point["Sum"] for point in statistics["Datapoints"]] == [expected], stat


def test_every_alarm_of_the_platform_finds_its_metric_and_every_dimension_that_it_asks_for(
    client: Any, environment: str, catalogue: Catalogue
) -> None:
    registry = CollectorRegistry()
    for spec in DECLARED:
        _one_of(spec, registry)
    series = SeriesData(registry, read_there(shipped_workspace(), environment), environment)
    MetricsPublisher(series, PutMetricData(client), ManualClock(datetime.now(UTC))).publish()
    checked = 0
    for alarm in every_alarm(catalogue, shipped_watched(), environment):
        for query in alarm.get("Metrics", ()):  # type: ignore[attr-defined]
            if found := QUESTION.search(query.get("Expression", "")):
                name, schema = found.group(1), found.group(2).split(", ")
                assert schema in _published_dimensions(client, name, environment), alarm["AlarmName"]
                checked += 1
        for stat in _plain_metrics(alarm):
            if stat["Namespace"] == NAMESPACE:
                names = [dimension["Name"] for dimension in stat["Dimensions"]]
                assert names in _published_dimensions(client, stat["MetricName"], environment)
                checked += 1
    assert checked > 20


def test_what_is_published_is_what_generated_alarms_and_boards_read() -> None:
    made = artifacts(shipped_workspace(), "prod")
    text = b"\n".join(body for path, body in made.items() if path.startswith("cloudwatch/")).decode()
    named = {spec.name for spec in DECLARED if re.search(rf"\b{spec.name}\b", text)}
    published = {spec.name for spec in read_there(shipped_workspace(), "prod")}
    assert named <= published, "nothing is read that is not published"


def _plain_metrics(alarm: Any) -> Iterator[dict[str, Any]]:
    """Metrics an alarm names with all their dimensions, alone or inside its arithmetic."""
    if "MetricName" in alarm:
        yield {key: alarm[key] for key in ("Namespace", "MetricName", "Dimensions") if key in alarm}
    for query in alarm.get("Metrics", ()):
        if "MetricStat" in query:
            yield query["MetricStat"]["Metric"]


def _published_dimensions(client: Any, name: str, environment: str) -> list[list[str]]:
    here = [{"Name": "environment", "Value": environment}]
    pages = client.get_paginator("list_metrics").paginate(
        Namespace=NAMESPACE, MetricName=name, Dimensions=here
    )
    return [[one["Name"] for one in metric["Dimensions"]] for page in pages for metric in page["Metrics"]]


def _one_of(spec: MetricSpec, registry: CollectorRegistry) -> None:
    """A series of the metric, with some value for each label."""
    labels = list(spec.labels)
    if spec.kind is MetricKind.HISTOGRAM:
        made: Any = Histogram(spec.name, "", labels, registry=registry, buckets=spec.buckets)
    elif spec.kind is MetricKind.COUNTER:
        made = Counter(spec.name.removesuffix("_total"), "", labels, registry=registry)
    else:
        made = Gauge(spec.name, "", labels, registry=registry)
    one = made.labels(*("x" for _ in labels)) if labels else made
    if spec.kind is MetricKind.HISTOGRAM:
        one.observe(0.1)
    else:
        one.inc()
