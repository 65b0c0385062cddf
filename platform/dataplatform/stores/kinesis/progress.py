"""Which records of one shard are settled, and so how far its checkpoint may move."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(slots=True)
class _Open:
    sequence: str
    parts: int


class ShardProgress:
    """Records are settled in any order; the checkpoint stays before the first that is not."""

    def __init__(self) -> None:
        self._open: deque[_Open] = deque()
        self._by_sequence: dict[str, _Open] = {}

    def __len__(self) -> int:
        """Records from the first that is not settled on."""
        return len(self._open)

    def read(self, sequence: str, parts: int) -> None:
        """A record was read, in the shard's order; ``parts`` of it are to be settled."""
        record = _Open(sequence, parts)
        self._open.append(record)
        self._by_sequence[sequence] = record

    def settle(self, sequence: str) -> None:
        """One part of it more is settled."""
        self._by_sequence[sequence].parts -= 1

    def advance(self) -> str | None:
        """The newest record up to which all are settled, since the last time; None when none more is."""
        reached = None
        while self._open and self._open[0].parts <= 0:
            reached = self._open.popleft().sequence
            del self._by_sequence[reached]
        return reached
