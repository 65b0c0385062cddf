"""Read your writes: which tasks wrote a moment ago, so that a replica may not have it yet."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

from foundation.clock import Clock


@dataclass(slots=True)
class _Session:
    """Shared by a task and the tasks it starts after its first call."""

    written_at: float | None = None


_SESSION: ContextVar[_Session] = ContextVar("mysql_session")


def _session() -> _Session:
    found = _SESSION.get(None)
    if found is None:
        found = _Session()
        _SESSION.set(found)
    return found


class RecentWrites:
    """``lag_bound`` is the age, in real seconds, from which every replica has a write."""

    def __init__(self, clock: Clock, lag_bound: float) -> None:
        self._clock, self._lag_bound = clock, lag_bound

    def note(self) -> None:
        """The running task has written, or may have."""
        _session().written_at = self._clock.monotonic()

    def may_be_missing(self) -> bool:
        """Whether a replica could still lack a write of the running task."""
        written_at = _session().written_at
        return written_at is not None and self._clock.monotonic() - written_at < self._lag_bound
