"""Decision ids: UUID version 7, so that sorting by id sorts by time. Time and randomness are arguments."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID


def decision_id(at: datetime, random_bytes: bytes) -> str:
    """A UUIDv7 (RFC 9562) from an instant, in milliseconds, and ten random bytes."""
    if len(random_bytes) != 10:
        raise ValueError("a decision id takes exactly ten random bytes")
    milliseconds = int(at.timestamp() * 1000) & (2**48 - 1)
    tail = int.from_bytes(random_bytes)
    high, low = tail >> 68, tail & (2**62 - 1)
    return str(UUID(int=milliseconds << 80 | 7 << 76 | (high & 0xFFF) << 64 | 2 << 62 | low))
