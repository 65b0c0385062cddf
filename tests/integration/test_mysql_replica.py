"""Read your writes with a real replica that stands still: what a task wrote it reads, whatever the lag."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextvars import Context
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import pymysql
import pytest

from app.bootstrap.server_probes import mysql_connection
from credit.domain.errors import InvalidValue
from dataplatform.consistency.sides import SourceKey
from dataplatform.local.mariadb import PASSWORD, USER, MariaDb, address
from dataplatform.local.server import LOOPBACK, Running, running
from dataplatform.stores.mysql.database import LAG_BOUND_SECONDS
from dataplatform.stores.mysql.relational import open_mysql_relational
from dataplatform.stores.relational.store import RelationalStore
from exporters.probes.mysql_server import MysqlServer
from foundation.clock import ManualClock
from tests.support.credit_samples import NOON, a_decision, a_key, a_profile
from tests.support.local_servers import needs_mariadb
from tests.support.new_database import make_database
from tests.support.patience import wait_until

pytestmark = needs_mariadb
DATABASE = "replicated"
T = TypeVar("T")


@dataclass
class Cluster:
    """A writer and one reader that follows it, or stands still while told to."""

    writer: Running
    reader: Running

    def follow(self) -> None:
        ask(self.reader, "START SLAVE")
        wait_until(self._caught_up, 60, "the replica to catch up")

    def stand_still(self) -> None:
        wait_until(self._caught_up, 60, "the replica to catch up")
        ask(self.reader, "STOP SLAVE")

    def held_back(self) -> None:
        """Follow, as late as the replica was told to; with something to be late with."""
        ask(self.reader, "START SLAVE")
        ask(self.writer, f"CREATE OR REPLACE TABLE {DATABASE}.late (id INT)")

    def _caught_up(self) -> bool:
        return ask(self.reader, "SELECT @@gtid_slave_pos") == ask(self.writer, "SELECT @@gtid_binlog_pos")


def ask(server: Running, statement: str) -> object:
    connection = pymysql.connect(
        host=LOOPBACK, port=server.port, user=USER, password=PASSWORD, autocommit=True
    )
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    writing = MariaDb({"server-id": 1, "log-bin": "binlog", "binlog-format": "ROW"})
    with (
        running(writing, folder / "writer") as writer,
        running(MariaDb({"server-id": 2, "read-only": 1}), folder / "reader") as reader,
    ):
        ask(reader, "SET GLOBAL gtid_slave_pos = ''")
        ask(
            reader,
            f"CHANGE MASTER TO MASTER_HOST = '{LOOPBACK}', MASTER_PORT = {writer.port}, "
            f"MASTER_USER = '{USER}', MASTER_PASSWORD = '{PASSWORD}', MASTER_USE_GTID = slave_pos",
        )
        cluster = Cluster(writer, reader)
        make_database(writer.port, DATABASE)
        cluster.follow()
        yield cluster
        ask(reader, "STOP SLAVE")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
async def relational(cluster: Cluster, clock: ManualClock) -> AsyncIterator[RelationalStore]:
    opened = open_mysql_relational(
        address(cluster.writer.port, DATABASE), address(cluster.reader.port, DATABASE), clock
    )
    cluster.stand_still()
    try:
        yield opened
    finally:
        cluster.follow()
        await opened.close()


async def as_a_stranger(call: Coroutine[Any, Any, T]) -> T:
    """In a task that has nothing to do with this one, as another request would."""
    return await asyncio.create_task(call, context=Context())


async def test_a_task_reads_its_own_writes_until_every_replica_must_have_them(
    cluster: Cluster, relational: RelationalStore, clock: ManualClock
) -> None:
    old, new = a_profile(1), a_profile(1, version=2)
    await relational.customers.upsert(old)
    cluster.follow()
    cluster.stand_still()
    await relational.customers.upsert(new)
    assert await relational.customers.get("C-00001") == new, "the task that wrote is led to the writer"
    assert await asyncio.create_task(relational.customers.get("C-00001")) == new, "so are tasks it starts"
    assert await as_a_stranger(relational.customers.get("C-00001")) == old, "others read the replica"
    clock.advance(timedelta(seconds=LAG_BOUND_SECONDS))
    assert await relational.customers.get("C-00001") == old, "from the bound on it reads the replica again"


async def test_a_write_that_failed_may_have_been_done_so_its_task_reads_the_writer(
    cluster: Cluster, relational: RelationalStore
) -> None:
    await relational.customers.upsert(a_profile(2))
    cluster.follow()
    cluster.stand_still()
    await as_a_stranger(relational.customers.upsert(a_profile(2, version=2)))
    assert await as_a_stranger(relational.customers.get("C-00002")) == a_profile(2)

    async def fails_then_reads() -> object:
        with pytest.raises(InvalidValue):
            await relational.customers.upsert(a_profile(99, cpf_index=a_profile(2).cpf_index))
        return await relational.customers.get("C-00002")

    assert await as_a_stranger(fails_then_reads()) == a_profile(2, version=2)


async def test_what_the_replica_lacks_is_looked_for_at_the_writer(relational: RelationalStore) -> None:
    await as_a_stranger(relational.decisions.record(a_decision(5), a_key(5)))
    assert await as_a_stranger(relational.decisions.find(a_decision(5).decision_id)) == a_decision(5)
    assert await as_a_stranger(relational.decisions.find("nobody")) is None


async def test_what_must_be_the_newest_is_always_asked_of_the_writer(relational: RelationalStore) -> None:
    await as_a_stranger(relational.decisions.record(a_decision(6), a_key(6)))
    assert await as_a_stranger(relational.decisions.find_by_key(a_key(6))) == a_decision(6)
    head = await as_a_stranger(relational.audit.head())
    assert head is not None
    assert head.subject == a_decision(6).decision_id
    key = SourceKey("decision", a_decision(6).decision_id)
    (state,) = await as_a_stranger(relational.comparison.states([key]))
    assert state.pending
    assert await as_a_stranger(relational.outbox.depth()) > 0


def test_the_exporter_tells_how_far_a_reader_is_behind_and_nothing_while_it_stands_still(
    cluster: Cluster,
) -> None:
    probe = MysqlServer(
        "aurora",
        mysql_connection(address(cluster.reader.port, DATABASE)),
        prefix="reader_",
        replica=True,
        lag_limit_seconds=2.0,
    )
    cluster.follow()
    assert probe.read().ratios["replication_lag"] == 0.0
    cluster.stand_still()
    standing = probe.read().ratios
    assert "replication_lag" not in standing, "a replica that does not run has no lag, not a lag of 0"
    assert standing["reader_connections"] > 0.0
    ask(cluster.reader, "CHANGE MASTER TO MASTER_DELAY = 3600")
    cluster.held_back()
    try:
        wait_until(lambda: probe.read().ratios["replication_lag"] >= 1.0, 60, "the lag to grow")
    finally:
        ask(cluster.reader, "STOP SLAVE")
        ask(cluster.reader, "CHANGE MASTER TO MASTER_DELAY = 0")
        cluster.follow()
