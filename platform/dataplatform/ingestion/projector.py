"""From the outbox to hot, wide and cache: at least once, idempotent by version, oldest first per key."""

from __future__ import annotations

import asyncio
import logging

from credit.domain.errors import StoreUnavailable
from credit.metrics import OUTBOX_DEPTH, PROJECTED_ROWS
from credit.ports.projections import Cache, HotItem, HotStore, WideStore
from credit.ports.records import Outbox, OutboxRow
from credit.ports.tracing import WorkTracer
from credit.usecases.cached_records import remember_profile
from dataplatform.ingestion.projections import Projection, project
from dataplatform.observability.tracing import QuietTracer
from foundation.metrics import Telemetry

logger = logging.getLogger(__name__)


class Projector:
    """Rows that could not be projected go back to the outbox; nothing is ever given up.

    Each row is written in a span of the trace that it carries.
    """

    def __init__(
        self,
        *,
        outbox: Outbox,
        hot: HotStore,
        wide: WideStore,
        cache: Cache,
        telemetry: Telemetry,
        tracer: WorkTracer | None = None,
        worker: str = "projector",
        batch: int = 256,
        lease_seconds: float = 300.0,
    ) -> None:
        self._outbox, self._hot, self._wide, self._cache = outbox, hot, wide, cache
        self._telemetry, self._worker = telemetry, worker
        self._tracer = tracer or QuietTracer()
        self._batch, self._lease_seconds = batch, lease_seconds

    async def run_once(self) -> int:
        """Project one batch; returns how many rows are done (0: none waits, or none could be projected).

        Raises:
            StoreUnavailable: the outbox itself cannot be read or written.
        """
        rows = await self._outbox.claim(self._worker, self._batch, self._lease_seconds)
        results = await asyncio.gather(*(self._project(row) for row in rows))
        done = [row.row_id for row, failure in zip(rows, results, strict=True) if failure is None]
        failed = [(row.row_id, why) for row, why in zip(rows, results, strict=True) if why is not None]
        if done:
            await self._outbox.done(self._worker, done)
        for reason in dict.fromkeys(why for _, why in failed):
            same = [row_id for row_id, why in failed if why == reason]
            await self._outbox.failed(self._worker, same, reason)
        self._telemetry.set(OUTBOX_DEPTH, float(await self._outbox.depth()))
        return len(done)

    async def drain(self, rounds: int = 1_000_000) -> int:
        """Project until nothing more gets done (or after ``rounds`` batches); returns rows done."""
        total = 0
        for _ in range(rounds):
            worked = await self.run_once()
            if worked == 0:
                break
            total += worked
        return total

    async def _project(self, row: OutboxRow) -> str | None:
        """None when projected everywhere, else why not."""
        try:
            projection = project(row.kind, row.payload)
        except (ValueError, KeyError, TypeError) as error:
            logger.exception("outbox row %d cannot be read", row.row_id)
            self._count("outbox", "unreadable")
            return f"unreadable payload: {type(error).__name__}"
        try:
            with self._tracer.continued("project row", [row.trace], kind=row.kind):
                await self._write(projection)
        except StoreUnavailable as error:
            self._count(error.store, "failed")
            return str(error)
        return None

    async def _write(self, projection: Projection) -> None:
        hot, wide = await asyncio.gather(
            self._hot.put_if_newer(projection.hot),
            self._wide.put_if_newer(projection.wide),
            return_exceptions=True,
        )
        for store, result in (("hot", hot), ("wide", wide)):
            if isinstance(result, bool):
                self._count(store, "ok" if result else "stale")
        await self._refresh(projection, newest=hot is True)
        for result in (hot, wide):
            if isinstance(result, BaseException):
                raise result

    async def _refresh(self, projection: Projection, *, newest: bool) -> None:
        """The cache gets what was just written; after a write that failed or came late it forgets. Looking
        again afterwards shows whether a newer version passed this one on the way to the cache."""
        if projection.stale_key is None:
            return
        if projection.profile is not None and newest:
            await remember_profile(self._cache, projection.profile)
            newest = await self._is_newest(projection.hot)
        if not newest:
            await self._cache.delete(projection.stale_key)

    async def _is_newest(self, written: HotItem) -> bool:
        try:
            item = await self._hot.get(written.customer_id, written.data_type)
        except StoreUnavailable:
            return False
        return item is not None and item.version == written.version

    def _count(self, store: str, outcome: str) -> None:
        self._telemetry.count(PROJECTED_ROWS, store=store, outcome=outcome)
