"""Redis, asked by INFO: memory and clients over their limits, keys thrown out, clients refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import redis

from exporters.collectors.server_probe import Growth, ServerReading

MEMORY, CLIENTS = "memory", "clients"
EVENTS = {"evictions": "evicted_keys", "refused_connections": "rejected_connections"}
_NO_MORE_CLIENTS = "max number of clients"


class RedisClient(Protocol):
    """The part of ``redis.Redis`` that is asked; it has a time limit of its own."""

    def info(self) -> Mapping[str, Any]: ...


class RedisServer:
    """Memory is absent when the server has no ``maxmemory``. A refused client *is* the reading: 1.0."""

    resources = (MEMORY, CLIENTS)
    events = tuple(EVENTS)
    every_seconds = 5.0
    lasts_seconds = 30.0

    def __init__(self, component: str, client: RedisClient) -> None:
        self.component = component
        self._client = client
        self._growth = Growth()

    def read(self) -> ServerReading:
        try:
            info = self._client.info()
        except redis.RedisError as error:
            if _NO_MORE_CLIENTS in str(error):
                return ServerReading({CLIENTS: 1.0})
            raise OSError(f"{self.component}: {error}") from error
        ratios = {
            MEMORY: _ratio(info, "used_memory", "maxmemory"),
            CLIENTS: _ratio(info, "connected_clients", "maxclients"),
        }
        counts = {name: int(info[source]) for name, source in EVENTS.items() if source in info}
        return ServerReading(
            {name: ratio for name, ratio in ratios.items() if ratio is not None},
            grown=self._growth.since_last(counts),
        )


def _ratio(info: Mapping[str, Any], use: str, limit: str) -> float | None:
    """None where the server sets no limit, or does not tell."""
    return float(info[use]) / float(info[limit]) if info.get(limit) and use in info else None
