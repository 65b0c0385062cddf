"""What a router cannot do just now, for whoever asks whether it is ready: in words, not a list of beats."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from alarms.model.errors import StoreBusy
from alarms.stores.protocol import RouterStore
from foundation.clock import Clock

LEAST_FREE = 64 * 1024 * 1024  # bytes of disk: a write-ahead log needs as much
MOST_UNTRIED = timedelta(minutes=5)
MOST_BACKLOG = timedelta(minutes=2)


class RouterReadiness:
    """``free`` says how many bytes the store's disk has left (None: it is not on a disk of ours)."""

    def __init__(self, store: RouterStore, clock: Clock, free: Callable[[], int] | None = None) -> None:
        self._store = store
        self._clock = clock
        self._free = free

    def problems(self) -> list[str]:
        """Why no alert had better be sent here, or none would be heard; empty: all is well."""
        try:
            return [problem for problem in (self._disk(), self._delivery(), self._backlog()) if problem]
        except StoreBusy as error:
            return [f"the store cannot be read: {error.reason}"]

    def remarks(self) -> list[str]:
        """What is wrong and keeps nothing from being heard."""
        return [str(row) for row in self._store.unreadable_rows()]

    def _disk(self) -> str | None:
        free = None if self._free is None else self._free()
        if free is None or free >= LEAST_FREE:
            return None
        return f"the disk is full: {free // 1024:,} KiB are left, {LEAST_FREE // 1024:,} are needed"

    def _delivery(self) -> str | None:
        """A receiver that is away is tried again and again; this is that one is not, though others come."""
        due = self._store.next_attempt()
        if due is None or self._clock.now() - due <= MOST_UNTRIED:
            return None
        return f"messages do not leave: one is to be tried since {due.isoformat(timespec='seconds')}"

    def _backlog(self) -> str | None:
        oldest = self._store.oldest_pending()
        if oldest is None or self._clock.now() - oldest <= MOST_BACKLOG:
            return None
        return f"alerts are not worked off: one waits since {oldest.isoformat(timespec='seconds')}"
