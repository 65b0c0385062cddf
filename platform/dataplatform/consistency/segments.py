"""A full scan in parts that know nothing of each other: every content of both sides, by segments.

A segment of the source finds what is missing; one of a projection finds what is stale, wrong or orphaned.
Segments travel as JSON through a Step Functions distributed map; its own state lives nowhere else.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dataplatform.consistency.checker import in_groups
from dataplatform.consistency.full_pass import Walks
from dataplatform.consistency.judge import Judge, Suspect
from dataplatform.consistency.report import Difference, PairReport
from dataplatform.consistency.sides import (
    ComparisonSource,
    Divergence,
    ProjectionSide,
    SourceKey,
    classify,
    source_key,
)
from foundation.clock import Clock

SEGMENTS = 800  # at most, so that their list stays under the 256 KiB that a state's output may have
LEAST = 2_000  # records of a segment
NAMED = 20  # differences that a segment names; the others are counted by class

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bounds:
    """A stretch of one walk: after a cursor (None: from the start), up to one (None: to the end). An end that
    was deleted meanwhile is overrun: what follows is compared twice, nothing is left out."""

    walk: str  # source | projection
    after: tuple[Any, Any] | None
    until: tuple[Any, Any] | None

    def document(self, pair: str) -> Document:
        return {"pair": pair, "walk": self.walk, "after": self.after, "until": self.until}


def bounds_from(document: Document) -> Bounds:
    after, until = document["after"], document["until"]
    return Bounds(
        document["walk"],
        None if after is None else (after[0], after[1]),
        None if until is None else (until[0], until[1]),
    )


class SegmentScan:
    """One pair of stores. Stateless: any number may compare segments at once."""

    def __init__(
        self, source: ComparisonSource, side: ProjectionSide, clock: Clock, settle_seconds: float = 5.0
    ) -> None:
        self._source, self._side, self._clock = source, side, clock
        self._settle_seconds = settle_seconds
        self._judge, self._walks = Judge(source, side, clock), Walks(source, side)

    @property
    def pair(self) -> str:
        return f"relational-{self._side.name}"

    async def segments(self, size: int | None = None) -> Sequence[Document]:
        """Bounds of all, about ``size`` records each. Raises StoreUnavailable."""
        size = size or max(LEAST, math.ceil(2 * await self._source.population() / SEGMENTS))
        found = [*await self._source_bounds(size), *await self._projection_bounds(size)]
        return [bounds.document(self.pair) for bounds in found]

    async def compare(self, document: Document) -> Document:
        """One segment: how many were compared, what differs, how many are in flight. Raises
        StoreUnavailable: nothing is known of the segment; compare it again."""
        bounds = bounds_from(document)
        compare = self._compare_source if bounds.walk == "source" else self._compare_projection
        compared, suspects = await compare(bounds)
        if suspects:
            await self._clock.sleep(self._settle_seconds)
        verdicts = await in_groups(self._judge.verdict, suspects)
        judged = [(s, v) for s, v in zip(suspects, verdicts, strict=True) if v is not None]
        return self._result(bounds, compared, judged)

    async def _source_bounds(self, size: int) -> Sequence[Bounds]:
        cuts: list[tuple[str, int]] = []
        after = None
        while page := await self._source.marks(size, after):
            after = page[-1].cursor
            cuts.append(after)
        return _bounds("source", cuts)

    async def _projection_bounds(self, size: int) -> Sequence[Bounds]:
        cuts: list[tuple[str, str]] = []
        left, after = size, None
        while page := await self._side.page(min(left, 1_000), after):
            after, left = page[-1].place, left - len(page)
            if left <= 0:
                cuts.append(after)
                left = size
        return _bounds("projection", cuts)

    async def _compare_source(self, bounds: Bounds) -> tuple[int, list[Suspect]]:
        compared, suspects = 0, list[Suspect]()
        async for marks in self._walks.marks(self._clock.now(), bounds.after, bounds.until):
            places = [(mark.customer_id, self._side.data_type(mark)) for mark in marks]
            found = await in_groups(lambda place: self._side.get(*place), places)
            compared += len(marks)
            for mark, place, entry in zip(marks, places, found, strict=True):
                if entry is None:
                    suspects.append(Suspect(SourceKey(mark.kind, mark.key), place))
        return compared, suspects

    async def _compare_projection(self, bounds: Bounds) -> tuple[int, list[Suspect]]:
        compared, suspects = 0, list[Suspect]()
        async for entries in self._walks.contents(bounds.after, bounds.until):
            keys = [source_key(entry.data_type, entry.customer_id) for entry in entries]
            states = await self._source.states(keys)
            compared += len(entries)
            for entry, state in zip(entries, states, strict=True):
                if classify(self._judge.expected_at(state, entry.place), entry) is not None:
                    suspects.append(Suspect(state.key, entry.place))
        return compared, suspects

    def _result(
        self, bounds: Bounds, compared: int, judged: Sequence[tuple[Suspect, Divergence]]
    ) -> Document:
        differing = [(s, v) for s, v in judged if v is not Divergence.IN_FLIGHT]
        return {
            "pair": self.pair,
            "walk": bounds.walk,
            "compared": compared,
            "in_flight": len(judged) - len(differing),
            "unnamed": Counter(verdict.value for _, verdict in differing[NAMED:]),
            "differences": [
                [verdict.value, s.source.kind, s.source.key, *s.place] for s, verdict in differing[:NAMED]
            ],
        }


def report_of(pair: str, results: Sequence[Document], clock: Clock, confidence: float) -> PairReport:
    """What the segments of one pair found, together. A record that both sides have is counted once."""
    mine = [result for result in results if result["pair"] == pair]
    compared = Counter[str]()
    for result in mine:
        compared[result["walk"]] += result["compared"]
    differences = tuple(
        Difference(Divergence(found[0]), SourceKey(found[1], found[2]), found[3], found[4])
        for result in mine
        for found in result["differences"]
    )
    unnamed = Counter[str]()
    for result in mine:
        unnamed.update(result["unnamed"])
    return PairReport(
        pair=pair,
        checked_at=clock.now(),
        compared=max(compared["source"], compared["projection"]) - sum(r["in_flight"] for r in mine),
        random_compared=0,
        random_divergent=0,
        in_flight=sum(result["in_flight"] for result in mine),
        coverage_ratio=1.0,
        confidence=confidence,
        differences=differences,
        deep_complete=True,
        unnamed=dict(unnamed),
    )


def _bounds(walk: str, cuts: Sequence[tuple[Any, Any]]) -> list[Bounds]:
    """The last one has no end: what was added meanwhile belongs to it."""
    starts = [None, *cuts[:-1]]
    ends = [*cuts[:-1], None]
    return [Bounds(walk, after, until) for after, until in zip(starts, ends, strict=True)]
