"""The exporters scraped by a real Prometheus while servers are healthy, saturated, slow and down."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pymysql
import pytest
import redis
import uvicorn

from app.bootstrap.server_probes import AwsServices, ServerAddresses, server_probes
from dataplatform.local.mariadb import PASSWORD, USER, MariaDb
from dataplatform.local.redis import Redis
from dataplatform.local.server import LOOPBACK, Running, free_port, start, stop
from exporters.collectors.sampler import SaturationSampler
from exporters.collectors.saturation import SaturationCollector
from exporters.probes.aws_services import TABLE_UNITS
from exporters.probes.cloudwatch_usage import CloudWatchUsage
from exporters.probes.mysql_server import MysqlServer
from exporters.probes.process_memory import ProcessMemory
from exporters.probes.redis_server import RedisServer
from exporters.server import build_registry, metrics_app
from foundation.clock import SystemClock
from slo.model.periods import MINUTE, floor_minute
from tests.support.aws_emulator import aws_client, needs_emulator, running_emulator
from tests.support.local_servers import needs_mariadb, needs_redis
from tests.support.new_database import make_database
from tests.support.patience import patience, wait_until
from tests.support.prometheus_server import needs_prometheus, prometheus_server

pytestmark = [needs_prometheus, needs_mariadb, needs_redis, needs_emulator]

CONNECTIONS = 10  # the least MariaDB takes
SHARDS, CONCURRENCY = 2, 50.0
SERVICES = AwsServices(
    table="hot", stream="events", shards=SHARDS, function="ingest", concurrency=CONCURRENCY
)
BEAT_SECONDS, LASTS_SECONDS = 0.5, 3.0
PATIENCE = 60.0
SCRAPE = 'job="mirante"'
RATIO, AGE = "component_saturation_ratio", "component_saturation_reading_age_seconds"
FAILURES = "component_saturation_probe_failures_total"
EVENTS = "component_pressure_events_total"
QUOTA = {
    ("AWS/DynamoDB", "ConsumedReadCapacityUnits", "TableName", "hot"): TABLE_UNITS * 60,
    ("AWS/DynamoDB", "ConsumedWriteCapacityUnits", "TableName", "hot"): TABLE_UNITS * 60,
    ("AWS/Kinesis", "IncomingBytes", "StreamName", "events"): SHARDS * 1024.0**2 * 60,
    ("AWS/Kinesis", "IncomingRecords", "StreamName", "events"): SHARDS * 1000.0 * 60,
    ("AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", "StreamName", "events"): 48 * 3_600_000.0,
    ("AWS/Lambda", "ConcurrentExecutions", "FunctionName", "ingest"): CONCURRENCY,
}
OF_AWS = (
    ("dynamodb", "read_capacity"),
    ("dynamodb", "write_capacity"),
    ("kinesis", "shard_bytes"),
    ("kinesis", "shard_records"),
    ("kinesis", "iterator_age"),
    ("lambda-processors", "concurrency"),
)
OF_SERVERS = (
    ("aurora", "connections"),
    ("aurora", "buffer_pool"),
    ("redis", "memory"),
    ("redis", "clients"),
)


@dataclass
class Scraped:
    """Three servers, the exporter that asks them, and the Prometheus that asks the exporter."""

    mariadb: Running
    cache: Running
    cloudwatch: Any
    end_cloudwatch: Callable[[], None]
    prometheus: str
    held: list[Any] = field(default_factory=list)

    def value(self, expression: str) -> float | None:
        answer = httpx.get(
            f"{self.prometheus}/api/v1/query", params={"query": expression}, timeout=patience(30)
        )
        found = answer.json()["data"]["result"]
        assert len(found) <= 1, found
        return float(found[0]["value"][1]) if found else None

    def of(self, metric: str, component: str, name: str) -> float | None:
        label = "event" if metric == EVENTS else "resource"
        return self.value(f'{metric}{{component="{component}",{label}="{name}"}}')

    def waits_for(self, metric: str, component: str, name: str, met: Callable[[float | None], bool]) -> None:
        def seen() -> bool:
            return met(self.of(metric, component, name))

        def found() -> str:
            return f"{metric} of {component} {name}: it is {self.of(metric, component, name)}"

        wait_until(seen, PATIENCE, found)

    def aws_uses(self, share: float) -> None:
        """The last whole minute of every service holds this share of its quota."""
        minute = floor_minute(datetime.now(UTC)) - MINUTE
        for (namespace, name, label, value), quota in QUOTA.items():
            datum = {"MetricName": name, "Dimensions": [{"Name": label, "Value": value}], "Timestamp": minute}
            self.cloudwatch.put_metric_data(
                Namespace=namespace, MetricData=[{**datum, "Value": quota * share}]
            )

    def cache_client(self) -> redis.Redis:
        client = redis.Redis(host=LOOPBACK, port=self.cache.port)
        self.held.append(client)
        return client


@pytest.fixture
def scraped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scraped]:
    for probe in (MysqlServer, RedisServer, CloudWatchUsage):
        monkeypatch.setattr(probe, "every_seconds", BEAT_SECONDS)
    for probe in (MysqlServer, RedisServer):
        monkeypatch.setattr(probe, "lasts_seconds", LASTS_SECONDS)
    with contextlib.ExitStack() as held:
        mariadb = start(MariaDb({"max-connections": CONNECTIONS}), tmp_path / "mariadb")
        held.callback(stop, mariadb)
        cache = start(Redis("3mb"), tmp_path / "redis")
        held.callback(stop, cache)
        (tmp_path / "aws").mkdir()
        emulator = contextlib.ExitStack()
        client = aws_client("cloudwatch", emulator.enter_context(running_emulator(tmp_path / "aws")))
        held.callback(emulator.close)
        addresses = ServerAddresses(
            mysql=make_database(mariadb.port, "watched"), redis=f"redis://{LOOPBACK}:{cache.port}"
        )
        probes = server_probes(addresses, client, SERVICES)
        port = held.enter_context(exporter(probes))
        url = held.enter_context(prometheus_server(tmp_path, tmp_path / "data", config(port)))
        found = Scraped(mariadb, cache, client, emulator.close, url)
        held.callback(lambda: [one.close() for one in found.held])
        yield found


@contextlib.contextmanager
def exporter(probes: Any) -> Iterator[int]:
    """Serves /metrics on a free port; sampled once before the first scrape."""
    sampler = SaturationSampler([ProcessMemory("decision-api")], SystemClock(), BEAT_SECONDS, probes)
    sampler.sample()
    sampler.start()
    app = metrics_app(build_registry("exporters", [SaturationCollector(sampler)]))
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host=LOOPBACK, port=port, log_level="error", lifespan="off"))
    serving = threading.Thread(target=server.run, daemon=True)
    serving.start()
    wait_until(lambda: server.started, 30, "the exporter to listen")
    try:
        yield port
    finally:
        sampler.stop()
        server.should_exit = True
        serving.join(patience(30))


def config(port: int) -> str:
    return (
        "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
        f"scrape_configs: [{{job_name: mirante, static_configs: [{{targets: ['{LOOPBACK}:{port}']}}]}}]\n"
    )


def connect_to(server: Running) -> Any:
    return pymysql.connect(
        host=LOOPBACK, port=server.port, user=USER, password=PASSWORD, connect_timeout=5, autocommit=True
    )


def exhaust_connections(scraped: Scraped) -> None:
    """Until the server itself says that there are no more."""
    for _ in range(CONNECTIONS):
        with contextlib.suppress(pymysql.err.OperationalError):
            scraped.held.append(connect_to(scraped.mariadb))
    with pytest.raises(pymysql.err.OperationalError, match="Too many connections"):
        connect_to(scraped.mariadb)


def fill_memory(client: redis.Redis) -> None:
    """With keys that may go, which are thrown out; then with keys that may not, until no more fit."""
    for number in range(300):
        client.set(f"may-go-{number}", b"x" * 10_000, ex=3600)
    with contextlib.suppress(redis.exceptions.OutOfMemoryError):
        for number in range(1000):
            client.set(f"stays-{number}", b"x" * 10_000)
    with pytest.raises(redis.exceptions.OutOfMemoryError):
        client.set("one-more", b"x" * 10_000)


def test_a_real_prometheus_sees_servers_healthy_saturated_slow_and_down(scraped: Scraped) -> None:
    cache = scraped.cache_client()
    scraped.aws_uses(0.2)
    for component, resource in OF_AWS:
        scraped.waits_for(RATIO, component, resource, near(0.2))
    scraped.waits_for(RATIO, "aurora", "connections", near(1 / CONNECTIONS))  # the probe's own
    info: Any = cache.info()
    scraped.waits_for(RATIO, "redis", "memory", near(info["used_memory"] / info["maxmemory"], 0.1))
    scraped.waits_for(RATIO, "redis", "clients", near(2 / info["maxclients"], 1 / info["maxclients"]))
    assert scraped.of(RATIO, "aurora", "buffer_pool") is not None
    assert scraped.of(EVENTS, "redis", "evictions") == 0

    scraped.aws_uses(0.8)
    exhaust_connections(scraped)
    fill_memory(cache)
    for component, resource in OF_AWS:
        scraped.waits_for(RATIO, component, resource, above(0.8 - 1e-9))
    scraped.waits_for(RATIO, "aurora", "connections", above(1.0 - 1e-9))
    scraped.waits_for(EVENTS, "aurora", "refused_connections", above(0.0))
    scraped.waits_for(RATIO, "redis", "memory", above(0.97))
    scraped.waits_for(EVENTS, "redis", "evictions", above(0.0))

    os.kill(scraped.mariadb.process.pid, signal.SIGSTOP)  # takes connections, answers nothing
    try:
        scraped.waits_for(RATIO, "aurora", "connections", absent)
    finally:
        os.kill(scraped.mariadb.process.pid, signal.SIGCONT)
    scraped.waits_for(RATIO, "aurora", "connections", above(0.0))

    failed = {one: scraped.of(FAILURES, *one) or 0.0 for one in (*OF_SERVERS, *OF_AWS)}
    stop(scraped.mariadb)
    stop(scraped.cache)
    scraped.end_cloudwatch()
    for component, resource in OF_SERVERS:
        scraped.waits_for(RATIO, component, resource, absent)
        age = scraped.of(AGE, component, resource) or 0.0
        assert age > LASTS_SECONDS, "how long it has not been seen stays known"
    for component, resource in (*OF_SERVERS, *OF_AWS):
        before = failed[(component, resource)]
        scraped.waits_for(FAILURES, component, resource, above(before))

    own = f'{RATIO}{{component="decision-api",resource="memory"}}'
    up = f"up{{{SCRAPE}}}[10m]"
    gaps = scraped.value(f"scalar(sum_over_time({up})) - count_over_time({own}[10m])")
    assert gaps == 0.0, "no gap in what is not down"
    answered = scraped.value(f"avg_over_time({up})") or 0.0
    assert answered > 0.9, "no scrape waited for a server: it would have timed out"
    took = scraped.value(f"quantile_over_time(0.5, scrape_duration_seconds{{{SCRAPE}}}[10m])")
    assert took is not None
    assert took < patience(0.2), f"half of the scrapes took {took} s"


def absent(value: float | None) -> bool:
    return value is None


def above(limit: float) -> Callable[[float | None], bool]:
    return lambda value: value is not None and value > limit


def near(expected: float, within: float = 1e-6) -> Callable[[float | None], bool]:
    return lambda value: value is not None and abs(value - expected) <= within
