"""The two sides of a comparison: the source of truth, and a projection of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from random import Random
from typing import Any, Protocol

from credit.ports.projections import CONTRACT, HOLDS, HotItem, ItemValue, WideRow, family_of
from dataplatform.consistency.marks import Cursor, Mark
from dataplatform.ingestion.projections import Projection

Place = tuple[str, str]  # in a projection: customer id, data type

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
    content: dict[str, ItemValue]
    expires_at: datetime | None

    @property
    def place(self) -> Place:
        return self.customer_id, self.data_type


class _Store(Protocol):
    """What the hot and the wide store have in common; items are either's."""

    async def get(self, customer_id: str, data_type: str, /) -> Any: ...

    async def put_if_newer(self, item: Any, /) -> bool: ...

    async def delete(self, customer_id: str, data_type: str, /) -> None: ...

    async def scan(self, limit: int, after: Place | None = None, /) -> Sequence[Any]: ...


class ProjectionSide(ABC):
    name: str

    def __init__(self, store: _Store) -> None:
        self._store = store

    @abstractmethod
    def data_type(self, mark: Mark) -> str:
        """The data type this side has it under."""

    @abstractmethod
    def _of(self, projection: Projection) -> Any: ...

    @abstractmethod
    def _entry(self, item: Any) -> Entry: ...

    def expected(self, projection: Projection) -> Entry:
        """How this side should hold it."""
        return self._entry(self._of(projection))

    async def get(self, customer_id: str, data_type: str) -> Entry | None:
        item = await self._store.get(customer_id, data_type)
        return None if item is None else self._entry(item)

    async def page(self, limit: int, after: Place | None) -> Sequence[Entry]:
        """Without what sagas keep there; empty only at the end."""
        while found := await self._store.scan(limit, after):
            page = [self._entry(item) for item in found]
            kept = [entry for entry in page if family_of(entry.data_type) not in OF_SAGAS]
            if kept:
                return kept
            after = page[-1].place
        return []

    async def write(self, projection: Projection) -> bool:
        """If newer than what is there."""
        return await self._store.put_if_newer(self._of(projection))

    async def delete(self, customer_id: str, data_type: str) -> None:
        await self._store.delete(customer_id, data_type)


class HotSide(ProjectionSide):
    name = "hot"

    def data_type(self, mark: Mark) -> str:
        return mark.types[0]

    def _of(self, projection: Projection) -> HotItem:
        return projection.hot

    def _entry(self, item: HotItem) -> Entry:
        return Entry(
            item.customer_id,
            item.data_type,
            item.version,
            item.digest,
            dict(item.attributes),
            item.expires_at,
        )


class WideSide(ProjectionSide):
    name = "wide"

    def data_type(self, mark: Mark) -> str:
        return mark.types[1]

    def _of(self, projection: Projection) -> WideRow:
        return projection.wide

    def _entry(self, item: WideRow) -> Entry:
        return Entry(
            item.customer_id, item.data_type, item.version, item.digest, dict(item.columns), item.expires_at
        )


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
    return None if found == expected else Divergence.MISMATCH
