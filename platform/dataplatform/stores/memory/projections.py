"""Hot, wide and cache in memory. ``MemoryCache`` is the embedded profile's own cache."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta

from credit.ports.projections import HotItem, WideRow
from foundation.clock import Clock


class MemoryHotStore:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._items: dict[tuple[str, str], HotItem] = {}

    async def get(self, customer_id: str, data_type: str) -> HotItem | None:
        item = self._items.get((customer_id, data_type))
        return item if item is not None and self._live(item) else None

    async def put_if_newer(self, item: HotItem) -> bool:
        stored = await self.get(item.customer_id, item.data_type)
        if stored is not None and stored.version >= item.version:
            return False
        self._items[item.customer_id, item.data_type] = item
        return True

    async def delete(self, customer_id: str, data_type: str) -> None:
        self._items.pop((customer_id, data_type), None)

    async def query_customer(self, customer_id: str, prefix: str = "", limit: int = 100) -> Sequence[HotItem]:
        own = [i for i in self._all() if i.customer_id == customer_id and i.data_type.startswith(prefix)]
        return own[:limit]

    async def query_status(self, status: str, since: datetime, limit: int = 100) -> Sequence[HotItem]:
        dated = [(i.created_at, i) for i in self._all() if i.status == status and i.created_at is not None]
        recent = [(at, item) for at, item in dated if at >= since]
        return [item for _, item in sorted(recent, key=lambda pair: pair[0], reverse=True)][:limit]

    async def query_type(self, data_type: str, since: datetime, limit: int = 100) -> Sequence[HotItem]:
        family = [i for i in self._all() if i.data_type.partition("#")[0] == data_type]
        recent = [item for item in family if item.last_updated >= since]
        return sorted(recent, key=lambda item: item.last_updated, reverse=True)[:limit]

    async def scan(self, limit: int, after: tuple[str, str] | None = None) -> Sequence[HotItem]:
        return [i for i in self._all() if (i.customer_id, i.data_type) > (after or ("", ""))][:limit]

    def _live(self, item: HotItem) -> bool:
        return item.expires_at is None or item.expires_at > self._clock.now()

    def _all(self) -> list[HotItem]:
        return [self._items[key] for key in sorted(self._items) if self._live(self._items[key])]


class MemoryWideStore:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rows: dict[tuple[str, str], WideRow] = {}

    async def get(self, customer_id: str, data_type: str) -> WideRow | None:
        row = self._rows.get((customer_id, data_type))
        return row if row is not None and self._live(row) else None

    async def put_if_newer(self, row: WideRow) -> bool:
        stored = await self.get(row.customer_id, row.data_type)
        if stored is not None and stored.version >= row.version:
            return False
        self._rows[row.customer_id, row.data_type] = row
        return True

    async def range(self, customer_id: str, start: str, end: str, limit: int = 100) -> Sequence[WideRow]:
        rows = [r for r in self._all() if r.customer_id == customer_id and start <= r.data_type < end]
        return rows[:limit]

    async def delete(self, customer_id: str, data_type: str) -> None:
        self._rows.pop((customer_id, data_type), None)

    async def scan(self, limit: int, after: tuple[str, str] | None = None) -> Sequence[WideRow]:
        return [r for r in self._all() if (r.customer_id, r.data_type) > (after or ("", ""))][:limit]

    def _live(self, row: WideRow) -> bool:
        return row.expires_at is None or row.expires_at > self._clock.now()

    def _all(self) -> list[WideRow]:
        return [self._rows[key] for key in sorted(self._rows) if self._live(self._rows[key])]


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
