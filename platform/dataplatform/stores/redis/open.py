"""Opening the cache over Redis.

cache = open_redis_cache("rediss://:token@host:6379/0", clock, telemetry)
...
await cache.close()
"""

from __future__ import annotations

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError

from dataplatform.resilience.breaker import Breaker, BreakerPolicy
from dataplatform.resilience.miss_on_failure import MissOnFailure
from dataplatform.stores.redis.cache import STORE, RedisCache
from dataplatform.wrapped import WrappedCache
from foundation.clock import Clock
from foundation.metrics import Telemetry

ANSWER_SECONDS = 0.05  # a cache slower than the store behind it is useless
CONNECT_SECONDS = 0.2
CONNECTIONS = 32
BREAKER = BreakerPolicy(slow_seconds=ANSWER_SECONDS)


class OpenRedisCache(MissOnFailure):
    """Every failure is a miss; after repeated ones the server is left in peace for a while."""

    def __init__(self, store: RedisCache, clock: Clock, breaker: BreakerPolicy) -> None:
        super().__init__(WrappedCache(store, Breaker(STORE, breaker, clock).around))
        self._store = store

    @property
    def saturation(self) -> float:
        """Calls under way or waiting over their limit, 0 to 1."""
        return self._store.saturation

    async def close(self) -> None:
        await self._store.close()


def open_redis_cache(
    url: str,
    clock: Clock,
    telemetry: Telemetry,
    *,
    answer_seconds: float = ANSWER_SECONDS,
    breaker: BreakerPolicy = BREAKER,
) -> OpenRedisCache:
    """Ready at once: it connects when first used, and a server that is not there is a miss.

    ``url``: ``redis://`` or, with TLS, ``rediss://[user][:password]@host:port/database``; what redis-py takes
    behind ``?`` it takes here (``ssl_ca_certs=FILE``). Give the primary's endpoint of a replicated group: it
    moves when a replica takes over, and the lost connections are made anew. ``answer_seconds`` are real.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS,
        timeout=answer_seconds,  # for a free connection
        socket_timeout=answer_seconds,
        socket_connect_timeout=max(CONNECT_SECONDS, answer_seconds),
        socket_keepalive=True,
        health_check_interval=30,
        # Once: a connection from before a restart of the server fails at its first use.
        retry=Retry(NoBackoff(), 1, supported_errors=(ConnectionError,)),
    )
    return OpenRedisCache(RedisCache(Redis.from_pool(pool), clock, telemetry), clock, breaker)
