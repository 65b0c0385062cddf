"""A probe of a server: one question, several resources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ServerReading:
    """What a server said.

    ``ratios`` are use over limit by resource; one that is not known now is left out, never 0. ``grown`` is
    how many of each event there were since the reading before. ``age_seconds`` is how old an answer already
    was when it came (0 when left out). ``unread`` names resources that could not be read, and why.
    """

    ratios: Mapping[str, float]
    grown: Mapping[str, int] = field(default_factory=dict)
    age_seconds: Mapping[str, float] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)


class ServerProbe(Protocol):
    """Asks one server every ``every_seconds``; a reading may be shown for ``lasts_seconds``.

    ``resources`` and ``events`` are all the names it will ever answer with, so the series are bounded.
    """

    @property
    def component(self) -> str: ...

    @property
    def resources(self) -> tuple[str, ...]: ...

    @property
    def events(self) -> tuple[str, ...]: ...

    @property
    def every_seconds(self) -> float: ...

    @property
    def lasts_seconds(self) -> float: ...

    def read(self) -> ServerReading:
        """Ask the server; may block, and is never called from a scrape.

        Raises:
            OSError: it did not answer, or not as it should.
        """
        ...


class Growth:
    """How much a server's own counters grew between two readings. One that fell began anew, from 0."""

    def __init__(self) -> None:
        self._previous: Mapping[str, int] = {}

    def since_last(self, counts: Mapping[str, int]) -> Mapping[str, int]:
        """Nothing at the first reading: what happened before is not ours to count."""
        previous, self._previous = self._previous, dict(counts)
        return {
            name: count - previous[name] if count >= previous[name] else count
            for name, count in counts.items()
            if name in previous
        }
