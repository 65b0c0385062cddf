"""The relational store over Aurora MySQL or MariaDB, on the newest schema."""

from __future__ import annotations

from dataplatform.stores.mysql.database import MysqlDatabase
from dataplatform.stores.mysql.endpoint import PoolLimits, make_engine
from dataplatform.stores.mysql.upgrade import upgrade
from dataplatform.stores.relational.store import STORE, RelationalStore
from foundation.clock import Clock


def open_mysql_relational(
    writer_url: str, reader_url: str | None, clock: Clock, limits: PoolLimits | None = None
) -> RelationalStore:
    """Connect to ``mysql://user:password@host:port/database`` and bring its schema up to date; blocks. Any
    number of processes may open the same database.

    ``reader_url`` is the reader endpoint of a cluster; None: the writer answers reads, too. ``limits`` hold
    for each endpoint (ADR 12 has the arithmetic of 2,000 connections).

    Raises:
        StoreUnavailable: the writer does not answer.
        SchemaError: the database is newer than this program.
    """
    engine = make_engine(writer_url, connections=1)
    try:
        upgrade(engine, STORE)
    finally:
        engine.dispose()
    return RelationalStore(MysqlDatabase(writer_url, reader_url, STORE, clock, limits=limits), clock)
