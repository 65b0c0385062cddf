"""The relational store on a real server that deadlocks, moves, is full, is killed, or loses its clients."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pymysql
import pytest
from sqlalchemy import Engine, text

from credit.domain.errors import StoreUnavailable
from dataplatform.local.mariadb import PASSWORD, USER, MariaDb
from dataplatform.local.server import LOOPBACK, Running, start, stop
from dataplatform.resilience.retry import RetryPolicy
from dataplatform.stores.mysql.database import MysqlDatabase
from dataplatform.stores.mysql.endpoint import PoolLimits
from dataplatform.stores.mysql.relational import open_mysql_relational
from dataplatform.stores.relational.session import Contended, RelationalSession, integer
from dataplatform.stores.relational.store import RelationalStore
from foundation.clock import SystemClock
from tests.support.credit_samples import a_decision, a_key
from tests.support.local_servers import fresh_mysql, needs_mariadb
from tests.support.mysql_trail import PATIENCE, engine_of, nobody_appends, wait_for_pivots
from tests.support.new_database import make_database
from tests.support.patience import patience
from tests.support.whole_chain import verify

pytestmark = needs_mariadb
SCRIPT = Path(__file__).parents[1] / "support" / "record_decisions.py"
ROUNDS = 12 if os.environ.get("MIRANTE_PROOF") == "full" else 2
TOO_MANY_CONNECTIONS = 1040


@asynccontextmanager
async def opened(address: str, limits: PoolLimits | None = None) -> AsyncIterator[RelationalStore]:
    relational = open_mysql_relational(address, None, SystemClock(), limits)
    try:
        yield relational
    finally:
        await relational.close()


def counts(engine: Engine) -> dict[str, int]:
    """Rows of each table that the pivot writes."""
    tables = ("credit_decisions", "idempotency_keys", "outbox", "audit")
    with engine.connect() as connection:
        return {t: connection.execute(text(f"SELECT count(*) FROM {t}")).scalar_one() for t in tables}


async def whole(relational: RelationalStore, engine: Engine, acked: set[int]) -> int:
    """Nothing lost, nothing half: every acknowledged decision, and as many rows beside each as it has."""
    for number in acked:
        assert await relational.decisions.find(a_decision(number).decision_id) == a_decision(number)
    found = counts(engine)
    assert len(set(found.values())) == 1, found
    recorded = found["credit_decisions"]
    report = verify(await relational.audit.entries(recorded + 1), [])
    assert (report.intact, report.entries) == (True, recorded)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT sequence FROM audit_head")).scalar_one() == recorded
    assert recorded >= len(acked)
    return recorded


def client(address: str, first: int, concurrency: int) -> subprocess.Popen[str]:
    """Another process that records decisions without end and says which were acknowledged."""
    command = [sys.executable, str(SCRIPT), address, str(first), "100000", str(concurrency)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


async def test_a_client_killed_within_the_pivot_leaves_nothing_of_it() -> None:
    address = fresh_mysql()
    async with opened(address) as relational:
        with engine_of(address) as engine:
            with nobody_appends(engine), client(address, 1, 4) as process:
                wait_for_pivots(engine, 4)
                process.kill()
            wait_for_pivots(engine, 0)
            assert await whole(relational, engine, set()) == 0
            assert not (await relational.decisions.record(a_decision(1), a_key(1))).replayed


@pytest.mark.proof
async def test_clients_killed_at_any_moment_lose_nothing_acknowledged_and_leave_nothing_half() -> None:
    address, acked, dice, first = fresh_mysql(), set[int](), Random(20), 1
    async with opened(address) as relational:
        with engine_of(address) as engine:
            for _ in range(ROUNDS):
                after = dice.randint(1, 120)
                with client(address, first, 8) as process:
                    assert process.stdout is not None
                    numbers: list[int] = []
                    for line in process.stdout:
                        if line.startswith("acked") and line.endswith("\n"):
                            numbers.append(int(line.split()[1]))
                        if len(numbers) == after:
                            process.kill()
                assert process.returncode == -signal.SIGKILL
                acked.update(numbers)
                first = max(numbers) + 100
            await whole(relational, engine, acked)


async def test_a_killed_server_keeps_what_it_acknowledged_and_its_clients_heal(tmp_path: Path) -> None:
    server = start(MariaDb(), tmp_path)
    try:
        address = make_database(server.port, "kept")
        async with opened(address) as relational:
            acked: set[int] = set()
            refused: list[StoreUnavailable] = []

            async def record(numbers: range) -> None:
                for number in numbers:
                    try:
                        await relational.decisions.record(a_decision(number), a_key(number))
                    except StoreUnavailable as error:
                        refused.append(error)
                        return
                    acked.add(number)
                    if len(acked) == 60:
                        os.kill(server.pid, signal.SIGKILL)

            spans = [range(1_000 * n, 1_000 * n + 1_000) for n in range(1, 7)]
            await asyncio.gather(*(record(span) for span in spans))
            server.process.wait(patience(PATIENCE))
            assert len(acked) >= 60
            assert len(refused) == len(spans), "each client was told"
            with pytest.raises(StoreUnavailable, match=r"connection"):
                await relational.decisions.count()
            server = start(MariaDb(), tmp_path, server.port)
            with engine_of(address) as engine:
                await whole(relational, engine, acked)
            assert not (await relational.decisions.record(a_decision(1), a_key(1))).replayed
    finally:
        stop(server)


async def test_each_answer_waits_for_a_sync_of_the_servers_log() -> None:
    address = fresh_mysql()
    with engine_of(address) as engine:

        def syncs() -> int:
            with engine.connect() as connection:
                setting = connection.execute(text("SELECT @@innodb_flush_log_at_trx_commit")).scalar_one()
                assert setting == 1
                return int(connection.execute(text("SHOW GLOBAL STATUS LIKE 'Innodb_data_fsyncs'")).one()[1])

        async with opened(address) as relational:
            for number in range(1, 11):
                before = syncs()
                await relational.decisions.record(a_decision(number), a_key(number))
                assert syncs() > before


async def test_lost_connections_are_unavailable_once_and_replaced() -> None:
    address = fresh_mysql()
    async with opened(address, PoolLimits(connections=2)) as relational:
        database = relational.database
        with engine_of(address) as engine:

            def killed_under_its_work(session: RelationalSession) -> None:
                own = integer(session, "SELECT connection_id()")
                with engine.begin() as other:
                    other.execute(text(f"KILL CONNECTION {own}"))
                session.rows("SELECT 1")

            with pytest.raises(StoreUnavailable, match="the connection was lost"):
                await database.write(killed_under_its_work)
            with engine.begin() as other:
                for row in other.execute(
                    text(
                        "SELECT id FROM information_schema.processlist "
                        "WHERE db = database() AND id <> connection_id()"
                    )
                ).all():
                    other.execute(text(f"KILL CONNECTION {row[0]}"))
        answers = await asyncio.gather(*(relational.decisions.count() for _ in range(8)))
        assert answers == [0] * 8


class Crossing:
    """Two transactions that take two rows in opposite order, each waiting until the other has its first."""

    def __init__(self) -> None:
        self._met = threading.Barrier(2)
        self.runs = dict.fromkeys("ab", 0)

    def work(self, name: str, first: int, second: int) -> Callable[[RelationalSession], None]:
        def cross(session: RelationalSession) -> None:
            self.runs[name] += 1
            session.change(ONE_MORE, {"id": first})
            if self.runs[name] == 1:
                self._met.wait(patience(PATIENCE))
            session.change(ONE_MORE, {"id": second})

        return cross


ONE_MORE = "UPDATE pair SET n = n + 1 WHERE id = :id"
BOTH = "SELECT n FROM pair"


def make_pair(session: RelationalSession) -> None:
    session.change("CREATE TABLE pair (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)")
    session.change("INSERT INTO pair VALUES (1, 0), (2, 0)")


async def test_a_deadlock_is_rolled_back_and_done_again() -> None:
    async with opened(fresh_mysql()) as relational:
        database, crossing = relational.database, Crossing()
        await database.write(make_pair)
        await asyncio.gather(
            database.write(crossing.work("a", 1, 2)), database.write(crossing.work("b", 2, 1))
        )
        assert sorted(crossing.runs.values()) == [1, 2], "one was the victim, and ran again"
        assert await database.read(lambda session: session.rows(BOTH)) == [(2,), (2,)]


async def test_a_record_held_for_too_long_is_unavailable_after_a_bounded_numberof_tries() -> None:
    address, tries = fresh_mysql(), []
    database = MysqlDatabase(
        address, None, "relational", SystemClock(), contention=RetryPolicy(attempts=2, base_seconds=0.001)
    )

    def impatient(session: RelationalSession) -> None:
        tries.append(1)
        session.change("SET SESSION innodb_lock_wait_timeout = 1")
        session.change(ONE_MORE, {"id": 1})

    await database.write(make_pair)
    with engine_of(address) as engine, engine.begin() as holder:
        holder.execute(text(ONE_MORE), {"id": 1})
        with pytest.raises(Contended, match="held a record for too long"):
            await database.write(impatient)
    assert len(tries) == 2
    await database.write(impatient)
    assert await database.read(lambda session: session.rows(BOTH)) == [(2,), (0,)]
    await database.close()


async def test_more_calls_than_may_wait_are_refused_at_once() -> None:
    async with opened(fresh_mysql(), PoolLimits(connections=1, calls=3)) as relational:
        calls = [relational.decisions.count() for _ in range(5)]
        answers = await asyncio.gather(*calls, return_exceptions=True)
        assert [a for a in answers if a == 0] == [0] * 3
        assert [str(a) for a in answers[3:]] == [
            "the relational store is unavailable: 3 calls are already in progress"
        ] * 2
        assert relational.database.saturation == 0.0


async def test_a_process_opens_no_more_connections_than_its_pool_may() -> None:
    address = fresh_mysql()
    async with opened(address, PoolLimits(connections=3)) as relational:

        def seen_from_within(session: RelationalSession) -> int:
            session.rows("SELECT SLEEP(0.05)")
            return integer(
                session, "SELECT count(*) FROM information_schema.processlist WHERE db = database()"
            )

        seen = await asyncio.gather(*(relational.database.read(seen_from_within) for _ in range(12)))
    assert max(seen) == 3


def test_a_hundred_processes_fit_into_the_documents_2000_connections() -> None:
    """ADR 12: a tenth is kept for people and exporters, and a reader endpoint may lead to the writer, too."""
    assert (2_000 - 200) // (2 * PoolLimits().connections) >= 100


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of this module's own, for settings that hold for all of a server."""
    server = start(MariaDb(), tmp_path_factory.mktemp("own"))
    yield server
    stop(server)


def administer(server: Running, *statements: str) -> None:
    """As root, who may make users and always finds a connection."""
    connection = pymysql.connect(
        unix_socket=str(server.folder / "mariadb" / "mariadb.sock"), user="root", autocommit=True
    )
    with connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def every_connection(server: Running) -> Iterator[pymysql.connections.Connection[pymysql.cursors.Cursor]]:
    """Until the server has none left."""
    while True:
        try:
            yield pymysql.connect(host=LOOPBACK, port=server.port, user=USER, password=PASSWORD)
        except pymysql.OperationalError as error:
            if error.args[0] != TOO_MANY_CONNECTIONS:
                raise
            return


async def test_a_server_without_a_connection_left_is_unavailable_until_it_has_one(
    own_server: Running,
) -> None:
    address = make_database(own_server.port, "full")
    async with opened(address, PoolLimits(connections=4)) as relational:
        administer(own_server, "SET GLOBAL max_connections = 10")
        held = list(every_connection(own_server))
        try:
            with pytest.raises(StoreUnavailable, match="no free connection"):
                await asyncio.gather(*(relational.decisions.count() for _ in range(4)))
        finally:
            for connection in held:
                connection.close()
        await wait_for_answer(relational)
        administer(own_server, "SET GLOBAL max_connections = 151")


async def test_a_writer_that_became_a_reader_is_let_go_of(own_server: Running) -> None:
    """As in a failover of a cluster: the name leads to another server, but old connections do not."""
    address = make_database(own_server.port, "moved")
    administer(
        own_server,
        f"CREATE USER 'application'@'{LOOPBACK}' IDENTIFIED BY 'of-the-test'",
        f"GRANT ALL ON moved.* TO 'application'@'{LOOPBACK}'",
    )
    plain = address.replace(f"{USER}:{PASSWORD}", "application:of-the-test")
    async with opened(plain, PoolLimits(connections=1)) as relational:
        own = "SELECT connection_id()"
        before = await relational.database.read(lambda session: integer(session, own))
        assert before == await relational.database.read(lambda session: integer(session, own))
        administer(own_server, "SET GLOBAL read_only = ON")
        with pytest.raises(StoreUnavailable, match="the writer moved"):
            await relational.decisions.record(a_decision(1), a_key(1))
        administer(own_server, "SET GLOBAL read_only = OFF")
        assert not (await relational.decisions.record(a_decision(1), a_key(1))).replayed
        assert before != await relational.database.read(lambda session: integer(session, own))


async def wait_for_answer(relational: RelationalStore) -> None:
    async with asyncio.timeout(patience(PATIENCE)):
        while True:
            try:
                assert await relational.decisions.count() == 0
                return
            except StoreUnavailable:
                await asyncio.sleep(0.05)
