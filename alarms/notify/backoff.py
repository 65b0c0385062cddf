"""How long to wait before the next attempt: doubling, capped, spread so that many do not retry as one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Backoff:
    """The n-th wait is ``first * 2**(n-1)``, at most ``longest``, less up to a quarter of itself."""

    first: timedelta = timedelta(seconds=2)
    longest: timedelta = timedelta(minutes=5)
    attempts: int = 100

    def wait(self, attempt: int, identity: str) -> timedelta:
        """After attempt number ``attempt`` (1 is the first). The same identity always waits the same."""
        full = min(self.longest, self.first * (1 << min(attempt - 1, 20)))
        spread = hashlib.sha256(f"{identity}/{attempt}".encode()).digest()[0] / 255
        return full - full * (spread / 4)
