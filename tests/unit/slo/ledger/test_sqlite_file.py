"""An error of SQLite, told with what to do about it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from slo.ledger.sqlite_file import with_fix


def test_a_file_in_a_missing_folder_says_to_check_the_folder(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.Error) as caught:
        sqlite3.connect(tmp_path / "missing" / "ledger.sqlite")
    assert with_fix(caught.value).endswith(
        "; check that the folder exists and that this user may write to it"
    )


def test_a_file_that_is_no_database_says_to_restore_it(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"not a database" * 100)
    with (
        closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as database,
        pytest.raises(sqlite3.Error) as caught,
    ):
        database.execute("SELECT * FROM sqlite_schema")
    assert with_fix(caught.value) == "file is not a database; restore it from a backup"


def test_no_room_left_says_to_free_some() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE t (x)")
        database.execute("PRAGMA max_page_count = 2")
        with pytest.raises(sqlite3.Error) as caught:
            database.execute("INSERT INTO t VALUES (zeroblob(10000))")
    assert with_fix(caught.value).endswith("; free some space")


def test_an_error_without_a_known_fix_keeps_its_own_words() -> None:
    assert with_fix(sqlite3.OperationalError("no such table: t")) == "no such table: t"
