"""Connections to MySQL 8 or MariaDB (managed or not): SQLAlchemy's pool over PyMySQL, plain SQL text.

Every wait has an end, so that a server or a worker that has stopped holds nobody up for good:

- connecting, and each answer of the server: ``CONNECT_SECONDS``, ``ANSWER_SECONDS``
- somebody else's lock: ``LOCK_SECONDS``
- a transaction whose worker has gone quiet (stopped, cut off): the server ends it after ``IDLE_SECONDS``
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

from pymysql.connections import Connection as Connected
from sqlalchemy import URL, Connection, Engine, TextClause, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import ArgumentError, InterfaceError, InternalError, OperationalError, TimeoutError

from alarms.model.errors import StoreBusy
from alarms.stores.sql_rows import NOTHING, Row, Values

CONNECT_SECONDS, ANSWER_SECONDS, LOCK_SECONDS, IDLE_SECONDS = 3, 8, 5, 20
CONNECTIONS = 8  # kept open by one process; as many more while they are needed
TLS_OPTIONS = frozenset({"ssl_ca", "ssl_cert", "ssl_key"})
READ_ONLY = ((1290,), (1792,), (1836,))
SESSION = (
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', "
    f"innodb_lock_wait_timeout = {LOCK_SECONDS}, wait_timeout = {IDLE_SECONDS}"
)
WRITES_NOTHING = "SET SESSION TRANSACTION READ ONLY"  # every transaction of the connection


def open_engine(address: str, *, read_only: bool = False) -> Engine:
    """``mysql://user:password@host:port/database``; ``?ssl_ca=FILE`` for a server that wants TLS.

    ``read_only``: the server refuses whatever would change something.

    Raises:
        ValueError: it is not such a URL.
    """
    engine = create_engine(
        _url(address),
        isolation_level="READ COMMITTED",
        pool_size=CONNECTIONS,
        max_overflow=CONNECTIONS,
        pool_timeout=LOCK_SECONDS,
        pool_pre_ping=True,
        pool_recycle=IDLE_SECONDS // 2,
        hide_parameters=True,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "read_timeout": ANSWER_SECONDS,
            "write_timeout": ANSWER_SECONDS,
            "charset": "utf8mb4",
            "init_command": SESSION,
        },
    )
    event.listen(engine, "handle_error", _leave_a_reader)
    if read_only:
        event.listen(engine, "connect", _write_nothing)
    return engine


def _write_nothing(connection: Connected, _: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(WRITES_NOTHING)


def _url(address: str) -> URL:
    try:
        url = make_url(address).set(drivername="mysql+pymysql")
    except (ArgumentError, ValueError):
        raise ValueError("it is not a URL") from None
    if not address.startswith("mysql://") or not url.host or not url.database:
        raise ValueError("it is not the URL of a MySQL database")
    if unknown := set(url.query) - TLS_OPTIONS:
        raise ValueError(f"it has no option {min(unknown)}, only {', '.join(sorted(TLS_OPTIONS))}")
    return url


def _leave_a_reader(context: ExceptionContext) -> None:
    """The writer has become a reader (a failover): the next connection finds the new one."""
    arguments = getattr(context.original_exception, "args", ())
    context.is_disconnect = context.is_disconnect or arguments[:1] in READ_ONLY


@contextmanager
def trouble_told() -> Iterator[None]:
    """``StoreBusy`` for what a later attempt may fix: server away, lock taken, deadlock, disk full.

    The statement and its values stay out of the message.
    """
    try:
        yield
    except (OperationalError, InterfaceError, InternalError) as error:
        raise StoreBusy(f"{type(error.orig).__name__}: {error.orig}") from error
    except TimeoutError as error:
        raise StoreBusy("every connection to the database is in use") from error


class MysqlSession:
    """Of one open transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def rows(self, query: str, values: Values = NOTHING) -> Sequence[Row]:
        with trouble_told():
            return [tuple(row) for row in self.connection.execute(prepared(query), values)]

    def change(self, statement: str, values: Values = NOTHING) -> int:
        with trouble_told():
            return self.connection.execute(prepared(statement), values).rowcount

    def change_all(self, statement: str, values: Sequence[Values]) -> None:
        if values:
            with trouble_told():
                self.connection.execute(prepared(statement), list(values))


class Pooled:
    """Reads through any connection that is free."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def rows(self, query: str, values: Values = NOTHING) -> Sequence[Row]:
        with trouble_told(), self._engine.connect() as connection:
            return MysqlSession(connection).rows(query, values)


@cache
def prepared(query: str) -> TextClause:
    return text(query)
