"""Processor time a process used over what its cores could give, between two readings."""

from __future__ import annotations

import os
from pathlib import Path

from foundation.clock import Clock

PROC_SELF = Path("/proc/self")


class ProcessCpu:
    """1.0 is every allowed core busy with this process. The first reading is unknown: a rate needs two."""

    resource = "cpu"

    def __init__(
        self,
        component: str,
        clock: Clock,
        cores: int | None = None,
        process: Path = PROC_SELF,
        ticks_per_second: int | None = None,
    ) -> None:
        self.component = component
        self._clock = clock
        self._cores = cores or len(os.sched_getaffinity(0))
        self._stat = process / "stat"
        self._ticks = ticks_per_second or os.sysconf("SC_CLK_TCK")
        self._previous: tuple[float, float] | None = None

    def measure(self) -> float | None:
        used, now = self._used_seconds(), self._clock.monotonic()
        previous, self._previous = self._previous, (used, now)
        if previous is None or now <= previous[1]:
            return None
        return (used - previous[0]) / (now - previous[1]) / self._cores

    def _used_seconds(self) -> float:
        after_name = self._stat.read_text().rpartition(")")[2].split()
        user, system = int(after_name[11]), int(after_name[12])
        return (user + system) / self._ticks
