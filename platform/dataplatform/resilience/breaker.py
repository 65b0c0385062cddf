"""Circuit breaker over a window of recent calls: opens on the share of failed or of slow ones.

closed -> open       at least ``minimum_calls`` in the window, and too many failed or slow
open -> half open    after ``open_seconds``; ``probes`` trial calls are let through
half open -> closed  when every trial call is good; -> open when one is not
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from credit.domain.errors import StoreUnavailable
from foundation.clock import Clock

T = TypeVar("T")


class CircuitOpen(StoreUnavailable):
    """The store was not asked: this call did nothing there, and says nothing about the next one."""


class Circuit(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """Ratios in [0, 1]; times in real seconds. A call of ``slow_seconds`` or more is slow."""

    window_calls: int = 50
    window_seconds: float = 30.0
    minimum_calls: int = 10
    failure_ratio: float = 0.5
    slow_seconds: float = 0.5
    slow_ratio: float = 0.8
    open_seconds: float = 5.0
    probes: int = 3


@dataclass(frozen=True, slots=True)
class _Call:
    at: float
    failed: bool
    slow: bool


class Breaker:
    """Guards calls to one store. Not thread-safe: it belongs to one event loop."""

    def __init__(self, store: str, policy: BreakerPolicy, clock: Clock) -> None:
        self._store, self._policy, self._clock = store, policy, clock
        self._calls: deque[_Call] = deque(maxlen=policy.window_calls)
        self._state = Circuit.CLOSED
        self._opened_at = 0.0
        self._trials_started = 0
        self._trials_good = 0

    @property
    def state(self) -> Circuit:
        """The state a call would meet now."""
        if self._state is Circuit.OPEN and self._rested():
            return Circuit.HALF_OPEN
        return self._state

    async def call(self, work: Callable[[], Awaitable[T]]) -> T:
        """Make the call, or refuse it at once.

        Raises:
            CircuitOpen: refused; the store was not asked.
            StoreUnavailable: the call itself said so.
        """
        trial = self._admit()
        started = self._clock.monotonic()
        try:
            result = await work()
        except StoreUnavailable:
            self._note(started, failed=True, trial=trial)
            raise
        except BaseException:
            if trial:
                self._trials_started -= 1
            raise
        self._note(started, failed=False, trial=trial)
        return result

    async def around(self, method: str, call: Callable[[], Awaitable[T]]) -> T:
        """The same for a wrapped port (``dataplatform.wrapped.Around``)."""
        return await self.call(call)

    def _admit(self) -> bool:
        if self._state is Circuit.CLOSED:
            return False
        if self._state is Circuit.OPEN and self._rested():
            self._state, self._trials_started, self._trials_good = Circuit.HALF_OPEN, 0, 0
        if self._state is Circuit.HALF_OPEN and self._trials_started < self._policy.probes:
            self._trials_started += 1
            return True
        raise CircuitOpen(self._store, "its circuit breaker is open after repeated failures or slow calls")

    def _note(self, started: float, *, failed: bool, trial: bool) -> None:
        now = self._clock.monotonic()
        slow = now - started >= self._policy.slow_seconds
        if trial:
            self._judge_trial(bad=failed or slow, now=now)
        elif self._state is Circuit.CLOSED:
            self._calls.append(_Call(now, failed, slow))
            if self._too_bad(now):
                self._open(now)

    def _judge_trial(self, *, bad: bool, now: float) -> None:
        if self._state is not Circuit.HALF_OPEN:
            return
        if bad:
            self._open(now)
            return
        self._trials_good += 1
        if self._trials_good >= self._policy.probes:
            self._state = Circuit.CLOSED

    def _too_bad(self, now: float) -> bool:
        while self._calls and now - self._calls[0].at > self._policy.window_seconds:
            self._calls.popleft()
        count = len(self._calls)
        if count < self._policy.minimum_calls:
            return False
        failed = sum(call.failed for call in self._calls)
        slow = sum(call.slow for call in self._calls)
        return failed >= self._policy.failure_ratio * count or slow >= self._policy.slow_ratio * count

    def _open(self, now: float) -> None:
        self._state, self._opened_at = Circuit.OPEN, now
        self._calls.clear()

    def _rested(self) -> bool:
        return self._clock.monotonic() - self._opened_at >= self._policy.open_seconds
