"""Where a process keeps its own counts: labelled counters, named as Prometheus shows them on ``/metrics``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from foundation.errors import MiranteError
from foundation.exit_status import ExitStatus


class JournalError(MiranteError):
    """Counts could not be put on file; the next write may go through again."""

    exit_status = ExitStatus.ENVIRONMENT


@dataclass(frozen=True, slots=True)
class CounterIncrement:
    """``value`` more of counter ``name`` with ``labels`` (sorted pairs)."""

    name: str
    labels: tuple[tuple[str, str], ...]
    value: int


class CountJournal(Protocol):
    """Survives ``kill -9`` of the process exactly."""

    def add(self, increments: Sequence[CounterIncrement]) -> None:
        """All of them or none, on file when this returns. A value of 0 declares the counter, so that a
        process without traffic yet is *no traffic*, not *no data*. Raises JournalError."""
        ...

    def heartbeat(self) -> None:
        """Say "alive" for the current minute, so that a quiet minute is *no traffic*, not *no data*."""
        ...


def labels_of(**labels: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(labels.items()))
