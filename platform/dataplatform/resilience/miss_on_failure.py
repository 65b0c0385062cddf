"""A cache that never fails: what it cannot say is a miss."""

from __future__ import annotations

import logging

from credit.domain.errors import StoreUnavailable
from credit.ports.projections import Cache

MOST_DOUBTFUL = 10_000

logger = logging.getLogger(__name__)


class MissOnFailure:
    """A ``Cache`` whose every failure is a miss; ``failures`` counts them.

    A key that could not be set or deleted may hold an old value: it stays a miss until it is deleted or set,
    and so do all keys of a prefix. Past ``MOST_DOUBTFUL`` keys all of them are misses until all are deleted.
    """

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self.failures = 0
        self._doubtful: set[str] = set()
        self._doubtful_prefixes: set[str] = set()

    async def get(self, key: str) -> bytes | None:
        if not await self._trusted(key):
            return None
        try:
            return await self._cache.get(key)
        except StoreUnavailable as error:
            self._count(error)
            return None

    async def set(self, key: str, value: bytes, ttl_seconds: float) -> None:
        try:
            await self._cache.set(key, value, ttl_seconds)
            self._doubtful.discard(key)
        except StoreUnavailable as error:
            self._doubt(key)
            self._count(error)

    async def delete(self, key: str) -> None:
        try:
            await self._cache.delete(key)
            self._doubtful.discard(key)
        except StoreUnavailable as error:
            self._doubt(key)
            self._count(error)

    async def delete_prefix(self, prefix: str) -> None:
        try:
            await self._cache.delete_prefix(prefix)
            self._doubtful_prefixes.discard(prefix)
        except StoreUnavailable as error:
            self._doubtful_prefixes.add(prefix)
            self._count(error)

    async def _trusted(self, key: str) -> bool:
        """False for a key in doubt, which is then deleted for the next reader."""
        for prefix in [prefix for prefix in self._doubtful_prefixes if key.startswith(prefix)]:
            await self.delete_prefix(prefix)
            return False
        if key in self._doubtful:
            await self.delete(key)
            return False
        return True

    def _doubt(self, key: str) -> None:
        self._doubtful.add(key)
        if len(self._doubtful) > MOST_DOUBTFUL:
            self._doubtful.clear()
            self._doubtful_prefixes.add("")

    def _count(self, error: StoreUnavailable) -> None:
        self.failures += 1
        logger.debug("a cache failure counts as a miss: %s", error)
