"""One address of the database: a bounded pool of connections, and as many threads that use them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from credit.domain.errors import StoreUnavailable
from dataplatform.resilience.bulkhead import Bulkhead
from dataplatform.stores.mysql.failures import READ_ONLY, code_of, unavailable

T = TypeVar("T")
Work = Callable[[Connection], T]

CONNECT_SECONDS, ANSWER_SECONDS = 3, 20
LOCK_WAIT_SECONDS = 5
RECYCLE_SECONDS = (
    300  # an endpoint's name moves to another server in a failover: connections must not outlive it
)
_SESSION = f"SET SESSION innodb_lock_wait_timeout = {LOCK_WAIT_SECONDS}, sql_mode = 'STRICT_ALL_TABLES'"


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """What a process may use of one endpoint: open ``connections``, and ``calls`` in progress or waiting."""

    connections: int = 8
    calls: int = 512


class Endpoint:
    """``run`` performs a unit of work as one transaction (READ COMMITTED), off the event loop."""

    def __init__(self, url: str, store: str, limits: PoolLimits) -> None:
        self.engine = make_engine(url, limits.connections)
        self._store, self._closed = store, False
        self._executor = ThreadPoolExecutor(limits.connections, thread_name_prefix=f"mysql-{store}")
        self._bulkhead = Bulkhead(store, "calls", limits.calls)

    @property
    def saturation(self) -> float:
        """Calls in progress or waiting over their limit, 0 to 1."""
        return self._bulkhead.saturation

    async def run(self, work: Work[T]) -> T:
        """In the caller's context: rows carry the trace of the caller.

        Raises:
            StoreUnavailable: closed, too many calls in progress, or the database failed.
        """
        if self._closed:
            raise StoreUnavailable(self._store, "it is closed")
        with self._bulkhead:
            loop, context = asyncio.get_running_loop(), copy_context()
            return await loop.run_in_executor(self._executor, lambda: context.run(self.perform, work))

    def perform(self, work: Work[T]) -> T:
        """``run`` for callers without an event loop."""
        try:
            with self.engine.begin() as connection:
                return work(connection)
        except SQLAlchemyError as error:
            raise unavailable(self._store, error) from error

    def stop(self) -> None:
        """Refuse new calls, finish what was accepted, close the connections; blocks until done."""
        self._closed = True
        self._executor.shutdown()
        self.engine.dispose()


def make_engine(url: str, connections: int) -> Engine:
    """An engine over PyMySQL for ``mysql://user:password@host:port/database``; connects when first used.

    A connection is asked whether it lives before each use. ``?ssl_ca=FILE`` in the address demands TLS and a
    server for which that authority vouches.
    """
    engine = create_engine(
        make_url(url).set(drivername="mysql+pymysql"),
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS,
        pool_pre_ping=True,
        pool_recycle=RECYCLE_SECONDS,
        isolation_level="READ COMMITTED",
        hide_parameters=True,
        connect_args={
            "charset": "utf8mb4",
            "connect_timeout": CONNECT_SECONDS,
            "read_timeout": ANSWER_SECONDS,
            "write_timeout": ANSWER_SECONDS,
            "init_command": _SESSION,
        },
    )
    event.listen(engine, "handle_error", _let_go_of_a_reader)
    return engine


def _let_go_of_a_reader(context: ExceptionContext) -> None:
    """A writer that turned into a reader is as good as lost: the next connection finds the new one."""
    error = context.sqlalchemy_exception
    if error is not None and code_of(error) in READ_ONLY:
        context.is_disconnect = True
