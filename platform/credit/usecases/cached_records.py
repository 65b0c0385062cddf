"""Customers and decisions read through the cache.

A profile comes from the cache, then the hot data, then the relational store (§8.2.2), the source counted. Of
decisions, single ones never change, and a customer's newest are what people look at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from credit.domain.canonical import (
    decision_bytes,
    decision_from_bytes,
    profile_bytes,
    profile_from_attributes,
    profile_from_bytes,
)
from credit.domain.customer import CustomerProfile, CustomerStatus
from credit.domain.decision import Decision
from credit.domain.errors import StoreUnavailable
from credit.metrics import PROFILE_READS
from credit.ports.projections import PROFILE, Cache, HotStore
from credit.ports.records import CustomerRecords, DecisionRecords, IdempotencyKey, RecordedDecision
from credit.usecases.cached_reads import (
    DECISIONS,
    HISTORIES,
    PROFILES,
    REFERENCES,
    UNREADABLE,
    CachedKind,
    CachedReads,
    Loaded,
    write_through,
)
from foundation.metrics import Telemetry

NEWEST = 51  # a page of the history and one more, which tells whether there is another page
_RELATIONAL = "relational"


@dataclass(frozen=True, slots=True)
class ProfileRead:
    """``profile`` is ``None`` when nobody is on file. ``source``: cache, hot, relational or none."""

    profile: CustomerProfile | None
    source: str


class ProfileReader:
    """Fills the cache as it reads. The relational store alone may say that nobody is on file."""

    def __init__(
        self, customers: CustomerRecords, hot: HotStore, cached: CachedReads, telemetry: Telemetry
    ) -> None:
        self._customers, self._hot, self._cached, self._telemetry = customers, hot, cached, telemetry

    async def by_id(self, customer_id: str) -> ProfileRead:
        """The profile, from the nearest store that has it.

        Raises:
            StoreUnavailable: neither projection has it and the relational store does not answer.
        """
        try:
            read = await self._cached.read(_PROFILES, customer_id, lambda: self._behind(customer_id))
        except StoreUnavailable:
            self._telemetry.count(PROFILE_READS, source="none")
            raise
        self._telemetry.count(PROFILE_READS, source=read.source)
        return ProfileRead(read.value, read.source)

    async def id_of_cpf(self, cpf_index: str) -> str | None:
        """The customer with this blind index; ``None``: nobody.

        Raises:
            StoreUnavailable: the relational store, which alone keeps this index, does not answer.
        """

        async def load() -> Loaded[str]:
            profile = await self._customers.find_by_cpf(cpf_index)
            return Loaded(None if profile is None else profile.customer_id, _RELATIONAL)

        return (await self._cached.read(_REFERENCES, cpf_index, load)).value

    async def _behind(self, customer_id: str) -> Loaded[CustomerProfile]:
        """From the stores behind the cache."""
        profile = await self._from_hot(customer_id)
        if profile is not None:
            return Loaded(profile, "hot")
        profile = await self._customers.get(customer_id)
        return Loaded(profile, "none" if profile is None else _RELATIONAL)

    async def _from_hot(self, customer_id: str) -> CustomerProfile | None:
        try:
            item = await self._hot.get(customer_id, PROFILE)
            return None if item is None else _of(customer_id, profile_from_attributes(item.attributes))
        except (StoreUnavailable, *UNREADABLE):
            return None


async def remember_profile(cache: Cache, profile: CustomerProfile) -> None:
    """By who has written it to the stores behind: an active customer's is put there, another's forgotten."""
    if _PROFILES.keeps(profile):
        await write_through(cache, PROFILES, profile.customer_id, profile_bytes(profile))
    else:
        await cache.delete(PROFILES.key(profile.customer_id))


def _of(customer_id: str, profile: CustomerProfile) -> CustomerProfile:
    """Refuses an entry that belongs to somebody else."""
    if profile.customer_id != customer_id:
        raise ValueError("the entry is another customer's")
    return profile


_PROFILES = CachedKind(
    PROFILES,
    profile_bytes,
    lambda customer_id, content: _of(customer_id, profile_from_bytes(content)),
    keeps=lambda profile: profile.status is CustomerStatus.ACTIVE,
    changes=True,
)
_REFERENCES = CachedKind(REFERENCES, str.encode, lambda _, content: content.decode())


class CachedDecisions:
    """``DecisionRecords``: what it records it records below; what it reads may come from the cache."""

    def __init__(self, decisions: DecisionRecords, cached: CachedReads) -> None:
        self._decisions, self._cached = decisions, cached

    async def record(self, decision: Decision, key: IdempotencyKey | None) -> RecordedDecision:
        """A decision that was recorded is at once in its customer's history."""
        recorded = await self._decisions.record(decision, key)
        if not recorded.replayed:
            await self._cached.forget(HISTORIES, decision.application.customer_id)
        return recorded

    async def find(self, decision_id: str) -> Decision | None:
        async def load() -> Loaded[Decision]:
            return Loaded(await self._decisions.find(decision_id), _RELATIONAL)

        return (await self._cached.read(_ONE, decision_id, load)).value

    async def find_by_key(self, key: IdempotencyKey) -> Decision | None:
        return await self._decisions.find_by_key(key)

    async def count(self) -> int:
        return await self._decisions.count()

    async def of_customer(
        self, customer_id: str, limit: int, before: str | None = None
    ) -> Sequence[Decision]:
        """The first page, which is what people look at, comes from the cache; later ones do not."""
        if before is not None or limit > NEWEST:
            return await self._decisions.of_customer(customer_id, limit, before)

        async def load() -> Loaded[Sequence[Decision]]:
            return Loaded(await self._decisions.of_customer(customer_id, NEWEST), _RELATIONAL)

        return ((await self._cached.read(_NEWEST, customer_id, load)).value or ())[:limit]


def _one(decision_id: str, content: bytes) -> Decision:
    decision = decision_from_bytes(content)
    if decision.decision_id != decision_id:
        raise ValueError("the entry is another decision")
    return decision


def _listed(decisions: Sequence[Decision]) -> bytes:
    return b"\n".join(decision_bytes(decision) for decision in decisions)  # canonical JSON has no line breaks


def _list(customer_id: str, content: bytes) -> Sequence[Decision]:
    decisions = [decision_from_bytes(line) for line in content.split(b"\n")]
    if any(decision.application.customer_id != customer_id for decision in decisions):
        raise ValueError("the entry is another customer's")
    return decisions


_ONE = CachedKind(DECISIONS, decision_bytes, _one)
_NEWEST: CachedKind[Sequence[Decision]] = CachedKind(
    HISTORIES, _listed, _list, keeps=lambda found: len(found) > 0
)
