"""The platform works as a user who may do no more than it needs and cannot reach into the audit trail."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pymysql
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from credit.domain.errors import StoreUnavailable
from dataplatform.ingestion.processing_log import BatchOutcome
from dataplatform.local.server import LOOPBACK
from dataplatform.schemas.mysql.grants import RIGHTS, grants
from dataplatform.stores.mysql.endpoint import make_engine
from dataplatform.stores.mysql.relational import open_mysql_relational
from dataplatform.stores.mysql.upgrade import upgrade
from dataplatform.stores.relational.processing_log import SqlProcessingLog
from dataplatform.stores.relational.store import RelationalStore
from foundation.clock import SystemClock
from tests.support.credit_policies import compiled
from tests.support.credit_samples import NOON, a_decision, a_key, a_profile, a_transaction
from tests.support.local_servers import fresh_mysql, mariadb, needs_mariadb

pytestmark = needs_mariadb
PASSWORD = "of-the-test"


def as_root(*statements: str) -> None:
    socket = str(mariadb().folder / "mariadb" / "mariadb.sock")
    with (
        pymysql.connect(unix_socket=socket, user="root", autocommit=True) as connection,
        connection.cursor() as cursor,
    ):
        for statement in statements:
            cursor.execute(statement)


@pytest.fixture
def address() -> str:
    """A database on the newest schema, as its restricted user sees it."""
    owner = fresh_mysql()
    engine = make_engine(owner, connections=1)
    upgrade(engine, "relational")
    engine.dispose()
    database = make_url(owner).database
    assert database is not None
    account = f"'{database}'@'{LOOPBACK}'"
    as_root(f"CREATE USER {account} IDENTIFIED BY '{PASSWORD}'", *grants(database, account))
    return make_url(owner).set(username=database, password=PASSWORD).render_as_string(hide_password=False)


@pytest.fixture
async def relational(address: str) -> AsyncIterator[RelationalStore]:
    opened = open_mysql_relational(address, None, SystemClock())
    yield opened
    await opened.close()


async def test_everything_that_the_platform_does_it_may_do(relational: RelationalStore) -> None:
    await relational.policies.activate(compiled().spec, "api")
    await relational.customers.upsert_many([a_profile(1), a_profile(1, version=2)])
    await relational.transactions.add_many([a_transaction(1)])
    await relational.decisions.record(a_decision(1), a_key(1))
    await SqlProcessingLog(relational.database).add(BatchOutcome("w", NOON, 0.1, "1", "2", 2, 0, 0, 0))
    rows = await relational.outbox.claim("w", 10, 60.0)
    await relational.outbox.failed("w", [rows[0].row_id], "down")
    await relational.outbox.done("w", [row.row_id for row in rows[1:]])
    await relational.sagas.begin("saga-1", "disbursement", b"{}")
    assert await relational.outbox.depth() == 1
    assert await relational.comparison.population() == 3
    assert len(await relational.audit.entries(10)) == 4


def test_the_audit_trail_can_be_neither_changed_nor_emptied_nor_unguarded(
    address: str, relational: RelationalStore
) -> None:
    engine = make_engine(address, connections=1)
    for statement in (
        "UPDATE audit SET actor = 'nobody'",
        "DELETE FROM audit",
        "TRUNCATE TABLE audit",
        "DROP TABLE audit",
        "DROP TRIGGER audit_is_append_only_update",
        "ALTER TABLE audit ADD COLUMN more INTEGER",
        "DELETE FROM credit_decisions",
        "UPDATE credit_policies SET name = 'other'",
    ):
        with pytest.raises(DBAPIError, match="denied"), engine.begin() as connection:
            connection.execute(text(statement))
    engine.dispose()


async def test_a_right_that_is_missing_is_told_as_such(address: str) -> None:
    database = make_url(address).database
    as_root(f"REVOKE {RIGHTS['audit']} ON `{database}`.audit FROM '{database}'@'{LOOPBACK}'")
    opened = open_mysql_relational(address, None, SystemClock())
    with pytest.raises(StoreUnavailable, match="this user may not use a table; check its grants"):
        await opened.decisions.record(a_decision(1), a_key(1))
    assert await opened.decisions.count() == 0
    await opened.close()
