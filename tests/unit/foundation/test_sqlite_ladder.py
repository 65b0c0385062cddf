"""A schema is brought up once, by one of several processes, and a newer program's is never touched."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from foundation.sqlite_ladder import NewerFile, UnusableFile, climb, look_at, open_to_read, open_to_write

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


# -- the look before the opening


def made(path: Path, *statements: str) -> bytes:
    """The file's bytes, in a journal mode that changes with our first write."""
    connection = connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.close()
    return path.read_bytes()


FOREIGN = "CREATE TABLE of_another_program (x)"


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        ([FOREIGN], "of another program"),
        ([FOREIGN, "PRAGMA user_version = 1"], "of another program"),
        (["PRAGMA user_version = 1"], "of another program"),
        (["CREATE TABLE a (x)", "PRAGMA user_version = 2"], "parts of ours are missing"),
        (["CREATE TABLE a (x)", "CREATE TABLE b (t)", "PRAGMA user_version = -5"], "of another program"),
        (["PRAGMA user_version = 3"], "knows versions up to 2"),
    ],
)
def test_a_file_that_is_not_ours_is_refused_with_its_bytes_as_they_were(
    path: Path, statements: list[str], told: str
) -> None:
    before = made(path, *statements)
    for opening in (open_to_write, open_to_read):
        with pytest.raises(UnusableFile, match=rf"file\.sqlite: .*{told}.*\. [RU]"):
            opening(path, [FIRST, SECOND], busy_seconds=1.0)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"no database " * 100, b"SQLite format 3\0" + b"\xff" * 4_000])
def test_a_damaged_file_is_refused_with_its_bytes_as_they_were(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    for opening in (open_to_write, open_to_read):
        with pytest.raises(UnusableFile, match=r"damaged or is not a database .*\. Restore it from a backup"):
            opening(path, [FIRST], busy_seconds=1.0)
    assert path.read_bytes() == content


def test_a_folder_is_said_to_be_one(path: Path) -> None:
    path.mkdir()
    with pytest.raises(UnusableFile, match="it is a folder"):
        open_to_write(path, [FIRST], busy_seconds=1.0)


@pytest.mark.parametrize("must_exist", [False, True])
def test_a_link_to_nothing_is_not_taken_for_a_file_yet_to_be_made(path: Path, must_exist: bool) -> None:
    path.symlink_to(path.parent / "gone")
    with pytest.raises(UnusableFile, match="link to nothing"):
        look_at(path, [FIRST], must_exist=must_exist)


def test_reading_makes_no_file_and_takes_no_empty_one(path: Path) -> None:
    with pytest.raises(UnusableFile, match="there is no such file"):
        open_to_read(path, [FIRST], busy_seconds=1.0)
    assert not path.exists()
    path.touch()
    with pytest.raises(UnusableFile, match="it is empty"):
        open_to_read(path, [FIRST], busy_seconds=1.0)
    assert path.read_bytes() == b""


def test_an_empty_file_is_the_beginning_of_ours_for_who_writes(path: Path) -> None:
    path.touch()
    open_to_write(path, [FIRST], busy_seconds=1.0).close()
    reader = open_to_read(path, [FIRST, SECOND], busy_seconds=1.0)
    assert version(reader) == 1
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("INSERT INTO a VALUES (1)")
    reader.close()


def test_a_file_from_before_versions_were_kept_is_ours_with_some_of_its_tables(path: Path) -> None:
    made(path, "CREATE TABLE a (x INTEGER) STRICT", "INSERT INTO a VALUES (7)")
    ours = open_to_write(path, [FIRST], busy_seconds=1.0)
    assert ours.execute("SELECT * FROM a").fetchall() == [(7,)]
    ours.close()
