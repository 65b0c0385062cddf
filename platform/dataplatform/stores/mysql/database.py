"""One database behind two endpoints: writes at the writer, reads at a reader that has what was written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from dataplatform.resilience.retry import RetryPolicy, retrying
from dataplatform.stores.mysql.endpoint import Endpoint, PoolLimits
from dataplatform.stores.mysql.session import MysqlRelationalSession
from dataplatform.stores.relational.session import Contended, RelationalSession
from foundation.clock import Clock, SystemClock

T = TypeVar("T")

LAG_BOUND_SECONDS = 2.0
_JITTER = Random()  # noqa: S311 - spreads retries; guards nothing
CONTENTION = RetryPolicy(attempts=8, base_seconds=0.01, cap_seconds=0.5)


class MysqlDatabase:
    """``RelationalDatabase``: what a reader may lack yet is read at the writer.

    Deadlocks, lock waits and rows that others wrote first are retried with jittered pauses.
    """

    def __init__(
        self,
        writer_url: str,
        reader_url: str | None,
        store: str,
        clock: Clock,
        *,
        limits: PoolLimits | None = None,
        lag_bound: float = LAG_BOUND_SECONDS,
        contention: RetryPolicy = CONTENTION,
        random: Callable[[], float] = _JITTER.random,
    ) -> None:
        """Connects to nothing yet. Without ``reader_url`` the writer answers reads, too."""
        limits = limits or PoolLimits()
        self.store = store
        self._writer = Endpoint(writer_url, store, limits)
        self._reader = None if reader_url is None else Endpoint(reader_url, store, limits)
        self._recent = RecentWrites(clock, lag_bound)
        self._contention, self._random = contention, random

    async def write(self, work: Callable[[RelationalSession], T]) -> T:
        """Raises StoreUnavailable: nothing was written; or the connection broke in the commit."""
        try:
            return await self._at_writer(work)
        finally:
            self._recent.note()

    async def read(self, work: Callable[[RelationalSession], T]) -> T:
        """From a reader, unless this task wrote within the lag bound. Raises StoreUnavailable."""
        if self._reader is None or self._recent.may_be_missing():
            return await self.read_newest(work)
        return await self._reader.run(lambda connection: work(MysqlRelationalSession(connection)))

    async def read_newest(self, work: Callable[[RelationalSession], T]) -> T:
        """From the writer: what anybody has committed. Raises StoreUnavailable."""
        return await self._at_writer(work)

    async def find(self, work: Callable[[RelationalSession], T | None]) -> T | None:
        """``read``; the writer is asked for what a reader lacks: another process may just have made it."""
        found = await self.read(work)
        if found is None and self._reader is not None and not self._recent.may_be_missing():
            return await self.read_newest(work)
        return found

    @property
    def saturation(self) -> float:
        """The fuller of the two endpoints, 0 to 1."""
        return max(endpoint.saturation for endpoint in self._endpoints())

    async def close(self) -> None:
        """Refuse new calls, finish what was accepted."""
        await asyncio.to_thread(self.stop)

    def stop(self) -> None:
        """``close`` for callers without an event loop."""
        for endpoint in self._endpoints():
            endpoint.stop()

    def _endpoints(self) -> list[Endpoint]:
        return [self._writer] if self._reader is None else [self._writer, self._reader]

    async def _at_writer(self, work: Callable[[RelationalSession], T]) -> T:
        return await retrying(
            lambda: self._writer.run(lambda connection: work(MysqlRelationalSession(connection))),
            self._contention,
            SystemClock(),
            self._random,
            retry_on=(Contended,),
        )


@dataclass(slots=True)
class _Session:
    """Shared by a task and the tasks it starts after its first call."""

    written_at: float | None = None


_SESSION: ContextVar[_Session] = ContextVar("mysql_session")


def _session() -> _Session:
    found = _SESSION.get(None)
    if found is None:
        found = _Session()
        _SESSION.set(found)
    return found


class RecentWrites:
    """Which tasks wrote a moment ago, so that a replica may not have it yet.

    ``lag_bound`` is the age, in real seconds, from which every replica has a write."""

    def __init__(self, clock: Clock, lag_bound: float) -> None:
        self._clock, self._lag_bound = clock, lag_bound

    def note(self) -> None:
        """The running task has written, or may have."""
        _session().written_at = self._clock.monotonic()

    def may_be_missing(self) -> bool:
        """Whether a replica could still lack a write of the running task."""
        written_at = _session().written_at
        return written_at is not None and self._clock.monotonic() - written_at < self._lag_bound
