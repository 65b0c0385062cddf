"""Which servers the exporters ask, decided by the addresses that are known."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pymysql
import redis
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.policies import RoundRobinPolicy
from cassandra.query import dict_factory
from pymysql.connections import Connection
from pymysql.cursors import DictCursor
from sqlalchemy import make_url

from app.settings import Settings
from dataplatform.schemas.cassandra import creditdata
from dataplatform.schemas.hot_table import TABLE
from dataplatform.stores.kinesis.shape import StreamShape
from dataplatform.stores.mysql.database import LAG_BOUND_SECONDS
from exporters.collectors.components import COMPONENT_OF_STORE, PROCESSORS
from exporters.collectors.server_probe import ServerProbe
from exporters.probes.aws_services import (
    aurora_usage,
    dynamodb_usage,
    keyspaces_usage,
    kinesis_usage,
    lambda_usage,
)
from exporters.probes.cassandra_server import CassandraServer, CqlSession
from exporters.probes.cloudwatch_usage import CloudWatchUsage, Usage
from exporters.probes.mysql_server import MysqlServer
from exporters.probes.redis_server import RedisServer
from foundation.aws.clients import AwsClients
from foundation.aws.purpose import ClientPurpose
from foundation.clock import Clock, SystemClock
from slo.cloudwatch.metric_data import MetricDataClient

FUNCTION = "mirante-ingest"
USAGE = ClientPurpose(connect_seconds=2, answer_seconds=5, tries=2)
# NAME.cluster-ID.REGION.rds.amazonaws.com, and NAME.cluster-ro-ID for its readers
_CLUSTER_ENDPOINT = re.compile(r"([^.]+)\.cluster-[^.]+\.[^.]+\.rds\.amazonaws\.com(\.cn)?$")
ANSWER_SECONDS = 2  # a server that takes longer is as good as dead to whoever watches it
AURORA, DYNAMODB, KEYSPACES, REDIS, KINESIS = (
    COMPONENT_OF_STORE[store] for store in ("relational", "hot", "wide", "cache", "stream")
)


@dataclass(frozen=True, slots=True)
class ServerAddresses:
    """Of servers that can be asked; an empty one is not watched.

    ``mysql`` and ``mysql_reader`` are ``mysql://user:password@host:port/database``, ``redis`` is
    ``redis://host:port``, ``cassandra`` is ``host:port`` each.
    """

    mysql: str = ""
    mysql_reader: str = ""
    redis: str = ""
    cassandra: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AwsServices:
    """What is watched through CloudWatch, and its quotas; an empty name is not watched."""

    table: str = TABLE
    stream: str = ""
    shards: int = StreamShape().shards
    function: str = ""
    concurrency: float = 1000.0
    keyspace: str = ""
    keyspace_table: str = creditdata.TABLE
    cluster: str = ""


def probes_of(settings: Settings) -> Sequence[ServerProbe]:
    """Of the servers that this profile uses. A reader that is the writer is asked once."""
    reader = settings.relational_reader
    hosts = tuple(entry.strip() for entry in settings.wide_hosts.split(",") if entry.strip())
    addresses = ServerAddresses(
        mysql=settings.relational_writer,
        mysql_reader="" if reader == settings.relational_writer else reader,
        redis=settings.cache,
        cassandra=() if settings.wide_region else hosts,
    )
    services = AwsServices(
        stream=settings.stream,
        function="" if settings.aws_endpoint else FUNCTION,  # on an emulator, workers stand for it
        keyspace=creditdata.KEYSPACE if settings.wide_region else "",
        cluster=aurora_cluster(settings.relational_writer),
    )
    cloudwatch = AwsClients(settings.aws_endpoint).client("cloudwatch", USAGE)
    return server_probes(addresses, cloudwatch, services)


def server_probes(
    addresses: ServerAddresses,
    cloudwatch: MetricDataClient | None = None,
    services: AwsServices | None = None,
    clock: Clock | None = None,
) -> Sequence[ServerProbe]:
    """A probe of each; none of them connects before it is first asked."""
    probes: list[ServerProbe] = []
    if addresses.mysql:
        probes.append(MysqlServer(AURORA, mysql_connection(addresses.mysql)))
    if addresses.mysql_reader:
        reader = mysql_connection(addresses.mysql_reader)
        probes.append(
            MysqlServer(AURORA, reader, prefix="reader_", replica=True, lag_limit_seconds=LAG_BOUND_SECONDS)
        )
    if addresses.redis:
        probes.append(RedisServer(REDIS, redis_client(addresses.redis)))
    if addresses.cassandra:
        probes.append(CassandraServer(KEYSPACES, cassandra_session(addresses.cassandra)))
    if cloudwatch is not None:
        watched = _watched(services or AwsServices())
        real = clock or SystemClock()
        probes += [CloudWatchUsage(component, usage, cloudwatch, real) for component, usage in watched]
    return probes


def _watched(services: AwsServices) -> Sequence[tuple[str, Usage]]:
    found: list[tuple[str, Usage]] = []
    if services.table:
        found.append((DYNAMODB, dynamodb_usage(services.table)))
    if services.stream:
        found.append((KINESIS, kinesis_usage(services.stream, services.shards)))
    if services.function:
        found.append((PROCESSORS, lambda_usage(services.function, services.concurrency)))
    if services.keyspace:
        found.append((KEYSPACES, keyspaces_usage(services.keyspace, services.keyspace_table)))
    if services.cluster:
        found.append((AURORA, aurora_usage(services.cluster, LAG_BOUND_SECONDS)))
    return found


def aurora_cluster(url: str) -> str:
    """The name of the cluster whose endpoint this is; empty for any other server."""
    named = _CLUSTER_ENDPOINT.match(make_url(url).host or "") if url else None
    return named[1] if named else ""


def mysql_connection(url: str) -> Callable[[], Connection[DictCursor]]:
    """Connects when called; ``?ssl_ca=FILE`` demands TLS."""
    parts = make_url(url)
    authority = parts.query.get("ssl_ca")

    def connect() -> Connection[DictCursor]:
        return pymysql.connect(
            host=parts.host,
            port=parts.port or 3306,
            user=parts.username,
            password=parts.password or "",
            ssl_ca=str(authority) if authority else None,
            ssl_verify_cert=True if authority else None,
            autocommit=True,
            cursorclass=DictCursor,
            connect_timeout=ANSWER_SECONDS,
            read_timeout=ANSWER_SECONDS,
            write_timeout=ANSWER_SECONDS,
        )

    return connect


def redis_client(url: str) -> redis.Redis:
    """One connection, kept, so that a server out of clients can still be asked."""
    return redis.Redis.from_url(
        url, max_connections=1, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS
    )


def cassandra_session(hosts: Sequence[str]) -> Callable[[], CqlSession]:
    """Connects when called, to the first port given; a cluster nobody answers for is let go again."""
    places = [host.rpartition(":") for host in hosts]
    port = int(places[0][2]) if places[0][1] else 9042

    def open_session() -> CqlSession:
        profile = ExecutionProfile(load_balancing_policy=RoundRobinPolicy(), row_factory=dict_factory)
        cluster = Cluster(
            [host or name for host, _, name in places],
            port=port,
            protocol_version=4,
            execution_profiles={EXEC_PROFILE_DEFAULT: profile},
            connect_timeout=ANSWER_SECONDS,
            control_connection_timeout=ANSWER_SECONDS,
        )
        try:
            session: CqlSession = cluster.connect()
        except BaseException:
            cluster.shutdown()
            raise
        return session

    return open_session
