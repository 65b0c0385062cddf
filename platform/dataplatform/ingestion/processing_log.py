"""Processing metadata (§8.1.5): what became of each batch, kept for a bounded number of batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """``duration_seconds`` is real monotonic time; ``first`` and ``last`` are stream sequences."""

    worker: str
    started_at: datetime
    duration_seconds: float
    first: str
    last: str
    ok: int
    duplicate: int
    retried: int
    dead_letter: int


class ProcessingLog(Protocol):
    async def add(self, outcome: BatchOutcome) -> None: ...

    async def latest(self, limit: int) -> Sequence[BatchOutcome]:
        """Newest first."""
        ...
