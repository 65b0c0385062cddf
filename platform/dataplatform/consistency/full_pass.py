"""A comparison of everything by bucket sums: two walks, and two more over the buckets that differ."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dataplatform.consistency.buckets import BucketSums, Fingerprint, differing, within
from dataplatform.consistency.judge import Suspect
from dataplatform.consistency.marks import KINDS, Cursor, Mark
from dataplatform.consistency.sides import (
    ComparisonSource,
    Entry,
    Place,
    ProjectionSide,
    SourceKey,
    source_key,
)

PAGE = 1_000


@dataclass(frozen=True, slots=True)
class FullPass:
    """``compared``: places that either side has. ``suspects``: those to look at again."""

    started_at: datetime
    compared: int
    differing_buckets: int
    suspects: Sequence[Suspect]


class Walks:
    """Fingerprints of the source and of one projection of it, page by page. ``progress`` hears how many
    records were read since it last did."""

    def __init__(
        self, source: ComparisonSource, side: ProjectionSide, progress: Callable[[int], None] | None = None
    ) -> None:
        self._source, self._side = source, side
        self._progress = progress or (lambda _: None)

    async def marks(
        self, now: datetime, after: Cursor | None = None, until: Cursor | None = None
    ) -> AsyncIterator[Sequence[Mark]]:
        """Those that should be in the projection, from after one cursor up to another."""
        while page := await self._source.marks(PAGE, after):
            after = page[-1].cursor
            inside = page if until is None else [mark for mark in page if _at_most(mark.cursor, until)]
            self._progress(len(inside))
            yield [mark for mark in inside if mark.expires_at is None or mark.expires_at > now]
            if len(inside) < len(page):
                return

    async def contents(
        self, after: Place | None = None, until: Place | None = None
    ) -> AsyncIterator[Sequence[Entry]]:
        """What the projection has, from after one place up to another, in the order of its scan."""
        while page := await self._side.page(PAGE, after):
            after = page[-1].place
            places = [entry.place for entry in page]
            inside = page if until not in places else page[: places.index(until) + 1]
            self._progress(len(inside))
            yield inside
            if until in places:
                return

    async def entries(self) -> AsyncIterator[Sequence[Fingerprint]]:
        async for page in self.contents():
            yield [Fingerprint(entry.place, entry.version, entry.digest) for entry in page]

    def fingerprint(self, mark: Mark) -> Fingerprint:
        """As the projection should have it. A row without a digest gets one that no record has, so that it
        is looked at."""
        return Fingerprint((mark.customer_id, self._side.data_type(mark)), mark.version, mark.digest or "")


async def full_pass(walks: Walks, now: datetime, buckets: int) -> FullPass:
    """Raises StoreUnavailable: a side does not answer."""
    expected, found = BucketSums(buckets), BucketSums(buckets)
    async for marks in walks.marks(now):
        expected.add(walks.fingerprint(mark) for mark in marks)
    async for entries in walks.entries():
        found.add(entries)
    wrong = differing(expected, found)
    suspects = await _suspects(walks, now, wrong, buckets) if wrong else []
    compared = sum(map(max, expected.counts, found.counts))
    return FullPass(now, compared, len(wrong), suspects)


async def _suspects(walks: Walks, now: datetime, wrong: frozenset[int], buckets: int) -> list[Suspect]:
    wanted: dict[Place, tuple[SourceKey, Fingerprint]] = {}
    async for marks in walks.marks(now):
        prints = {walks.fingerprint(mark): SourceKey(mark.kind, mark.key) for mark in marks}
        for fingerprint in within(prints, wrong, buckets):
            wanted[fingerprint.place] = (prints[fingerprint], fingerprint)
    suspects: list[Suspect] = []
    async for entries in walks.entries():
        for fingerprint in within(entries, wrong, buckets):
            customer_id, data_type = fingerprint.place
            key, expected = wanted.pop(fingerprint.place, (source_key(data_type, customer_id), None))
            if fingerprint != expected:
                suspects.append(Suspect(key, fingerprint.place))
    return suspects + [Suspect(key, place) for place, (key, _) in wanted.items()]


def _at_most(cursor: Cursor, until: Cursor) -> bool:
    return KINDS.index(cursor[0]) < KINDS.index(until[0]) or (cursor[0] == until[0] and cursor[1] <= until[1])
