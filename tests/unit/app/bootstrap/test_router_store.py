"""``router_store``: which store the router gets, and what is said when it cannot be had."""

from __future__ import annotations

from pathlib import Path

import pytest

from alarms.stores.mysql import MysqlRouterStore
from alarms.stores.sqlite import SqliteRouterStore
from app.bootstrap.router import open_router
from app.settings import Settings, SettingsError, without_password
from dataplatform.local.server import free_port
from slo.loaders.catalogue_files import load_catalogue
from tests.support.alerts import burn_alert
from tests.support.command_line import mirante
from tests.support.local_servers import fresh_mysql, needs_mariadb


def test_the_router_keeps_a_file_unless_it_is_given_a_database(tmp_path: Path) -> None:
    parts = open_router(Settings(data_dir=tmp_path), load_catalogue())
    assert isinstance(parts.store, SqliteRouterStore)
    parts.store.close()


@needs_mariadb
def test_incidents_in_a_database_are_seen_by_commands_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=tmp_path / "one", router_store=fresh_mysql())
    parts = open_router(settings, load_catalogue())
    assert isinstance(parts.store, MysqlRouterStore)
    parts.router.receive(burn_alert())
    parts.store.close()
    monkeypatch.setenv("MIRANTE_ROUTER_STORE", settings.router_store)
    listed = mirante("--data-dir", tmp_path / "two", "alerts", "list")
    assert (listed.status, listed.err) == (0, "")
    assert "P1" in listed.out


@pytest.mark.parametrize(
    ("address", "shown", "problem"),
    [
        ("postgres://u:hidden@h/d", "postgres://u:********@h/d", "not the URL of a MySQL database"),
        ("mysql://u:hidden@h", "mysql://u:********@h", "not the URL of a MySQL database"),
        ("mysql://u:hidden@h:port/d", "mysql://u:********@h:port/d", "it is not a URL"),
        ("u:hidden@h/d", "********", "it is not a URL"),
        ("mysql://u:hidden@h/d?colour=red", "mysql://u:********@h/d?colour=red", "no option colour"),
    ],
)
def test_an_address_that_is_none_is_refused_without_its_password(
    address: str, shown: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIRANTE_ROUTER_STORE", address)
    ran = mirante("--data-dir", tmp_path, "alerts", "list")
    assert ran.status == 2
    assert f"router_store: {shown}: " in ran.err
    assert problem in ran.err
    assert "Write mysql://user:password@host:port/database" in ran.err
    assert "hidden" not in ran.out + ran.err


def test_a_database_that_is_not_there_is_named_with_what_to_do(tmp_path: Path) -> None:
    address = f"mysql://u:hidden@127.0.0.1:{free_port()}/router"
    with pytest.raises(SettingsError) as raised:
        open_router(Settings(data_dir=tmp_path, router_store=address), load_catalogue())
    assert f"{without_password(address)} cannot be used: " in str(raised.value)
    assert "Start that server, or correct the URL" in str(raised.value)
    assert "hidden" not in str(raised.value)


@needs_mariadb
def test_a_wrong_password_is_told_from_a_server_that_is_away(tmp_path: Path) -> None:
    address = fresh_mysql().replace("mirante-local", "hidden")
    with pytest.raises(SettingsError, match="Access denied") as raised:
        open_router(Settings(data_dir=tmp_path, router_store=address), load_catalogue())
    assert "hidden" not in str(raised.value)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("", ""),
        ("mysql://h:3306/d", "mysql://h:3306/d"),
        ("mysql://user@h/d", "mysql://user@h/d"),
        ("mysql://user:p@ss:w@h:3306/d", "mysql://user:********@h:3306/d"),
        ("user:secret@h", "********"),
    ],
)
def test_an_address_is_shown_without_its_password(address: str, shown: str) -> None:
    assert without_password(address) == shown
    assert Settings(router_store=address).masked()["router_store"] == shown
