"""The embedded profile's own cache."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

from foundation.clock import Clock


class MemoryCache:
    """Bounded by entries and by bytes of values; the least recently used goes first."""

    def __init__(self, clock: Clock, max_entries: int = 10_000, max_bytes: int = 32 * 1024 * 1024) -> None:
        self._clock = clock
        self._max_entries, self._max_bytes = max_entries, max_bytes
        self._entries: OrderedDict[str, tuple[bytes, datetime]] = OrderedDict()
        self._bytes = 0

    @property
    def saturation(self) -> float:
        """The fuller of its two limits, 0 to 1."""
        return max(len(self._entries) / self._max_entries, self._bytes / self._max_bytes)

    async def get(self, key: str) -> bytes | None:
        found = self._entries.get(key)
        if found is None:
            return None
        if found[1] <= self._clock.now():
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return found[0]

    async def set(self, key: str, value: bytes, ttl_seconds: float) -> None:
        self._drop(key)
        if len(value) > self._max_bytes:
            return
        self._entries[key] = (value, self._clock.now() + timedelta(seconds=ttl_seconds))
        self._bytes += len(value)
        while len(self._entries) > self._max_entries or self._bytes > self._max_bytes:
            self._drop(next(iter(self._entries)))

    async def delete(self, key: str) -> None:
        self._drop(key)

    async def delete_prefix(self, prefix: str) -> None:
        for key in [key for key in self._entries if key.startswith(prefix)]:
            self._drop(key)

    def _drop(self, key: str) -> None:
        gone = self._entries.pop(key, None)
        if gone is not None:
            self._bytes -= len(gone[0])
