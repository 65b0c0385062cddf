"""Processing metadata in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from dataplatform.ingestion.processing_log import BatchOutcome


class MemoryProcessingLog:
    def __init__(self, keep: int = 10_000) -> None:
        self._outcomes: deque[BatchOutcome] = deque(maxlen=keep)

    async def add(self, outcome: BatchOutcome) -> None:
        self._outcomes.append(outcome)

    async def latest(self, limit: int) -> Sequence[BatchOutcome]:
        return list(reversed(self._outcomes))[:limit]
