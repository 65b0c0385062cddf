"""The wide store on a real Cassandra: what the contract cannot ask of every store."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from credit.domain.errors import StoreUnavailable
from credit.ports.projections import WideRow
from dataplatform.local.server import LOOPBACK, free_port
from dataplatform.schemas.cassandra.creditdata import QUALIFIED, on_cassandra
from dataplatform.stores.cassandra.opening import open_cassandra_wide
from dataplatform.stores.cassandra.tables import make_tables, table_status
from dataplatform.stores.cassandra.wide import CassandraWideStore
from foundation.clock import ManualClock, SystemClock
from tests.support.credit_samples import NOON, a_wide_row
from tests.support.keyspaces_door import status_tables
from tests.support.local_servers import cassandra, cassandra_session, empty_cassandra, needs_cassandra
from tests.support.patience import patience

pytestmark = needs_cassandra


@pytest.fixture
def store() -> CassandraWideStore:
    return CassandraWideStore(empty_cassandra(), ManualClock(NOON))


def raw(cql: str) -> list[dict[str, Any]]:
    """Past the guard, as a person with a CQL shell."""
    return list(cassandra_session()._session.execute(cql))


def a_transaction(number: int = 1, **changes: object) -> WideRow:
    columns = {"transaction_id": f"T-{number}", "amount_cents": 1234 + number, "status": "PENDING"}
    row = a_wide_row(data_type=f"TRANSACTION#{number:08d}#T-{number}", columns=columns)
    return replace(row, **changes)  # type: ignore[arg-type]


async def test_the_documents_columns_can_be_read_with_cql_and_the_server_drops_the_row_after_its_time(
    store: CassandraWideStore,
) -> None:
    await store.put_if_newer(a_transaction(expires_at=NOON + timedelta(days=30)))
    (row,) = raw(f"SELECT transaction_id, amount, status, ttl, TTL(digest) AS left FROM {QUALIFIED}")
    assert (row["transaction_id"], row["amount"], row["status"]) == ("T-1", Decimal("12.35"), "PENDING")
    assert row["ttl"] == (NOON + timedelta(days=30)).replace(tzinfo=None)
    assert 30 * 86400 - 3600 < row["left"] <= 30 * 86400


async def test_a_number_changed_by_hand_is_seen(store: CassandraWideStore) -> None:
    row = a_transaction()
    await store.put_if_newer(row)
    raw(
        f"UPDATE {QUALIFIED} SET amount = 99.99 "
        f"WHERE customer_id = 'C-00001' AND data_type = '{row.data_type}'"
    )
    found = await store.get("C-00001", row.data_type)
    assert found is not None
    assert (found.columns["amount_cents"], found.digest) == (9999, row.digest)


async def test_a_lasting_row_that_is_given_a_lifetime_leaves_no_ghost(store: CassandraWideStore) -> None:
    await store.put_if_newer(a_transaction())
    await store.put_if_newer(a_transaction(version=2, expires_at=NOON + timedelta(seconds=1)))
    await asyncio.to_thread(until_the_server_dropped_its_cells)
    assert await store.get("C-00001", a_transaction().data_type) is None
    assert list(await store.scan(10)) == []
    assert await store.put_if_newer(a_transaction())


def until_the_server_dropped_its_cells() -> None:
    while any(row["version"] is not None for row in raw(f"SELECT version FROM {QUALIFIED}")):
        time.sleep(0.1)


async def test_a_large_partition_is_filled_by_batches_and_read_by_pages(store: CassandraWideStore) -> None:
    rows = [a_transaction(number) for number in range(1, 1_201)]
    await store.fill([*rows, a_wide_row(2), a_transaction(5_000, expires_at=NOON + timedelta(days=1))])
    found = await store.range("C-00001", "TRANSACTION#", "TRANSACTION$", limit=1_100)
    assert list(found) == rows[:1_100]
    assert len(await store.scan(5_000)) == 1_202


async def test_one_kind_of_row_of_many_customers_takes_few_requests(store: CassandraWideStore) -> None:
    rows = [a_wide_row(number) for number in range(1, 131)]
    await store.fill(rows)
    wanted = [f"C-{number:05d}" for number in range(1, 200)]
    found = await store.get_many(wanted, "CUSTOMER_PROFILE")
    assert sorted(row.customer_id for row in found) == wanted[:130]
    assert await store.get_many(wanted, "OTHER") == []


@contextmanager
def paused(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def test_a_server_that_hangs_blocks_nobody_and_makes_the_store_unavailable() -> None:
    empty_cassandra()
    wide, close = open_cassandra_wide([LOOPBACK], cassandra().port, SystemClock(), answer_seconds=1.0)
    try:
        await wide.get("C-00001", "CUSTOMER_PROFILE")
        with paused(cassandra().pid):
            asking = asyncio.ensure_future(wide.get("C-00001", "CUSTOMER_PROFILE"))
            turns = 0
            while not asking.done():
                await asyncio.sleep(0.01)
                turns += 1
        with pytest.raises(StoreUnavailable, match="the wide store is unavailable: OperationTimedOut"):
            await asking
        assert turns > 10
        assert await wide.get("C-00001", "CUSTOMER_PROFILE") is None
    finally:
        close()


def test_nobody_there_is_said_at_once_and_without_an_address() -> None:
    port = free_port()
    began = time.monotonic()
    with pytest.raises(StoreUnavailable) as gone:
        open_cassandra_wide([LOOPBACK], port, SystemClock())
    assert time.monotonic() - began < patience(30)
    assert LOOPBACK not in str(gone.value)
    assert str(port) not in str(gone.value)


def test_a_table_that_comes_later_than_asked_is_waited_for() -> None:
    """The status tables of Keyspaces, made by hand, on a real server."""
    session = cassandra_session()
    place = "keyspace_name = 'creditplatform' AND table_name = 'creditdata'"
    steps = iter(
        (
            "INSERT INTO system_schema_mcs.keyspaces (keyspace_name) VALUES ('creditplatform')",
            f"UPDATE system_schema_mcs.tables SET status = 'CREATING' WHERE {place}",
            f"UPDATE system_schema_mcs.tables SET status = 'ACTIVE' WHERE {place}",
        )
    )
    waits: list[float] = []

    def pause(seconds: float) -> None:
        waits.append(seconds)
        raw(next(steps))

    with status_tables(raw):
        assert table_status(session) is None
        make_tables(session, on_cassandra(), managed=True, pause=pause)
        assert (len(waits), table_status(session)) == (3, "ACTIVE")
        raw(f"UPDATE system_schema_mcs.tables SET status = 'CREATING' WHERE {place}")
        with pytest.raises(StoreUnavailable, match="its table was not ready within 2 s"):
            make_tables(session, on_cassandra(), managed=True, patience=2.0, pause=waits.append)
