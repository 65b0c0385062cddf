"""A schema is brought up once, by one of several processes, and a newer program's is never touched."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from foundation.sqlite_ladder import NewerFile, climb

FIRST = "CREATE TABLE IF NOT EXISTS a (x INTEGER) STRICT;\nCREATE TABLE IF NOT EXISTS b (t TEXT DEFAULT ';');"
SECOND = "ALTER TABLE a ADD COLUMN y INTEGER; -- twice it would fail\nINSERT INTO a VALUES (1, 2);"


def connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, timeout=30)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file.sqlite"


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    opened = connect(path)
    yield opened
    opened.close()


def version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_a_new_file_climbs_every_rung(connection: sqlite3.Connection, path: Path) -> None:
    assert climb(connection, path, [FIRST, SECOND]) == version(connection) == 2
    assert connection.execute("SELECT * FROM a").fetchall() == [(1, 2)]


def test_a_file_made_before_versions_were_kept_stays_as_it_is(
    connection: sqlite3.Connection, path: Path
) -> None:
    connection.execute("CREATE TABLE a (x INTEGER) STRICT")
    connection.execute("INSERT INTO a VALUES (7)")
    climb(connection, path, [FIRST])
    assert version(connection) == 1
    assert connection.execute("SELECT * FROM a").fetchall() == [(7,)]


def test_a_newer_file_is_refused_and_not_touched(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA user_version = 3")
    with pytest.raises(
        NewerFile,
        match=r"file\.sqlite: its schema is version 3, but this program knows "
        r"versions up to 2",
    ):
        climb(connection, path, [FIRST, SECOND])
    assert version(connection) == 3
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


def test_a_rung_that_fails_leaves_no_trace(connection: sqlite3.Connection, path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        climb(connection, path, [FIRST, "CREATE TABLE c (x); NOT SQL;"])
    assert version(connection) == 1
    assert not connection.in_transaction
    assert not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'c'").fetchall()


def test_several_processes_that_climb_at_once_take_each_rung_once(path: Path) -> None:
    with connect(path) as first:
        first.execute("PRAGMA journal_mode = WAL")
        climb(first, path, [FIRST])

    def take() -> int:
        with connect(path) as mine:
            return climb(mine, path, [FIRST, SECOND])

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda _: take(), range(8))) == [2] * 8
    with connect(path) as last:
        assert last.execute("SELECT count(*) FROM a").fetchone() == (1,)
