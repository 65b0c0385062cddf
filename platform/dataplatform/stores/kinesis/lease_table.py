"""Who works on which record: leases with an end, in order within a partition."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from credit.ports.stream import StreamRecord
from foundation.clock import Clock


@dataclass(slots=True)
class _Held:
    record: StreamRecord
    holder: str | None = None
    until: datetime | None = None


class LeaseTable:
    """The unsettled records of one process, in the order in which they were added."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._records: dict[str, _Held] = {}

    def __len__(self) -> int:
        return len(self._records)

    def add(self, records: Iterable[StreamRecord]) -> None:
        """A record that is here already keeps its place, its holder and its attempts."""
        for record in records:
            self._records.setdefault(record.sequence, _Held(record))

    def lease(self, worker: str, limit: int, lease_seconds: float) -> Sequence[StreamRecord]:
        """As ``StreamReader.lease``."""
        now = self._clock.now()
        until = now + timedelta(seconds=lease_seconds)
        free = self._free(now, limit)
        for held in free:
            if held.holder is not None:
                held.record = replace(held.record, attempts=held.record.attempts + 1)
            held.holder, held.until = worker, until
        return [held.record for held in free]

    def holds(self, worker: str, sequence: str) -> StreamRecord | None:
        held = self._records.get(sequence)
        return held.record if held is not None and held.holder == worker else None

    def settle(self, worker: str, sequences: Sequence[str]) -> Sequence[StreamRecord]:
        """Forget those that this worker holds; returns them."""
        settled = [record for name in sequences if (record := self.holds(worker, name)) is not None]
        for record in settled:
            del self._records[record.sequence]
        return settled

    def retry(self, worker: str, sequences: Sequence[str]) -> None:
        """Give them back with an attempt more, behind the others: what they wait for may be among those.
        Their partitions move with them and stay in order."""
        partitions: set[str] = set()
        for name in sequences:
            if self.holds(worker, name) is not None:
                held = self._records[name]
                held.record = replace(held.record, attempts=held.record.attempts + 1)
                held.holder = held.until = None
                partitions.add(held.record.partition_key)
        moved = [n for n, held in self._records.items() if held.record.partition_key in partitions]
        for name in moved:
            self._records[name] = self._records.pop(name)

    def oldest(self) -> datetime | None:
        return min((held.record.arrived_at for held in self._records.values()), default=None)

    def _free(self, now: datetime, limit: int) -> list[_Held]:
        blocked: set[str] = set()
        free: list[_Held] = []
        for held in self._records.values():
            if held.until is not None and held.until > now:
                blocked.add(held.record.partition_key)
            elif held.record.partition_key not in blocked and len(free) < limit:
                free.append(held)
        return free
