"""How long what is done with stays on file, so that one can ask what another policy had made of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from alarms.stores.protocol import RouterStore
from foundation.clock import Clock

KEPT_FOR = timedelta(days=35)
KEPT_BYTES = 2 * 1024**3  # of payloads; where they take more, the oldest go earlier
DROPPED_AT_ONCE = 500  # receipts, so that nobody waits long for the write lock
LOOKS_EVERY = timedelta(hours=1)
COUNTS_EVERY = timedelta(days=1)  # anew: others may work on the same store
NEVER = datetime.min.replace(tzinfo=UTC)
ANY_TIME = datetime(9000, 1, 1, tzinfo=UTC)


class Retention:
    """Receipts that are done go when they are older than ``kept_for``, or sooner, the oldest first, while
    all of them take more than ``most_bytes``: what is left is all that came since its oldest."""

    def __init__(
        self,
        store: RouterStore,
        clock: Clock,
        kept_for: timedelta = KEPT_FOR,
        most_bytes: int = KEPT_BYTES,
    ) -> None:
        self._store = store
        self._clock = clock
        self._kept_for = kept_for
        self._most_bytes = most_bytes
        self._bytes = 0
        self._counted_at = NEVER
        self._looked_at = NEVER

    def done(self, size: int) -> None:
        """One more is done with, of so many bytes."""
        self._bytes += size

    def tidy(self) -> None:
        """Drop a few of those that have to go; free where there are none.

        Raises:
            StoreBusy: nothing was dropped.
        """
        now = self._clock.now()
        if now - self._counted_at >= COUNTS_EVERY:
            self._bytes, self._counted_at = self._store.done_bytes(), now
        if self._bytes > self._most_bytes:
            self._drop(ANY_TIME)
        elif now - self._looked_at >= LOOKS_EVERY and self._drop(now - self._kept_for) < DROPPED_AT_ONCE:
            self._looked_at = now

    def _drop(self, before: datetime) -> int:
        sizes = self._store.drop_done(before, DROPPED_AT_ONCE)
        self._bytes = max(0, self._bytes - sum(sizes))
        return len(sizes)
