"""Cassandra, asked by CQL (``system_views.thread_pools``): requests in progress and waiting over its threads.

A managed Cassandra may have no such table: its consumption is read where its provider publishes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from exporters.collectors.server_probe import Growth, ServerReading

POOLS = {"requests": "Native-Transport-Requests", "reads": "ReadStage", "writes": "MutationStage"}
BLOCKED = "blocked_requests"
_POOLS = (
    "SELECT name, active_tasks, active_tasks_limit, pending_tasks, blocked_tasks_all_time "
    "FROM system_views.thread_pools"
)


Row = Mapping[str, Any]


class CqlSession(Protocol):
    """The part of the driver's session that is asked; rows are mappings."""

    def execute(self, query: str, *, timeout: float) -> Iterable[Row]: ...


class CassandraServer:
    """Above 1 more is waiting than its threads can do at once. ``open_session`` connects when first asked."""

    resources = tuple(POOLS)
    events = (BLOCKED,)
    every_seconds = 10.0
    lasts_seconds = 30.0

    def __init__(
        self, component: str, open_session: Callable[[], CqlSession], patience_seconds: float = 5.0
    ) -> None:
        self.component = component
        self._open, self._patience = open_session, patience_seconds
        self._session: CqlSession | None = None
        self._growth = Growth()

    def read(self) -> ServerReading:
        try:
            if self._session is None:
                self._session = self._open()
            pools = {row["name"]: row for row in self._session.execute(_POOLS, timeout=self._patience)}
        except Exception as error:  # the driver's errors have no common base class
            raise OSError(f"{self.component}: {type(error).__name__}: {error}") from error
        found = {resource: pools[pool] for resource, pool in POOLS.items() if pool in pools}
        blocked = sum(pool["blocked_tasks_all_time"] for pool in found.values())
        return ServerReading(
            {resource: _ratio(pool) for resource, pool in found.items() if pool["active_tasks_limit"]},
            grown=self._growth.since_last({BLOCKED: blocked}),
            unread={name: f"it reports no pool {pool}" for name, pool in POOLS.items() if name not in found},
        )


def _ratio(pool: Row) -> float:
    return float((pool["active_tasks"] + pool["pending_tasks"]) / pool["active_tasks_limit"])
