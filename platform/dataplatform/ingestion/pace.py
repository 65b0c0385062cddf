"""How long a worker rests between batches: not at all while there is work, longer after each failure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dataplatform.resilience.retry import RetryPolicy

_IDLE_SECONDS = 0.05


class Pace:
    """Rests are real time: they protect a real store, whatever the clock says."""

    def __init__(self, policy: RetryPolicy, random: Callable[[], float]) -> None:
        self._policy, self._random = policy, random
        self.failures = 0

    def note(self, *, ok: bool) -> None:
        self.failures = 0 if ok else self.failures + 1

    def seconds(self, *, idle: bool) -> float:
        """Seconds to rest now."""
        if self.failures:
            return self._policy.pause(self.failures, self._random)
        return _IDLE_SECONDS if idle else 0.0

    async def rest(self, stop: asyncio.Event, *, idle: bool) -> None:
        """Until rested or told to stop."""
        seconds = self.seconds(idle=idle)
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        try:
            await asyncio.wait_for(stop.wait(), seconds)
        except TimeoutError:
            return
