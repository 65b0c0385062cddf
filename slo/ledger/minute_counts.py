"""The service's own counters, per minute: what a running process did, before any SLO looks at it.

A process writes increments of its labelled counters (the very names that ``/metrics`` exposes) and the
control side turns them into ledger rows by the SLO's own query. Names and labels are Prometheus's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Protocol


@dataclass(frozen=True, slots=True)
class MinuteCount:
    """The increase of one counter within one UTC minute in one source (instance and boot)."""

    name: str
    labels: tuple[tuple[str, str], ...]
    minute: datetime
    source: str
    value: int
    error_bound: int | None = None


class CountReader(Protocol):
    def read(self, since: datetime, until: datetime) -> Sequence[MinuteCount]:
        """Counts of minutes in ``[since, until)``, every source."""
        ...

    def alive(self, since: datetime, until: datetime) -> Mapping[str, Sequence[datetime]]:
        """For each source the minutes in which it said it was alive."""
        ...

    def names(self) -> Mapping[str, frozenset[str]]:
        """For each source the counters that its role (the part before ``/``) has ever counted."""
        ...

    def unreadable(self) -> Mapping[str, str]:
        """Selectors of the last ``read`` that brought something else than counts of events, with what."""
        ...


def fill_single_gaps(minutes: Iterable[int]) -> list[int]:
    """Sorted minutes with every single missing one put in: heartbeats come "every minute-ish", and a
    process that spoke in minutes 5 and 7 was there in minute 6. A longer silence stays a silence."""
    found = sorted(minutes)
    return sorted({*found, *(low + 1 for low, high in pairwise(found) if high - low == 2)})
