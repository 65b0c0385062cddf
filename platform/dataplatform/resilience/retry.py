"""Retry with exponential backoff and full jitter: bounded, on an injected clock and randomness."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from credit.domain.errors import StoreUnavailable
from foundation.clock import Clock

T = TypeVar("T")
Random = Callable[[], float]  # uniform in [0, 1)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """``attempts`` calls in all. The n-th pause is uniform in [0, min(cap, base x 2^(n-1))] seconds."""

    attempts: int = 5
    base_seconds: float = 0.05
    cap_seconds: float = 5.0

    def ceiling(self, failures: int) -> float:
        """Longest pause after ``failures`` failed calls, in seconds."""
        return float(min(self.cap_seconds, self.base_seconds * 2 ** min(failures - 1, 60)))

    def pause(self, failures: int, random: Random) -> float:
        return random() * self.ceiling(failures)


async def retrying(
    call: Callable[[], Awaitable[T]],
    policy: RetryPolicy,
    clock: Clock,
    random: Random,
    retry_on: tuple[type[Exception], ...] = (StoreUnavailable,),
) -> T:
    """Make the call until it answers, at most ``policy.attempts`` times; then raise its last error."""
    for failures in range(1, policy.attempts):
        try:
            return await call()
        except retry_on as error:
            pause = policy.pause(failures, random)
            logger.info(
                "attempt %d of %d failed (%s); again in %.3f s", failures, policy.attempts, error, pause
            )
        await clock.sleep(pause)
    return await call()
