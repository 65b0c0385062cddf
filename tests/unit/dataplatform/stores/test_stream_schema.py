"""A stream file of an earlier version keeps what it held."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from dataplatform.schemas.stream import RUNGS
from foundation.sqlite_ladder import climb


def test_dead_letters_and_the_log_outlive_the_change_of_their_names(tmp_path: Path) -> None:
    path = tmp_path / "stream.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        climb(connection, path, RUNGS[:1])
        connection.execute("INSERT INTO dead_letters VALUES (12, 'p', x'00ff', 1, 2, 'why', 3)")
        connection.execute("INSERT INTO processing_log VALUES (7, 'w', 1, 0.5, 1, 2, 3, 4, 5, 6)")
        climb(connection, path, RUNGS)
        (letter,) = connection.execute("SELECT * FROM dead_letters").fetchall()
        (batch,) = connection.execute("SELECT * FROM processing_log").fetchall()
    assert letter == ("12", "p", b"\x00\xff", 1, 2, "why", 3)
    assert batch == (7, "w", 1, 0.5, "1", "2", 3, 4, 5, 6)
