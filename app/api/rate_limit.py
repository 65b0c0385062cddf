"""A token bucket per API key, told to clients as draft-ietf-httpapi-ratelimit-headers says."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from foundation.clock import Clock

POLICY = "key"


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class RateLimit:
    """``quota`` requests per ``window_seconds`` of real time, all at once if a client likes, then evenly."""

    def __init__(self, quota: int, window_seconds: int, clock: Clock) -> None:
        self._quota = quota
        self._window = window_seconds
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}
        self._policy = f'"{POLICY}";q={quota};w={window_seconds}'

    def take(self, key_id: str) -> float:
        """Take one token. 0.0 when there was one, else the seconds until there is."""
        now = self._clock.monotonic()
        bucket = self._buckets.setdefault(key_id, _Bucket(self._quota, now))
        bucket.tokens = min(self._quota, bucket.tokens + (now - bucket.at) * self._quota / self._window)
        bucket.at = now
        if bucket.tokens < 1.0:
            return (1.0 - bucket.tokens) * self._window / self._quota
        bucket.tokens -= 1.0
        return 0.0

    def headers(self, key_id: str) -> Mapping[str, str]:
        """``r`` requests are left now; after ``t`` seconds of silence the whole quota is."""
        tokens = self._buckets[key_id].tokens
        full = math.ceil((self._quota - tokens) * self._window / self._quota)
        return {
            "RateLimit-Policy": self._policy,
            "RateLimit": f'"{POLICY}";r={math.floor(tokens)};t={full}',
        }
