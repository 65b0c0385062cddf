"""A cache in SQLite, bounded by entries; the least recently written goes first. Failures are misses."""

from __future__ import annotations

import logging
import sqlite3

from credit.domain.errors import StoreUnavailable
from dataplatform.stores.sqlite.database import Database
from foundation.clock import Clock
from foundation.instants import seconds_to_micros, to_micros

_GET = "SELECT value FROM entries WHERE key = ? AND expires_at > ?"
_SET = """
INSERT INTO entries (key, value, expires_at, used)
VALUES (?, ?, ?, (SELECT coalesce(max(used), 0) + 1 FROM entries))
ON CONFLICT (key) DO UPDATE SET
  value = excluded.value, expires_at = excluded.expires_at, used = excluded.used
"""
_EVICT = """
DELETE FROM entries WHERE used <= (SELECT used FROM entries ORDER BY used DESC LIMIT 1 OFFSET ?)
"""

_HIGHEST = "\U0010ffff"  # sorts after every key

logger = logging.getLogger(__name__)


class SqliteCache:
    """``failures`` counts calls that answered a miss, or did nothing, because the database failed."""

    def __init__(self, database: Database, clock: Clock, max_entries: int = 10_000) -> None:
        self._database, self._clock, self._max_entries = database, clock, max_entries
        self.failures = 0

    async def get(self, key: str) -> bytes | None:
        now = to_micros(self._clock.now())
        try:
            row = await self._database.read(lambda c: c.execute(_GET, (key, now)).fetchone())
        except StoreUnavailable as error:
            self._missed(error)
            return None
        return None if row is None else bytes(row[0])

    async def set(self, key: str, value: bytes, ttl_seconds: float) -> None:
        expires_at = to_micros(self._clock.now()) + seconds_to_micros(ttl_seconds)

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(_SET, (key, value, expires_at))
            connection.execute(_EVICT, (self._max_entries,))

        try:
            await self._database.write(work)
        except StoreUnavailable as error:
            self._missed(error)

    async def delete(self, key: str) -> None:
        await self._delete("DELETE FROM entries WHERE key = ?", key)

    async def delete_prefix(self, prefix: str) -> None:
        await self._delete("DELETE FROM entries WHERE key >= ? AND key < ?", prefix, prefix + _HIGHEST)

    async def _delete(self, statement: str, *keys: str) -> None:
        try:
            await self._database.write(lambda c: c.execute(statement, keys).rowcount)
        except StoreUnavailable as error:
            self._missed(error)

    def _missed(self, error: StoreUnavailable) -> None:
        self.failures += 1
        logger.warning("the cache failed and counts as a miss: %s", error)
