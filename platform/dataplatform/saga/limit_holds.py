"""Parts of a customer's limit held in the hot store while a disbursement is under way.

One item a customer, changed by compare-and-set: whoever wrote on top of the version it read wins. A hold
that was released leaves a mark for a day, so that a late duplicate of the hold finds it and does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from credit.domain.disbursement import Refusal
from credit.domain.errors import StoreUnavailable
from credit.ports.projections import HOLDS, HotItem, HotStore, ItemValue
from dataplatform.ingestion.projections import content_digest
from dataplatform.saga.step import StepRefused
from foundation.clock import Clock
from foundation.instants import to_micros

_MARKS_LAST = timedelta(days=1)
_TRIES = 20  # of one change, when others write the same item

Attributes = dict[str, ItemValue]


class LimitHolds:
    def __init__(self, hot: HotStore, clock: Clock) -> None:
        self._hot, self._clock = hot, clock

    async def hold(self, customer_id: str, key: str, cents: int, free_cents: int) -> None:
        """Hold ``cents`` under ``key``, once.

        Raises:
            StepRefused: with what others hold it exceeds ``free_cents``, or this hold was released before.
            StoreUnavailable: unknown whether it is held.
        """

        def change(held: Attributes) -> Attributes | None:
            if _mark(key) in held:
                raise StepRefused(Refusal.UNAVAILABLE)
            if _hold(key) in held:
                return None
            if total(held) + cents > free_cents:
                raise StepRefused(Refusal.LIMIT_EXCEEDED)
            return {**held, _hold(key): cents}

        await self._change(customer_id, change)

    async def release(self, customer_id: str, key: str) -> None:
        """Hold nothing under ``key`` any more, whether it was held or not."""

        def change(held: Attributes) -> Attributes | None:
            if _mark(key) in held:
                return None
            rest = {name: value for name, value in held.items() if name != _hold(key)}
            return {**rest, _mark(key): to_micros(self._clock.now())}

        await self._change(customer_id, change)

    async def _change(self, customer_id: str, change: Callable[[Attributes], Attributes | None]) -> None:
        for _ in range(_TRIES):
            found = await self._hot.get(customer_id, HOLDS)
            now = self._clock.now()
            wanted = change({} if found is None else _without_old_marks(found.attributes, now))
            if wanted is None:
                return
            version = 1 if found is None else found.version + 1
            item = HotItem(customer_id, HOLDS, version, now, content_digest(wanted), wanted)
            if await self._hot.put_if_newer(item):
                return
        raise StoreUnavailable("hot", f"{_TRIES} tries to change one item met others")


def total(attributes: Mapping[str, ItemValue]) -> int:
    """Cents held by all."""
    return sum(
        value for name, value in attributes.items() if name.startswith("hold:") and isinstance(value, int)
    )


def _hold(key: str) -> str:
    return f"hold:{key}"


def _mark(key: str) -> str:
    return f"released:{key}"


def _without_old_marks(attributes: Mapping[str, ItemValue], now: datetime) -> Attributes:
    oldest = to_micros(now - _MARKS_LAST)
    return {
        name: value
        for name, value in attributes.items()
        if not (name.startswith("released:") and isinstance(value, int) and value < oldest)
    }
