"""The servers of the local profile start on loopback, work, and end; what goes wrong is said plainly."""

from __future__ import annotations

from pathlib import Path

import pymysql
import pytest

from dataplatform.errors import LocalServerError
from dataplatform.local.mariadb import PASSWORD, USER, MariaDb
from dataplatform.local.redis import Redis
from dataplatform.local.server import running
from tests.support.local_servers import needs_mariadb, needs_redis


@needs_mariadb
def test_mariadb_keeps_what_it_was_given_across_a_restart_and_syncs_every_commit(tmp_path: Path) -> None:
    for round_number in (1, 2):
        with running(MariaDb(), tmp_path) as server:
            connection = pymysql.connect(host="127.0.0.1", port=server.port, user=USER, password=PASSWORD)
            with connection, connection.cursor() as cursor:
                if round_number == 1:
                    cursor.execute("CREATE DATABASE kept")
                cursor.execute("SHOW DATABASES LIKE 'kept'")
                assert cursor.fetchone() == ("kept",)
                cursor.execute("SELECT @@innodb_flush_log_at_trx_commit, @@bind_address")
                assert cursor.fetchone() == (1, "127.0.0.1")


@needs_redis
def test_redis_starts_and_ends(tmp_path: Path) -> None:
    with running(Redis(), tmp_path) as server:
        assert server.process.poll() is None
    assert server.process.poll() is not None


@needs_mariadb
def test_a_server_that_cannot_start_says_what_its_log_says(tmp_path: Path) -> None:
    with (
        pytest.raises(LocalServerError, match=r"(?s)mariadb: stopped before it answered.*no-such-option"),
        running(MariaDb({"no-such-option": 1}), tmp_path),
    ):
        raise AssertionError("it must not start")
