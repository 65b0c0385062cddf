"""The cache on a real Redis: the session's server, emptied, or one of a test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import redis as blocking

from dataplatform.local.server import LOOPBACK
from dataplatform.resilience.breaker import BreakerPolicy
from dataplatform.stores.redis.open import OpenRedisCache, open_redis_cache
from foundation.clock import Clock
from foundation.metrics import Telemetry
from tests.support.local_servers import redis
from tests.support.recording_telemetry import RecordingTelemetry

PATIENT = 20.0  # real seconds: a loaded machine is slower than Redis, and is not what a test judges
NEVER_OPENS = BreakerPolicy(minimum_calls=1_000_000)


@asynccontextmanager
async def a_redis_cache(
    clock: Clock,
    telemetry: Telemetry | None = None,
    *,
    port: int | None = None,
    breaker: BreakerPolicy = NEVER_OPENS,
) -> AsyncIterator[OpenRedisCache]:
    if port is None:
        with asking(redis().port) as server:
            server.flushall()
    cache = open_redis_cache(
        f"redis://{LOOPBACK}:{redis().port if port is None else port}/0",
        clock,
        telemetry or RecordingTelemetry(),
        answer_seconds=PATIENT,
        breaker=breaker,
    )
    try:
        yield cache
    finally:
        await cache.close()


def asking(port: int) -> blocking.Redis:
    """A plain client, to look at the server itself."""
    return blocking.Redis(host=LOOPBACK, port=port, socket_timeout=PATIENT)
