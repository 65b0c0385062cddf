"""How late an event loop runs what was due: the queueing delay of every request it serves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class EventLoopLag:
    """The worst lag since the last reading over ``limit_seconds``. Start it on the loop it watches.

    A loop that is stuck right now counts too: what is overdue is late already. Before ``start``, and between
    two ticks with nothing overdue, it is unknown. ``measure`` may be called from any thread.
    """

    resource = "event_loop_lag"

    def __init__(
        self,
        component: str,
        limit_seconds: float,
        interval_seconds: float = 0.1,
        now: Callable[[], float] | None = None,
    ) -> None:
        self.component = component
        self._limit = limit_seconds
        self._interval = interval_seconds
        self._now = now
        self._worst: float | None = None
        self._due: float | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._handle: asyncio.TimerHandle | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Watch ``loop`` from now on; call it on that loop."""
        self._loop = loop
        self._due = self._time(loop) + self._interval
        self._handle = loop.call_later(self._interval, self._tick, loop, self._due)

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        self._due = None

    def measure(self) -> float | None:
        worst, self._worst = self._worst, None
        due, loop = self._due, self._loop
        overdue = self._time(loop) - due if due is not None and loop is not None else 0.0
        if worst is None and overdue <= 0.0:
            return None
        return max(worst or 0.0, overdue) / self._limit

    def _tick(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        lag = max(0.0, self._time(loop) - due)
        self._worst = lag if self._worst is None else max(self._worst, lag)
        self.start(loop)

    def _time(self, loop: asyncio.AbstractEventLoop) -> float:
        return loop.time() if self._now is None else self._now()
