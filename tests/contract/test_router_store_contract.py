"""One contract for every router store, and proof that it notices stores that break it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from alarms.errors import StoreBusy
from alarms.stores.memory import MemoryRouterStore
from alarms.stores.mysql import MysqlRouterStore
from alarms.stores.protocol import RouterStore
from alarms.stores.sqlite import SqliteRouterStore
from tests.support.broken_router_stores import BROKEN
from tests.support.local_servers import fresh_mysql, needs_mariadb
from tests.support.router_store_contract import CHECKS, incident

Check = Callable[[RouterStore], None]


def mysql(_: Path) -> RouterStore:
    return MysqlRouterStore(fresh_mysql(), server_time=False)  # the checks bring a time of their own


STORES: dict[str, Callable[[Path], RouterStore]] = {
    "memory": lambda _: MemoryRouterStore(),
    "sqlite": lambda folder: SqliteRouterStore(folder / "router.sqlite"),
    "mysql": mysql,
}


@pytest.fixture(params=["memory", "sqlite", pytest.param("mysql", marks=needs_mariadb)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RouterStore]:
    made = STORES[request.param](tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_store_keeps_the_contract(check: Check, store: RouterStore) -> None:
    check(store)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_the_contract_notices_a_broken_store(broken: type[MemoryRouterStore]) -> None:
    noticed = []
    for check in CHECKS:
        try:
            check(broken())
        except (AssertionError, IndexError):
            noticed.append(check.__name__)
    assert noticed, f"{broken.__name__} passed the whole contract"


def test_what_is_committed_is_there_after_the_file_is_opened_again(tmp_path: Path) -> None:
    first = SqliteRouterStore(tmp_path / "router.sqlite")
    with first.transaction() as tx:
        tx.save_incident(incident())
    first.close()
    second = SqliteRouterStore(tmp_path / "router.sqlite")
    assert second.incident("incident-1") == incident()
    second.close()


def test_a_file_that_is_no_database_is_said_to_be_unusable(tmp_path: Path) -> None:
    (tmp_path / "router.sqlite").write_bytes(b"this is no database" * 100)
    with pytest.raises(StoreBusy, match="not a database"):
        SqliteRouterStore(tmp_path / "router.sqlite")


def test_sqlite_syncs_every_commit(tmp_path: Path) -> None:
    store = SqliteRouterStore(tmp_path / "router.sqlite")
    with store.transaction() as tx:
        assert tx.connection.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL
        assert tx.connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    store.close()
