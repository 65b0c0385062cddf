"""Makes keyspace and table, and waits until they can be used: Keyspaces makes them in its own time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from credit.domain.errors import StoreUnavailable
from dataplatform.schemas.cassandra.creditdata import KEYSPACE, TABLE, Schema
from dataplatform.stores.cassandra.session import GuardedSession

ACTIVE = "ACTIVE"
PATIENCE = 120.0  # real seconds
PAUSE = 1.0  # real seconds

_KEYSPACE_THERE = f"SELECT keyspace_name FROM system_schema_mcs.keyspaces WHERE keyspace_name = '{KEYSPACE}'"  # noqa: S608
_TABLE_STATUS = (
    "SELECT status FROM system_schema_mcs.tables "  # noqa: S608 - constants
    f"WHERE keyspace_name = '{KEYSPACE}' AND table_name = '{TABLE}'"
)


def make_tables(
    session: GuardedSession,
    schema: Schema,
    *,
    managed: bool,
    patience: float = PATIENCE,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Safe to repeat. ``managed``: the server is Keyspaces, so wait for each to be there.

    Raises:
        StoreUnavailable: the server refused, or ``patience`` ended first.
    """
    session.run(schema.keyspace)
    if managed:
        _wait(lambda: bool(session.run(_KEYSPACE_THERE)), "its keyspace", patience, pause)
    session.run(schema.table)
    if managed:
        _wait(lambda: table_status(session) == ACTIVE, "its table", patience, pause)


def table_status(session: GuardedSession) -> str | None:
    """As Keyspaces tells it (CREATING, ACTIVE, ...); None while it does not know the table."""
    found = session.run(_TABLE_STATUS)
    return str(found[0]["status"]) if found else None


def _wait(ready: Callable[[], bool], what: str, patience: float, pause: Callable[[float], None]) -> None:
    for _ in range(math.ceil(patience / PAUSE)):
        if ready():
            return
        pause(PAUSE)
    raise StoreUnavailable("wide", f"{what} was not ready within {patience:.0f} s")
