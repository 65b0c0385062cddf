"""The two sides of a comparison: the source of truth, and a projection of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from random import Random
from typing import Protocol

from credit.ports.projections import CONTRACT, HOLDS, HotItem, HotStore, ItemValue, WideRow, WideStore
from dataplatform.consistency.marks import Cursor, Mark
from dataplatform.consistency.places import Place
from dataplatform.ingestion.projections import Projection

# What sagas keep in the stores of the projections: no projection of anything, their log is its truth.
OF_SAGAS = frozenset({HOLDS, CONTRACT})


class Divergence(StrEnum):
    MISSING = "missing"  # the projection does not have it
    STALE = "stale"  # an older version
    MISMATCH = "mismatch"  # same or newer version, other content
    ORPHAN = "orphan"  # the source of truth does not have it
    IN_FLIGHT = "in_flight"  # a change is on its way: no verdict


@dataclass(frozen=True, slots=True)
class SourceKey:
    """``kind``: customer | transaction | decision."""

    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class SourceState:
    """One record as the source has it, read together with whether a change of it waits in the outbox."""

    key: SourceKey
    projection: Projection | None
    pending: bool


class ComparisonSource(Protocol):
    async def population(self) -> int: ...

    async def sample(self, count: int, random: Random) -> Sequence[SourceState]:
        """``count`` different records, each as likely as any other; all of them when there are no more."""
        ...

    async def states(self, keys: Sequence[SourceKey]) -> Sequence[SourceState]:
        """Each record with its outbox in one snapshot, answers in order."""
        ...

    async def marks(self, limit: int, after: Cursor | None = None) -> Sequence[Mark]:
        """Every record once, without its content, in the order of row numbers, kind by kind; empty at the
        end."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """A record in a projection."""

    customer_id: str
    data_type: str
    version: int
    digest: str
    content: Mapping[str, ItemValue]
    expires_at: datetime | None

    @property
    def place(self) -> Place:
        return self.customer_id, self.data_type


class ProjectionSide(Protocol):
    @property
    def name(self) -> str: ...

    def expected(self, projection: Projection) -> Entry:
        """How this side should hold it."""
        ...

    def data_type(self, mark: Mark) -> str:
        """The data type this side has it under."""
        ...

    async def get(self, customer_id: str, data_type: str) -> Entry | None: ...

    async def page(self, limit: int, after: Place | None) -> Sequence[Entry]: ...

    async def write(self, projection: Projection) -> bool:
        """If newer than what is there."""
        ...

    async def delete(self, customer_id: str, data_type: str) -> None: ...


class HotSide:
    name = "hot"

    def __init__(self, store: HotStore) -> None:
        self._store = store

    def expected(self, projection: Projection) -> Entry:
        return _hot_entry(projection.hot)

    def data_type(self, mark: Mark) -> str:
        return mark.types[0]

    async def get(self, customer_id: str, data_type: str) -> Entry | None:
        item = await self._store.get(customer_id, data_type)
        return None if item is None else _hot_entry(item)

    async def page(self, limit: int, after: Place | None) -> Sequence[Entry]:
        return await _projected(self._scan, limit, after)

    async def _scan(self, limit: int, after: Place | None) -> Sequence[Entry]:
        return [_hot_entry(item) for item in await self._store.scan(limit, after)]

    async def write(self, projection: Projection) -> bool:
        return await self._store.put_if_newer(projection.hot)

    async def delete(self, customer_id: str, data_type: str) -> None:
        await self._store.delete(customer_id, data_type)


class WideSide:
    name = "wide"

    def __init__(self, store: WideStore) -> None:
        self._store = store

    def expected(self, projection: Projection) -> Entry:
        return _wide_entry(projection.wide)

    def data_type(self, mark: Mark) -> str:
        return mark.types[1]

    async def get(self, customer_id: str, data_type: str) -> Entry | None:
        row = await self._store.get(customer_id, data_type)
        return None if row is None else _wide_entry(row)

    async def page(self, limit: int, after: Place | None) -> Sequence[Entry]:
        return await _projected(self._scan, limit, after)

    async def _scan(self, limit: int, after: Place | None) -> Sequence[Entry]:
        return [_wide_entry(row) for row in await self._store.scan(limit, after)]

    async def write(self, projection: Projection) -> bool:
        return await self._store.put_if_newer(projection.wide)

    async def delete(self, customer_id: str, data_type: str) -> None:
        await self._store.delete(customer_id, data_type)


async def _projected(
    scan: Callable[[int, Place | None], Awaitable[Sequence[Entry]]], limit: int, after: Place | None
) -> Sequence[Entry]:
    """A page without what sagas keep there; empty only at the end."""
    while page := await scan(limit, after):
        kept = [entry for entry in page if entry.data_type.partition("#")[0] not in OF_SAGAS]
        if kept:
            return kept
        after = page[-1].place
    return []


def source_key(data_type: str, customer_id: str) -> SourceKey:
    """The record that an item of this type was projected from."""
    family, _, rest = data_type.partition("#")
    kinds = {"DECISION": "decision", "TXN": "transaction", "TRANSACTION": "transaction"}
    if family in kinds and rest:
        return SourceKey(kinds[family], rest.rpartition("#")[2])
    return SourceKey("customer", customer_id)


def classify(expected: Entry | None, found: Entry | None) -> Divergence | None:
    """None: the two agree. Content is compared itself, not only the digests that claim to stand for it."""
    if expected is None:
        return None if found is None else Divergence.ORPHAN
    if found is None:
        return Divergence.MISSING
    if found.version < expected.version:
        return Divergence.STALE
    return None if replace(found, content=dict(found.content)) == _plain(expected) else Divergence.MISMATCH


def _plain(entry: Entry) -> Entry:
    return replace(entry, content=dict(entry.content))


def _hot_entry(item: HotItem) -> Entry:
    return Entry(
        item.customer_id, item.data_type, item.version, item.digest, item.attributes, item.expires_at
    )


def _wide_entry(row: WideRow) -> Entry:
    return Entry(row.customer_id, row.data_type, row.version, row.digest, row.columns, row.expires_at)
