"""The single writer: grouped, synced, isolated, bounded; its failures leave nothing behind."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from credit.domain.errors import InvalidValue, StoreUnavailable
from dataplatform.errors import DataDirectoryError, SchemaError
from dataplatform.stores.sqlite.connection import open_writer
from dataplatform.stores.sqlite.database import Database
from foundation.sqlite_ladder import climb
from tests.support.patience import patience

TABLE = ("CREATE TABLE t (n INTEGER PRIMARY KEY, blob BLOB) STRICT;",)


def insert(n: int, size: int = 0) -> Insert:
    return Insert(n, size)


class Insert:
    def __init__(self, n: int, size: int) -> None:
        self.n, self.size = n, size

    def __call__(self, connection: sqlite3.Connection) -> int:
        connection.execute("INSERT INTO t VALUES (?, ?)", (self.n, b"x" * self.size))
        return self.n


def numbers(connection: sqlite3.Connection) -> list[int]:
    return [row[0] for row in connection.execute("SELECT n FROM t ORDER BY n")]


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(tmp_path / "t.sqlite", "relational", TABLE)
    yield opened
    await opened.close()


class Gate:
    """Holds the writer thread inside a unit until opened."""

    def __init__(self) -> None:
        self.entered, self.open = threading.Event(), threading.Event()

    def __call__(self, connection: sqlite3.Connection) -> None:
        self.entered.set()
        assert self.open.wait(patience(30))


async def test_the_writer_syncs_every_commit_and_keeps_a_log(database: Database) -> None:
    def pragma(name: str) -> object:
        return lambda c: c.execute(f"PRAGMA {name}").fetchone()[0]

    assert await database.write(pragma("synchronous")) == 2  # type: ignore[arg-type]
    assert await database.write(pragma("journal_mode")) == "wal"  # type: ignore[arg-type]
    assert await database.write(pragma("foreign_keys")) == 1  # type: ignore[arg-type]


class CountingWitness:
    def __init__(self) -> None:
        self.commits = 0

    def before_commit(self, connection: sqlite3.Connection) -> None:
        return None

    def after_commit(self, connection: sqlite3.Connection) -> None:
        self.commits += 1


async def test_waiting_units_share_one_commit(tmp_path: Path) -> None:
    witness, gate = CountingWitness(), Gate()
    database = Database(tmp_path / "t.sqlite", "relational", TABLE, witness=witness)
    first = asyncio.create_task(database.write(gate))
    await asyncio.to_thread(gate.entered.wait)
    others = [asyncio.create_task(database.write(insert(n))) for n in range(50)]
    await asyncio.sleep(0)
    gate.open.set()
    assert await asyncio.gather(*others) == list(range(50))
    await first
    assert witness.commits == 2
    await database.close()


async def test_a_failing_unit_does_not_spoil_its_group(database: Database) -> None:
    gate = Gate()
    first = asyncio.create_task(database.write(gate))
    await asyncio.to_thread(gate.entered.wait)

    def half_done(connection: sqlite3.Connection) -> None:
        insert(100)(connection)
        raise InvalidValue("field", "problem", "fix")

    works: list[Callable[[sqlite3.Connection], object]] = [insert(1), half_done, insert(1), insert(2)]
    waiting = [asyncio.create_task(database.write(work)) for work in works]
    await asyncio.sleep(0)
    gate.open.set()
    await first
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(answer) for answer in answers] == [int, InvalidValue, StoreUnavailable, int]
    assert await database.read(numbers) == [1, 2]


async def test_a_full_queue_refuses_at_once(tmp_path: Path) -> None:
    database = Database(tmp_path / "t.sqlite", "relational", TABLE, queue_limit=2)
    gate = Gate()
    first = asyncio.create_task(database.write(gate))
    await asyncio.to_thread(gate.entered.wait)
    others = [asyncio.create_task(database.write(insert(n))) for n in (1, 2)]
    await asyncio.sleep(0)
    assert database.saturation == 1.0
    with pytest.raises(StoreUnavailable, match="2 writes are already waiting"):
        await database.write(insert(3))
    gate.open.set()
    await asyncio.gather(first, *others)
    assert await database.read(numbers) == [1, 2]
    await database.close()


async def test_the_event_loop_turns_while_a_write_is_slow(database: Database) -> None:
    gate = Gate()
    slow = asyncio.create_task(database.write(gate))
    await asyncio.to_thread(gate.entered.wait)
    for _ in range(100):
        await asyncio.sleep(0)
    assert not slow.done()
    gate.open.set()
    await slow


async def test_a_full_disk_writes_nothing_of_the_unit_and_says_how_to_fix_it(database: Database) -> None:
    await database.write(insert(1))
    pages = await database.write(lambda c: int(c.execute("PRAGMA page_count").fetchone()[0]))
    await database.write(lambda c: c.execute(f"PRAGMA max_page_count = {pages + 2}").fetchone())

    def two(connection: sqlite3.Connection) -> None:
        insert(2)(connection)
        insert(3, size=100_000)(connection)

    with pytest.raises(StoreUnavailable, match=r"relational store.*disk is full; free some space"):
        await database.write(two)
    assert await database.read(numbers) == [1]
    await database.write(lambda c: c.execute("PRAGMA max_page_count = 1000000").fetchone())
    assert await database.write(insert(4)) == 4


async def test_a_locked_database_is_unavailable_and_recovers(tmp_path: Path) -> None:
    database = Database(tmp_path / "t.sqlite", "hot", TABLE)
    await database.write(lambda c: c.execute("PRAGMA busy_timeout = 1").fetchone())
    other = open_writer(tmp_path / "t.sqlite")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match=r"hot store.*another process is using the database"):
        await database.write(insert(1))
    other.execute("ROLLBACK")
    other.close()
    assert await database.write(insert(1)) == 1
    await database.close()


async def test_a_failed_commit_fails_the_whole_group_and_leaves_nothing(tmp_path: Path) -> None:
    class Witness:
        broken = True

        def before_commit(self, connection: sqlite3.Connection) -> None:
            if self.broken:
                raise OSError(28, "No space left on device")

        def after_commit(self, connection: sqlite3.Connection) -> None:
            return None

    witness = Witness()
    database = Database(tmp_path / "t.sqlite", "relational", TABLE, witness=witness)
    answers = await asyncio.gather(*(database.write(insert(n)) for n in range(5)), return_exceptions=True)
    assert {str(answer) for answer in answers} == {
        "the relational store is unavailable: the audit anchor failed: No space left on device"
    }
    assert await database.read(numbers) == []
    witness.broken = False
    assert await database.write(insert(1)) == 1
    await database.close()


async def test_an_error_of_the_program_does_not_stop_the_writer(tmp_path: Path) -> None:
    class Witness:
        def before_commit(self, connection: sqlite3.Connection) -> None:
            if numbers(connection) == [1]:
                raise ZeroDivisionError

        def after_commit(self, connection: sqlite3.Connection) -> None:
            return None

    database = Database(tmp_path / "t.sqlite", "relational", TABLE, witness=Witness())
    with pytest.raises(StoreUnavailable, match="internal error: ZeroDivisionError"):
        await database.write(insert(1))
    assert await database.write(insert(2)) == 2
    await database.close()


async def test_closing_finishes_what_was_accepted_and_refuses_the_rest(tmp_path: Path) -> None:
    database = Database(tmp_path / "t.sqlite", "relational", TABLE)
    tasks = [asyncio.create_task(database.write(insert(n))) for n in range(200)]
    await asyncio.sleep(0)
    await database.close()
    assert await asyncio.gather(*tasks) == list(range(200))
    for call in (database.write(insert(999)), database.read(numbers)):
        with pytest.raises(StoreUnavailable, match="it is closed"):
            await call
    with sqlite3.connect(tmp_path / "t.sqlite") as connection:
        assert len(numbers(connection)) == 200
    connection.close()
    assert not (tmp_path / "t.sqlite-wal").exists()


async def test_a_caller_who_left_does_not_disturb_the_others(database: Database) -> None:
    gate = Gate()
    first = asyncio.create_task(database.write(gate))
    await asyncio.to_thread(gate.entered.wait)
    gone, stays = (asyncio.create_task(database.write(insert(n))) for n in (1, 2))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    gate.open.set()
    assert await stays == 2
    await first


async def test_readers_cannot_write(database: Database) -> None:
    with pytest.raises(StoreUnavailable, match="read-only"):
        await database.read(insert(1))


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    path.write_bytes(b"this is a letter, not a database" * 100)
    with pytest.raises(SchemaError, match=r"t\.sqlite.*damaged or is not a database.*backup"):
        Database(path, "hot", TABLE)


def test_a_database_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    Database(tmp_path / "t.sqlite", "hot", (*TABLE, "CREATE TABLE u (n INTEGER) STRICT;")).stop()
    with pytest.raises(SchemaError, match="schema is version 2, but this program knows versions up to 1"):
        Database(tmp_path / "t.sqlite", "hot", TABLE)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataDirectoryError, match="nowhere"):
        Database(tmp_path / "nowhere" / "t.sqlite", "hot", TABLE)


def test_a_migration_that_fails_leaves_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    connection = open_writer(path)
    rungs = (*TABLE, "CREATE TABLE u (n INTEGER) STRICT; INSERT INTO nowhere VALUES (1);")
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        climb(connection, path, rungs)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'u'").fetchone() == (0,)
    assert climb(connection, path, TABLE) == 1
    connection.close()
