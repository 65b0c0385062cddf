"""Count journals that are wrong in one way each, for the contract suite to catch."""

from __future__ import annotations

from collections.abc import Sequence

from foundation.count_journal import CounterIncrement
from slo.model.periods import floor_minute
from tests.support.memory_counts import MemoryCountJournal


class Overwrites(MemoryCountJournal):
    """Keeps the last increment of a minute instead of their sum."""

    breaks = "increments_of_a_minute_add_up"

    def add(self, increments: Sequence[CounterIncrement]) -> None:
        minute = floor_minute(self._clock.now())
        for item in increments:
            self.counts[(minute, (item.name, tuple(sorted(item.labels))))] = item.value


class IgnoresLabels(MemoryCountJournal):
    breaks = "labels_tell_counters_apart"

    def add(self, increments: Sequence[CounterIncrement]) -> None:
        super().add([CounterIncrement(item.name, (), item.value) for item in increments])


class DropsZeros(MemoryCountJournal):
    breaks = "a_zero_declares_a_counter"

    def add(self, increments: Sequence[CounterIncrement]) -> None:
        super().add([item for item in increments if item.value])


class CountsEverythingToday(MemoryCountJournal):
    """Puts every increment into the minute the process began."""

    breaks = "counts_fall_into_the_minute_they_happened"

    def add(self, increments: Sequence[CounterIncrement]) -> None:
        first = min((minute for minute, _ in self.counts), default=floor_minute(self._clock.now()))
        for item in increments:
            key = (first, (item.name, tuple(sorted(item.labels))))
            self.counts[key] = self.counts.get(key, 0) + item.value


class NeverBeats(MemoryCountJournal):
    breaks = "a_heartbeat_makes_a_quiet_minute_known"

    def heartbeat(self) -> None:
        return None


class TakesHalfOfAnAdd(MemoryCountJournal):
    """Counts one increment at a time: a refused one leaves the others behind."""

    breaks = "a_falling_counter_is_refused_whole"

    def add(self, increments: Sequence[CounterIncrement]) -> None:
        for item in increments:
            super().add([item])


ALL = (Overwrites, IgnoresLabels, DropsZeros, CountsEverythingToday, NeverBeats, TakesHalfOfAnAdd)
