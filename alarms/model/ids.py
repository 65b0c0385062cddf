"""Sortable ids: 48 bits of milliseconds and 80 random bits, in Crockford's base 32 (26 characters)."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable

from foundation.clock import Clock

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_BITS = 80
LENGTH = 26


def encode(number: int) -> str:
    """A number below 2**130 as 26 characters that sort as the number does."""
    return "".join(ALPHABET[(number >> shift) & 31] for shift in range(5 * (LENGTH - 1), -1, -5))


class SortableIds:
    """Call it for the next id; ids of one process always rise, even when its clock goes back."""

    def __init__(
        self, clock: Clock, prefix: str = "", random_bits: Callable[[int], int] = secrets.randbits
    ) -> None:
        self._clock = clock
        self._prefix = prefix
        self._random_bits = random_bits
        self._last = 0
        self._lock = threading.Lock()

    def __call__(self) -> str:
        milliseconds = int(self._clock.now().timestamp() * 1000)
        candidate = (milliseconds << RANDOM_BITS) | self._random_bits(RANDOM_BITS)
        with self._lock:
            self._last = candidate if candidate > self._last else self._last + 1
            return self._prefix + encode(self._last)
