"""One contract for every router store, and proof that it notices stores that break it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from alarms.stores.mysql import MysqlRouterStore
from alarms.stores.protocol import RouterStore
from alarms.stores.sqlite import SqliteRouterStore
from foundation.sqlite_ladder import UnusableFile
from tests.support.broken_router_stores import BROKEN, BROKEN_UNDER_A_RACE
from tests.support.local_servers import fresh_mysql, needs_mariadb
from tests.support.router_store_contract import CHECKS, incident
from tests.support.router_store_races import RACES, Open

Check = Callable[[RouterStore], None]
Race = Callable[[Open], None]


def on_mysql(_: Path) -> Open:
    address = fresh_mysql()
    return lambda: MysqlRouterStore(address, server_time=False)  # the checks bring a time of their own


ADAPTERS: dict[str, Callable[[Path], Open]] = {
    "memory": lambda _: SqliteRouterStore,
    "sqlite": lambda folder: lambda: SqliteRouterStore(folder / "router.sqlite"),
    "mysql": on_mysql,
}
SHARED = ("sqlite", pytest.param("mysql", marks=needs_mariadb))


@pytest.mark.parametrize("adapter", ["memory", *SHARED])
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_store_keeps_the_contract(check: Check, adapter: str, tmp_path: Path) -> None:
    with closing(ADAPTERS[adapter](tmp_path)()) as store:
        check(store)


@pytest.mark.parametrize("adapter", SHARED)
@pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
def test_every_store_that_is_shared_keeps_it_under_a_race(race: Race, adapter: str, tmp_path: Path) -> None:
    race(ADAPTERS[adapter](tmp_path))


@pytest.mark.parametrize("broken", BROKEN_UNDER_A_RACE, ids=lambda broken: broken.__name__)
def test_the_races_notice_a_broken_store(broken: type[SqliteRouterStore]) -> None:
    noticed = []
    for race in RACES:
        shared = broken()
        try:
            race(lambda shared=shared: shared)  # type: ignore[misc]
        except (AssertionError, ValueError, sqlite3.IntegrityError):  # by the promise, or by the file itself
            noticed.append(race.__name__)
    assert noticed, f"{broken.__name__} won every race"


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_the_contract_notices_a_broken_store(broken: type[SqliteRouterStore]) -> None:
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
    with pytest.raises(UnusableFile, match="not a database"):
        SqliteRouterStore(tmp_path / "router.sqlite")


def test_sqlite_syncs_every_commit(tmp_path: Path) -> None:
    store = SqliteRouterStore(tmp_path / "router.sqlite")
    with store.writing() as session:
        assert session.rows("PRAGMA synchronous") == [(2,)]  # FULL
        assert session.rows("PRAGMA journal_mode") == [("wal",)]
    store.close()
