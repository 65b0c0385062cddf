"""How long a test waits for something that only a busy machine delays: never what the test is about.

A limit is stated for a quiet machine. The real one grows with the load, for as long as the wait lasts.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

FACTOR = "MIRANTE_TEST_PATIENCE"  # overrides what the load says
LEAST, MOST = 1.0, 20.0


def slowness() -> float:
    """How many times slower than a quiet one this machine may be now, by what wants to run per core."""
    stated = os.environ.get(FACTOR)
    if stated is not None:
        return float(stated)
    return min(max(LEAST, 2 * os.getloadavg()[0] / (os.cpu_count() or 1)), MOST)


def patience(seconds: float) -> float:
    """For what takes its limit in advance."""
    return seconds * slowness()


class Deadline:
    """``seconds`` of a quiet machine from now on."""

    def __init__(self, seconds: float) -> None:
        self._began, self._seconds = time.monotonic(), seconds

    def is_over(self) -> bool:
        return time.monotonic() - self._began > patience(self._seconds)


def wait_until(
    condition: Callable[[], object], seconds: float, what: str | Callable[[], str], pause: float = 0.05
) -> None:
    """Poll; fail with ``what`` when it does not come true in ``seconds`` of a quiet machine."""
    deadline = Deadline(seconds)
    while not condition():
        if deadline.is_over():
            raise AssertionError(f"not within {seconds} s: {what if isinstance(what, str) else what()}")
        time.sleep(pause)
