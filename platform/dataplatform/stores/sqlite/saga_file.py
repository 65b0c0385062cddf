"""Sagas as they are on file in a data directory, read beside a running server or without one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from credit.ports.sagas import Saga, SagaState
from dataplatform.schemas.relational import RUNGS
from dataplatform.stores.relational.sagas import find_saga, list_sagas
from dataplatform.stores.sqlite.connection import reading
from dataplatform.stores.sqlite.relational import SqliteRelationalSession


def read_sagas(data_dir: Path, states: Sequence[SagaState], limit: int) -> Sequence[Saga]:
    """Up to ``limit`` of each state, oldest first. Raises DataDirectoryError."""
    with reading(data_dir / "data" / "relational.sqlite", RUNGS, "database") as connection:
        session = SqliteRelationalSession(connection)
        return [saga for state in states for saga in list_sagas(session, state, limit)]


def read_saga(data_dir: Path, saga_id: str) -> Saga | None:
    """Raises DataDirectoryError."""
    with reading(data_dir / "data" / "relational.sqlite", RUNGS, "database") as connection:
        return find_saga(SqliteRelationalSession(connection), saga_id)
