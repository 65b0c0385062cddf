"""Sortable ids: 48 bits of milliseconds and 80 random bits, in Crockford's base 32 (26 characters)."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from foundation.clock import Clock

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_BITS = 80
LENGTH = 26
PAIRS = tuple(high + low for high in ALPHABET for low in ALPHABET)
DRAWN = 4096  # random bytes at a time: each asks the operating system


def encode(number: int) -> str:
    """A number below 2**130 as 26 characters that sort as the number does."""
    return "".join([PAIRS[(number >> shift) & 1023] for shift in range(5 * (LENGTH - 2), -1, -10)])


class RandomBits:
    """As ``secrets.randbits`` has them, and drawn many at a time. For several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._drawn, self._used = b"", 0

    def __call__(self, bits: int) -> int:
        size = (bits + 7) // 8
        with self._lock:
            if self._used + size > len(self._drawn):
                self._drawn, self._used = secrets.token_bytes(max(DRAWN, size)), 0
            taken = self._drawn[self._used : self._used + size]
            self._used += size
        return int.from_bytes(taken) >> (8 * size - bits)


def made_at(identity: str) -> datetime | None:
    """When an id without a prefix was made, to the millisecond; None: it is not one of these."""
    if len(identity) != LENGTH or not set(identity) <= set(ALPHABET):
        return None
    number = 0
    for character in identity:
        number = number << 5 | ALPHABET.index(character)
    try:
        return datetime.fromtimestamp((number >> RANDOM_BITS) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


class SortableIds:
    """Call it for the next id; ids of one process always rise, even when its clock goes back."""

    def __init__(
        self, clock: Clock, prefix: str = "", random_bits: Callable[[int], int] | None = None
    ) -> None:
        self._clock = clock
        self._prefix = prefix
        self._random_bits = random_bits or RandomBits()
        self._last = 0
        self._lock = threading.Lock()

    def __call__(self) -> str:
        milliseconds = int(self._clock.now().timestamp() * 1000)
        candidate = (milliseconds << RANDOM_BITS) | self._random_bits(RANDOM_BITS)
        with self._lock:
            self._last = candidate if candidate > self._last else self._last + 1
            return self._prefix + encode(self._last)
