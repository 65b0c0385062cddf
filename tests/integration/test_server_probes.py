"""What each probe reads of a real server, and of one that refuses it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pymysql
import pytest
import redis as redis_driver

from app.bootstrap.server_probes import cassandra_session, mysql_connection, redis_client
from dataplatform.local.mariadb import PASSWORD, USER, MariaDb, address
from dataplatform.local.redis import Redis
from dataplatform.local.server import LOOPBACK, free_port, running
from exporters.probes.aws_services import TABLE_UNITS, dynamodb_usage
from exporters.probes.cassandra_server import CassandraServer
from exporters.probes.cloudwatch_usage import SETTLED, CloudWatchUsage
from exporters.probes.mysql_server import MysqlServer
from exporters.probes.redis_server import RedisServer
from foundation.clock import ManualClock
from slo.model.periods import MINUTE, floor_minute
from tests.support.aws_emulator import aws_client, needs_emulator, shared_emulator
from tests.support.local_servers import cassandra, needs_cassandra, needs_mariadb, needs_redis

CONNECTIONS = 10  # the least MariaDB takes


@needs_mariadb
def test_mysql_out_of_connections_is_full_also_to_a_probe_that_is_refused(tmp_path: Path) -> None:
    with running(MariaDb({"max-connections": CONNECTIONS}), tmp_path) as server:
        url = address(server.port, "mysql")
        connected, refused = (MysqlServer("aurora", mysql_connection(url)) for _ in range(2))
        reading = connected.read()
        assert reading.ratios["connections"] == 1 / CONNECTIONS
        assert 0.0 <= reading.ratios["buffer_pool"] < 1.0
        slow = mysql_connection(url)()
        with slow.cursor() as cursor:
            cursor.execute("SET SESSION long_query_time = 0.01")
            cursor.execute("SELECT SLEEP(0.05)")
        held = [slow]
        while len(held) < 2 * CONNECTIONS:
            try:
                held.append(pymysql.connect(host=LOOPBACK, port=server.port, user=USER, password=PASSWORD))
            except pymysql.OperationalError:
                break
        assert refused.read().ratios == {"connections": 1.0}
        full = connected.read()
        assert full.ratios["connections"] >= 1.0
        assert full.grown["slow_queries"] == 1
        assert full.grown["refused_connections"] >= 1
        for one in held:
            one.close()
    with pytest.raises(OSError, match="aurora"):
        connected.read()


@needs_mariadb
def test_a_right_that_is_missing_costs_the_lag_and_nothing_else(tmp_path: Path) -> None:
    with running(MariaDb(), tmp_path) as server:
        with mysql_connection(address(server.port, "mysql"))() as root, root.cursor() as cursor:
            cursor.execute(f"CREATE USER 'reader'@'{LOOPBACK}' IDENTIFIED BY 'some-password'")
        url = f"mysql://reader:some-password@{LOOPBACK}:{server.port}/"
        reading = MysqlServer("aurora", mysql_connection(url), prefix="reader_", replica=True).read()
        assert list(reading.unread) == ["replication_lag"]
        assert reading.ratios["reader_connections"] > 0.0


@needs_redis
def test_redis_out_of_clients_is_full_also_to_a_probe_that_is_refused(tmp_path: Path) -> None:
    with running(Redis(), tmp_path) as server:
        url = f"redis://{LOOPBACK}:{server.port}"
        first = redis_driver.Redis.from_url(url, single_connection_client=True)
        first.config_set("maxclients", 2)
        connected, refused = (RedisServer("redis", redis_client(url)) for _ in range(2))
        assert connected.read().ratios["clients"] == 1.0
        assert refused.read().ratios == {"clients": 1.0}
        assert connected.read().grown == {"evictions": 0, "refused_connections": 1}
        first.config_set("maxmemory", 0)
        assert "memory" not in connected.read().ratios, "without a limit nothing is known of its use"
        first.close()
    with pytest.raises(OSError, match="redis"):
        connected.read()


@needs_cassandra
def test_cassandra_tells_how_busy_its_threads_are() -> None:
    probe = CassandraServer("keyspaces", cassandra_session([f"{LOOPBACK}:{cassandra().port}"]))
    probe.read()
    reading = probe.read()
    assert set(reading.ratios) == {"requests", "reads", "writes"}
    assert 0.0 < reading.ratios["requests"] < 1.0, "the probe's own request is one of them"
    assert reading.grown == {"blocked_requests": 0}
    assert not reading.unread


def test_a_cassandra_that_is_not_there_is_an_error_that_names_the_component() -> None:
    nobody = CassandraServer("keyspaces", cassandra_session([f"{LOOPBACK}:{free_port()}"]))
    with pytest.raises(OSError, match="keyspaces"):
        nobody.read()


@needs_emulator
def test_throttles_of_a_minute_are_counted_once_when_cloudwatch_has_all_of_them() -> None:
    client = aws_client("cloudwatch", shared_emulator())
    clock = ManualClock(floor_minute(datetime.now(UTC)) - timedelta(minutes=60) + timedelta(seconds=20))
    probe = CloudWatchUsage("dynamodb", dynamodb_usage("throttled"), client, clock)

    def put(name: str, value: float) -> None:
        datum = {"MetricName": name, "Dimensions": [{"Name": "TableName", "Value": "throttled"}]}
        minute = floor_minute(clock.now()) - MINUTE
        client.put_metric_data(
            Namespace="AWS/DynamoDB", MetricData=[{**datum, "Timestamp": minute, "Value": value}]
        )

    assert probe.read().ratios == {}, "a table nobody has asked anything of is not a table at 0"
    put("ReadThrottleEvents", 3)
    put("WriteThrottleEvents", 4)
    put("ConsumedReadCapacityUnits", TABLE_UNITS * 30)
    reading = probe.read()
    assert reading.ratios == {"read_capacity": 0.5}
    assert reading.age_seconds == {"read_capacity": 20.0}
    assert reading.grown == {"throttles": 0}, "the minute is not settled"
    clock.advance(SETTLED)
    assert probe.read().grown == {"throttles": 7}
    assert probe.read().grown == {"throttles": 0}
    clock.advance(MINUTE)
    assert probe.read().age_seconds == {"read_capacity": 20.0 + (SETTLED + MINUTE).total_seconds()}
    client.close()
