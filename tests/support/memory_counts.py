"""Count journal and reader in memory, for tests and simulations; same contract as the files."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import uuid4

from foundation.clock import Clock
from foundation.count_journal import CounterIncrement
from slo.ledger.ledger import epoch_minute, from_epoch_minute
from slo.ledger.minute_counts import MinuteCount, fill_single_gaps
from slo.model.periods import floor_minute

Counter = tuple[str, tuple[tuple[str, str], ...]]


class MemoryCountJournal:
    def __init__(self, source_name: str, clock: Clock) -> None:
        self.source = f"{source_name}/{uuid4().hex[:8]}"
        self._clock = clock
        self._lock = threading.Lock()
        self.counts: dict[tuple[datetime, Counter], int] = {}
        self.beats: set[int] = set()
        self.heartbeat()

    def add(self, increments: Sequence[CounterIncrement]) -> None:
        if any(increment.value < 0 for increment in increments):
            raise ValueError(f"a counter cannot fall: {increments}")
        minute = floor_minute(self._clock.now())
        with self._lock:
            for item in increments:
                key = (minute, (item.name, tuple(sorted(item.labels))))
                self.counts[key] = self.counts.get(key, 0) + item.value

    def heartbeat(self) -> None:
        self.beats.add(epoch_minute(floor_minute(self._clock.now())))


class MemoryCountReader:
    def __init__(self, journals: Sequence[MemoryCountJournal]) -> None:
        self._journals = journals

    def read(self, since: datetime, until: datetime) -> Sequence[MinuteCount]:
        return [
            MinuteCount(name, labels, minute, journal.source, value)
            for journal in self._journals
            for (minute, (name, labels)), value in sorted(journal.counts.items())
            if since <= minute < until
        ]

    def alive(self, since: datetime, until: datetime) -> Mapping[str, Sequence[datetime]]:
        found: dict[str, list[datetime]] = {}
        for journal in self._journals:
            marks = journal.beats | {epoch_minute(minute) for minute, _ in journal.counts}
            minutes = [from_epoch_minute(mark) for mark in fill_single_gaps(marks)]
            kept = [minute for minute in minutes if since <= minute < until]
            if kept:
                found[journal.source] = kept
        return found

    def names(self) -> Mapping[str, frozenset[str]]:
        roles: dict[str, set[str]] = {}
        for journal in self._journals:
            counted = {name for _, (name, _) in journal.counts}
            roles.setdefault(_role(journal.source), set()).update(counted)
        return {journal.source: frozenset(roles[_role(journal.source)]) for journal in self._journals}

    def unreadable(self) -> Mapping[str, str]:
        return {}


def _role(source: str) -> str:
    return source.rpartition("/")[0]
