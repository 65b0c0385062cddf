"""One endpoint of MySQL or MariaDB, asked by SQL: connections, dirty pages, lag, slow queries.

The buffer pool of a healthy server is full; what can run out is room for changed pages, which have to be
written before others may change. Reaching ``innodb_max_dirty_pages_pct`` stalls writes, so that is its limit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pymysql
from pymysql.connections import Connection
from pymysql.cursors import DictCursor

from exporters.collectors.server_probe import Growth, ServerReading

Row = Mapping[str, Any]

CONNECTIONS, BUFFER_POOL, REPLICATION_LAG = "connections", "buffer_pool", "replication_lag"
TOO_MANY_CONNECTIONS = (1040, 1203)  # of the server, of the user
LAG_LIMIT_SECONDS = 2.0  # how far a reader may be behind before reads are answered by the writer
EVENTS = {
    "slow_queries": "Slow_queries",
    "refused_connections": "Connection_errors_max_connections",
    "buffer_pool_waits": "Innodb_buffer_pool_wait_free",
}
_STATUS = (
    "SHOW GLOBAL STATUS WHERE Variable_name IN ('Threads_connected', 'Innodb_buffer_pool_pages_dirty', "
    "'Innodb_buffer_pool_pages_total', 'Slow_queries', 'Connection_errors_max_connections', "
    "'Innodb_buffer_pool_wait_free')"
)
_LIMITS = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('max_connections', 'innodb_max_dirty_pages_pct')"
_REPLICA = "SHOW REPLICA STATUS"
_BEHIND = ("Seconds_Behind_Source", "Seconds_Behind_Master")


class MysqlServer:
    """Keeps one connection, so that it still sees a server that is out of them.

    A new one that is refused because there are no more *is* the reading: 1.0. ``prefix`` (``reader_``) tells
    two endpoints of one component apart. With ``replica`` the lag is read too: seconds behind over the limit,
    unknown while replication does not run.
    """

    every_seconds = 5.0
    lasts_seconds = 30.0

    def __init__(
        self,
        component: str,
        connect: Callable[[], Connection[DictCursor]],
        *,
        prefix: str = "",
        replica: bool = False,
        lag_limit_seconds: float = LAG_LIMIT_SECONDS,
    ) -> None:
        self.component = component
        names = (CONNECTIONS, BUFFER_POOL)
        self.resources = tuple(prefix + name for name in names) + ((REPLICATION_LAG,) if replica else ())
        self.events = tuple(prefix + name for name in EVENTS)
        self._connect, self._prefix = connect, prefix
        self._replica, self._lag_limit = replica, lag_limit_seconds
        self._connection: Connection[DictCursor] | None = None
        self._growth = Growth()

    def read(self) -> ServerReading:
        try:
            if self._connection is None:
                self._connection = self._connect()
            return self._read(self._connection)
        except pymysql.MySQLError as error:
            self._let_go()
            if error.args and error.args[0] in TOO_MANY_CONNECTIONS:
                return ServerReading({self._prefix + CONNECTIONS: 1.0})
            raise OSError(f"{self.component}: {error}") from error

    def _read(self, connection: Connection[DictCursor]) -> ServerReading:
        with connection.cursor() as cursor:
            status, limits = _variables(cursor, _STATUS), _variables(cursor, _LIMITS)
            lag, unread = self._lag(cursor) if self._replica else ({}, {})
        counts = {self._prefix + name: int(status[source]) for name, source in EVENTS.items()}
        return ServerReading(
            {
                self._prefix + CONNECTIONS: int(status["Threads_connected"]) / int(limits["max_connections"]),
                self._prefix + BUFFER_POOL: _dirty(status, limits),
                **lag,
            },
            grown=self._growth.since_last(counts),
            unread=unread,
        )

    def _lag(self, cursor: DictCursor) -> tuple[Mapping[str, float], Mapping[str, str]]:
        """Seconds behind over the limit; a right that is missing costs this resource and no other."""
        try:
            cursor.execute(_REPLICA)
        except pymysql.OperationalError as error:
            if error.args[0] < 2000:  # the server's own refusal; above, the connection is gone
                return {}, {REPLICATION_LAG: str(error)}
            raise
        behind = _behind(cursor.fetchone())
        return ({} if behind is None else {REPLICATION_LAG: behind / self._lag_limit}), {}

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and connection.open:
            connection.close()


def _variables(cursor: DictCursor, statement: str) -> Mapping[str, str]:
    cursor.execute(statement)
    return {row["Variable_name"]: row["Value"] for row in cursor.fetchall()}


def _dirty(status: Mapping[str, str], limits: Mapping[str, str]) -> float:
    """Changed pages in memory over those that may be."""
    share = float(limits["innodb_max_dirty_pages_pct"]) / 100
    allowed = int(status["Innodb_buffer_pool_pages_total"]) * share
    return int(status["Innodb_buffer_pool_pages_dirty"]) / max(1.0, allowed)


def _behind(row: Row | None) -> float | None:
    """Seconds behind; None without replication, or while it does not run."""
    found = next((row[name] for name in _BEHIND if name in row), None) if row is not None else None
    return None if found is None else float(found)
