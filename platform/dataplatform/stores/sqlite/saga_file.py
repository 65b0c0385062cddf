"""Sagas as they are on file in a data directory, read beside a running server or without one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from credit.ports.sagas import Saga, SagaState
from dataplatform.errors import DataDirectoryError
from dataplatform.schemas.relational import RUNGS
from dataplatform.stores.relational.sagas import find_saga, list_sagas
from dataplatform.stores.sqlite.connection import open_reader
from dataplatform.stores.sqlite.relational import SqliteRelationalSession

T = TypeVar("T")


def read_sagas(data_dir: Path, states: Sequence[SagaState], limit: int) -> Sequence[Saga]:
    """Up to ``limit`` of each state, oldest first. Raises DataDirectoryError."""
    return _read(data_dir, lambda s: [saga for state in states for saga in list_sagas(s, state, limit)])


def read_saga(data_dir: Path, saga_id: str) -> Saga | None:
    """Raises DataDirectoryError: there is no database, or it cannot be read."""
    return _read(data_dir, lambda s: find_saga(s, saga_id))


def _read(data_dir: Path, work: Callable[[SqliteRelationalSession], T]) -> T:
    path = data_dir / "data" / "relational.sqlite"
    if not path.is_file():
        problem = "there is no database here yet"
        raise DataDirectoryError(path, problem, "Check --data-dir, or start with `mirante up`")
    try:
        with closing(open_reader(path, RUNGS)) as connection:
            return work(SqliteRelationalSession(connection))
    except sqlite3.Error as error:
        raise DataDirectoryError(
            path, f"it cannot be read ({error})", "Check the path and the file"
        ) from error
