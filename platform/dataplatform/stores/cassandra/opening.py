"""Opens the wide store on a Cassandra or on Amazon Keyspaces, schema and all."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from typing import Any

from cassandra.auth import AuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, Session
from cassandra.policies import DCAwareRoundRobinPolicy, ExponentialReconnectionPolicy, TokenAwarePolicy
from cassandra.query import dict_factory

from credit.domain.errors import StoreUnavailable
from credit.ports.projections import WideStore
from dataplatform.schemas.cassandra.capacity import CREDITDATA
from dataplatform.schemas.cassandra.creditdata import on_cassandra, on_keyspaces
from dataplatform.stores.cassandra.session import FAILURES, LEVEL, GuardedSession
from dataplatform.stores.cassandra.tables import make_tables
from dataplatform.stores.cassandra.wide import CassandraWideStore
from foundation.clock import Clock

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 5.0  # real; a projection that waited so long is tried again later
PROTOCOL = 4  # the newest that Keyspaces speaks


def open_cassandra_wide(
    hosts: Sequence[str],
    port: int,
    clock: Clock,
    *,
    iam: AuthProvider | None = None,
    answer_seconds: float = ANSWER_SECONDS,
) -> tuple[WideStore, Callable[[], None]]:
    """The store, ready for work, and what closes it. Blocks while it connects and makes missing tables.

    With ``iam``, which signs in, the hosts are Amazon Keyspaces (``cassandra.REGION.amazonaws.com``, port
    9142): TLS, and the tables with their capacity. Without it, an Apache Cassandra in plain.
    ``answer_seconds`` are real.

    Raises:
        StoreUnavailable: nobody answers there, or a table did not become ready.
    """
    session, close = open_session(hosts, port, iam=iam, answer_seconds=answer_seconds)
    return CassandraWideStore(session, clock), close


def open_session(
    hosts: Sequence[str],
    port: int,
    *,
    iam: AuthProvider | None = None,
    answer_seconds: float = ANSWER_SECONDS,
) -> tuple[GuardedSession, Callable[[], None]]:
    """What the store works through: a guarded session with the tables made, and what closes it."""
    cluster = _cluster(hosts, port, iam, answer_seconds)
    try:
        session = GuardedSession(_connected(cluster))
        schema = on_cassandra() if iam is None else on_keyspaces(CREDITDATA)
        make_tables(session, schema, managed=iam is not None)
    except BaseException:
        cluster.shutdown()
        raise
    return session, cluster.shutdown


def _connected(cluster: Cluster) -> Session:
    try:
        session = cluster.connect()
    except FAILURES as failure:
        raise StoreUnavailable("wide", type(failure).__name__) from failure
    session.use_client_timestamp = False  # two clocks must not decide which write wins
    return session


def _cluster(hosts: Sequence[str], port: int, iam: AuthProvider | None, answer_seconds: float) -> Cluster:
    profile = ExecutionProfile(
        load_balancing_policy=TokenAwarePolicy(DCAwareRoundRobinPolicy()),
        consistency_level=LEVEL,
        request_timeout=answer_seconds,
        row_factory=dict_factory,
    )
    secured: dict[str, Any] = {}
    if iam is not None:
        secured = {"auth_provider": iam, "ssl_context": ssl.create_default_context()}
        secured["ssl_options"] = {"server_hostname": hosts[0]}
    return Cluster(
        list(hosts),
        port=port,
        protocol_version=PROTOCOL,
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
        reconnection_policy=ExponentialReconnectionPolicy(0.5, 30.0),
        connect_timeout=CONNECT_SECONDS,
        control_connection_timeout=CONNECT_SECONDS,
        **secured,
    )
