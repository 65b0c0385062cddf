"""Redis (Debian's ``redis-server``): the ElastiCache of the local profile. It keeps nothing on disk."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from dataplatform.local.server import LOOPBACK

ONCE = Retry(NoBackoff(), 0)


class Redis:
    """``maxmemory`` as Redis writes sizes; keys with a TTL go first when it is reached (§3.2.4)."""

    name = "redis"

    def __init__(self, maxmemory: str = "64mb") -> None:
        self._maxmemory = maxmemory

    def missing(self) -> str | None:
        return None if shutil.which("redis-server") else "Install Debian's package redis-server"

    def prepare(self, folder: Path) -> None:
        """Nothing to make."""

    def command(self, folder: Path, port: int) -> Sequence[str]:
        return [
            "redis-server",
            *("--bind", LOOPBACK, "--port", str(port), "--dir", str(folder)),
            *("--save", "", "--appendonly", "no", "--daemonize", "no"),
            *("--maxmemory", self._maxmemory, "--maxmemory-policy", "volatile-lru"),
        ]

    def environment(self, folder: Path, port: int) -> dict[str, str]:
        return {}

    def answers(self, folder: Path, port: int) -> bool:
        try:
            with redis.Redis(host=LOOPBACK, port=port, socket_timeout=2, retry=ONCE) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False
