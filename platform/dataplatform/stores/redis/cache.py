"""The cache in Redis (§3.2.4). Values are bytes behind the instant they end, so that any clock may rule.

Raises StoreUnavailable; ``open_redis_cache`` wraps it so that every failure is a miss.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError, RedisError, ResponseError, TimeoutError

from credit.domain.errors import StoreUnavailable
from credit.metrics import CACHE_FAILURES
from dataplatform.resilience.bulkhead import Bulkhead
from foundation.clock import Clock
from foundation.instants import seconds_to_micros, to_micros
from foundation.metrics import Telemetry

STORE = "cache"
CALLS = 1024  # under way or waiting for a connection
_HEADER = struct.Struct(">q")  # microseconds since 1970 at which the value ends
_SCANNED = 1_000  # keys a step of a search looks at: Redis answers others in between
_SPECIAL = str.maketrans({letter: f"\\{letter}" for letter in "*?[]\\"})

T = TypeVar("T")


class CacheFull(StoreUnavailable):
    """``volatile-lru`` found nothing to evict: all that is left are keys that never end, none of ours."""


class RedisCache:
    """Failures are counted by operation and reason: full, timeout, refused, lost or busy."""

    def __init__(self, client: Redis, clock: Clock, telemetry: Telemetry) -> None:
        self._client, self._clock, self._telemetry = client, clock, telemetry
        self._bulkhead = Bulkhead(STORE, "calls", CALLS)

    @property
    def saturation(self) -> float:
        """Calls under way or waiting over their limit, 0 to 1."""
        return self._bulkhead.saturation

    async def get(self, key: str) -> bytes | None:
        found = await self._ask("get", lambda: self._client.get(key))
        if not isinstance(found, bytes) or len(found) < _HEADER.size:
            return None
        (ends,) = _HEADER.unpack_from(found)
        return found[_HEADER.size :] if ends > to_micros(self._clock.now()) else None

    async def set(self, key: str, value: bytes, ttl_seconds: float) -> None:
        """Nothing is kept when the memory is full of values that never end, an older value least of all."""
        ends = to_micros(self._clock.now()) + seconds_to_micros(ttl_seconds)
        content = _HEADER.pack(ends) + value
        milliseconds = max(1, math.ceil(ttl_seconds * 1_000))
        try:
            await self._ask("set", lambda: self._client.set(key, content, px=milliseconds))
        except CacheFull:
            await self.delete(key)

    async def delete(self, key: str) -> None:
        await self._ask("delete", lambda: self._client.unlink(key))

    async def delete_prefix(self, prefix: str) -> None:
        """Looks at every key there is, a thousand at a time."""
        pattern, cursor = prefix.translate(_SPECIAL) + "*", 0
        while True:
            cursor = await self._ask("delete_prefix", partial(self._delete_some, pattern, cursor))
            if cursor == 0:
                return

    async def close(self) -> None:
        await self._client.aclose()

    async def _ask(self, operation: str, call: Callable[[], Awaitable[T]]) -> T:
        try:
            with self._bulkhead:
                return await call()
        except OutOfMemoryError as error:
            self._count(operation, "full")
            raise CacheFull(STORE, "its memory is full of keys that never expire") from error
        except (RedisError, OSError) as error:
            self._count(operation, _reason(error))
            raise StoreUnavailable(STORE, f"{operation}: {type(error).__name__}") from error
        except StoreUnavailable:
            self._count(operation, "busy")
            raise

    async def _delete_some(self, pattern: str, cursor: int) -> int:
        """One step of the search; where the next one begins, 0: there is none."""
        following, keys = await self._client.scan(cursor, match=pattern, count=_SCANNED)
        if keys:
            await self._client.unlink(*keys)
        return int(following)

    def _count(self, operation: str, reason: str) -> None:
        self._telemetry.count(CACHE_FAILURES, operation=operation, reason=reason)


def _reason(error: Exception) -> str:
    """The server took too long, said no, or is not there."""
    if isinstance(error, TimeoutError):
        return "timeout"
    return "refused" if isinstance(error, ResponseError) else "lost"
