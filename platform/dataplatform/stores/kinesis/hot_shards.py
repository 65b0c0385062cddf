"""Which shard gets more than its share: a hot key makes one shard throttle while the others idle."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HotShardRule:
    """A shard is hot with more than ``factor`` times the fair share of the last ``window_seconds`` (real),
    once ``least`` records came in them: a handful is never spread evenly."""

    window_seconds: float = 60.0
    factor: float = 2.0
    least: int = 1_000


class ShardShares:
    """Counts what came from each shard within a sliding window."""

    def __init__(self, rule: HotShardRule) -> None:
        self._rule = rule
        self._seen: deque[tuple[float, str, int]] = deque()
        self._counts: Counter[str] = Counter()

    def add(self, shard: str, records: int, at: float) -> None:
        """``at``: monotonic seconds."""
        self._seen.append((at, shard, records))
        self._counts[shard] += records
        while self._seen[0][0] < at - self._rule.window_seconds:
            _, old, count = self._seen.popleft()
            self._counts[old] -= count

    def shares(self, shards: Iterable[str]) -> Mapping[str, float]:
        """Share of the records of each of these shards, 0 to 1."""
        total = self._counts.total()
        return {shard: self._counts[shard] / total if total else 0.0 for shard in shards}

    def hot(self, shards: Iterable[str]) -> frozenset[str]:
        """Those above the rule's limit. One shard alone is never hot."""
        shares = self.shares(shards)
        if self._counts.total() < self._rule.least or len(shares) < 2:
            return frozenset()
        limit = min(self._rule.factor / len(shares), 0.9)
        return frozenset(shard for shard, share in shares.items() if share > limit)
