"""The second look at a place that seemed to differ: settled and unchanged around it, or no verdict at all."""

from __future__ import annotations

from dataclasses import dataclass

from dataplatform.consistency.sides import (
    ComparisonSource,
    Divergence,
    Entry,
    Place,
    ProjectionSide,
    SourceKey,
    SourceState,
    classify,
)
from foundation.clock import Clock


@dataclass(frozen=True, slots=True)
class Suspect:
    """A place in the projection that looked different once."""

    source: SourceKey
    place: Place
    drawn_at_random: bool = False


class Judge:
    """What should be in a projection, and whether what is there is right."""

    def __init__(self, source: ComparisonSource, side: ProjectionSide, clock: Clock) -> None:
        self._source, self._side, self._clock = source, side, clock

    def expected(self, state: SourceState) -> Entry | None:
        """None when the source has no such record, or only one whose time in the projection is over."""
        if state.projection is None:
            return None
        entry = self._side.expected(state.projection)
        expired = entry.expires_at is not None and entry.expires_at <= self._clock.now()
        return None if expired else entry

    def expected_at(self, state: SourceState, place: Place) -> Entry | None:
        entry = self.expected(state)
        return entry if entry is not None and entry.place == place else None

    async def verdict(self, suspect: Suspect) -> Divergence | None:
        """State, projection, state again. None: the two agree."""
        before = (await self._source.states([suspect.source]))[0]
        found = await self._side.get(*suspect.place)
        after = (await self._source.states([suspect.source]))[0]
        divergence = classify(self.expected_at(before, suspect.place), found)
        still = before == after and not before.pending
        return divergence if divergence is None or still else Divergence.IN_FLIGHT
