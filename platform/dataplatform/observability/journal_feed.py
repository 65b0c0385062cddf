"""Feeding a process's count journal: several requests in one transaction, and nothing lost when it fails."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections import Counter as Tally
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from foundation.count_journal import CounterIncrement, CountJournal, JournalError

log = logging.getLogger("mirante.telemetry")

Series = tuple[str, tuple[tuple[str, str], ...]]
"""Name and sorted labels of one counter, as Prometheus exposes it."""

Increment = tuple[tuple[Series, ...], int]
"""Several counters that rise by the same number, as the buckets of a histogram do."""

JOURNAL_ERRORS = (JournalError, sqlite3.Error, OSError)


@dataclass(slots=True)
class _Group:
    """Increments of requests that end in the same turn of the event loop."""

    loop: asyncio.AbstractEventLoop
    increments: list[Increment]
    written: asyncio.Future[None]


class JournalFeed:
    """A journal that cannot be written never fails the caller: its counts are kept, and written with the next
    ones that succeed (under the minute of that write). ``report(pending, failed)`` is told of both."""

    def __init__(self, journal: CountJournal, report: Callable[[int, bool], None]) -> None:
        self._journal = journal
        self._report = report
        self._lock = threading.Lock()
        self._pending: Tally[Series] = Tally()
        self._group: _Group | None = None

    @property
    def failing(self) -> bool:
        return bool(self._pending)

    def write(self, increments: Iterable[Increment]) -> None:
        """On file when it returns, or kept in memory while the journal fails."""
        with self._lock:
            sums = _summed(increments)
            late = bool(self._pending)
            if late:
                sums.update(self._pending)
            try:
                self._journal.add([CounterIncrement(*series, value) for series, value in sums.items()])
            except JOURNAL_ERRORS as error:
                self._keep(sums, error)
                return
            if late:
                self._recovered()

    async def write_together(self, increments: Iterable[Increment]) -> None:
        """The same, in one transaction with whoever else asks in this turn of the event loop."""
        loop = asyncio.get_running_loop()
        group = self._group
        if group is None or group.loop is not loop:
            group = self._group = _Group(loop, [], loop.create_future())
            loop.call_soon(self._write_group, group)
        group.increments.extend(increments)
        await asyncio.shield(group.written)  # one that is cancelled must not cancel the others

    def _write_group(self, group: _Group) -> None:
        if self._group is group:
            self._group = None
        self.write(group.increments)
        group.written.set_result(None)

    def _keep(self, increments: Tally[Series], error: Exception) -> None:
        if not self._pending:
            log.error(
                "this process cannot write its count journal; its service level counts are held in memory",
                extra={"event": "journal.failing"},
                exc_info=error,
            )
        self._pending = increments
        self._report(sum(increments.values()), True)

    def _recovered(self) -> None:
        late = sum(self._pending.values())
        self._pending = Tally()
        self._report(0, False)
        log.warning(
            "the count journal is written again; held counts were added to the current minute",
            extra={"event": "journal.recovered", "increments": late},
        )


def _summed(increments: Iterable[Increment]) -> Tally[Series]:
    """The same as one number for each counter; equal sets of counters are added up before they are spread."""
    together: Tally[tuple[Series, ...]] = Tally()
    for several, value in increments:
        together[several] += value
    sums: Tally[Series] = Tally()
    for several, value in together.items():
        for series in several:
            sums[series] += value
    return sums
