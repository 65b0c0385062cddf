"""Reading a customer's profile: cache, then hot data, then relational store (§8.2.2), the source counted."""

from __future__ import annotations

from dataclasses import dataclass

from credit.domain.canonical import profile_bytes, profile_from_attributes, profile_from_bytes
from credit.domain.customer import CustomerProfile, CustomerStatus
from credit.domain.errors import StoreUnavailable
from credit.metrics import PROFILE_READS
from credit.ports.cache_rules import PROFILES, REFERENCES
from credit.ports.projections import PROFILE, Cache, HotStore
from credit.ports.records import CustomerRecords
from credit.usecases.cached_reads import UNREADABLE, CachedReads, Kind, Loaded, write_through
from foundation.metrics import Telemetry


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
            return Loaded(None if profile is None else profile.customer_id, "relational")

        return (await self._cached.read(_REFERENCES, cpf_index, load)).value

    async def _behind(self, customer_id: str) -> Loaded[CustomerProfile]:
        """From the stores behind the cache."""
        profile = await self._from_hot(customer_id)
        if profile is not None:
            return Loaded(profile, "hot")
        profile = await self._customers.get(customer_id)
        return Loaded(profile, "none" if profile is None else "relational")

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


_PROFILES = Kind(
    PROFILES,
    profile_bytes,
    lambda customer_id, content: _of(customer_id, profile_from_bytes(content)),
    keeps=lambda profile: profile.status is CustomerStatus.ACTIVE,
    changes=True,
)
_REFERENCES = Kind(REFERENCES, str.encode, lambda _, content: content.decode())
