"""Reading a customer's profile: cache, then hot data, then relational store (§8.2.2), the source counted."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.canonical import profile_bytes, profile_from_attributes, profile_from_bytes
from app.domain.customer import CustomerProfile
from app.domain.errors import StoreUnavailable
from app.ports.projections import PROFILE, Cache, HotStore, profile_cache_key
from app.ports.records import CustomerRecords
from app.ports.telemetry import PROFILE_READS, Telemetry

CACHE_TTL_SECONDS = 300.0  # §4.2.1: five minutes for data read often

# What reading back a damaged or older entry may raise; such an entry counts as absent.
_UNREADABLE = (KeyError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class ProfileRead:
    """``profile`` is ``None`` when nobody is on file. ``source``: cache, hot, relational or none."""

    profile: CustomerProfile | None
    source: str


class ProfileReader:
    """Fills the cache as it reads. The relational store alone may say that nobody is on file."""

    def __init__(self, customers: CustomerRecords, hot: HotStore, cache: Cache, telemetry: Telemetry) -> None:
        self._customers, self._hot, self._cache, self._telemetry = customers, hot, cache, telemetry

    async def by_id(self, customer_id: str) -> ProfileRead:
        """The profile, from the nearest store that has it.

        Raises:
            StoreUnavailable: neither projection has it and the relational store does not answer.
        """
        try:
            read = await self._nearest(customer_id)
        except StoreUnavailable:
            self._telemetry.count(PROFILE_READS, source="none")
            raise
        self._telemetry.count(PROFILE_READS, source=read.source)
        return read

    async def id_of_cpf(self, cpf_index: str) -> str | None:
        """The customer with this blind index; ``None``: nobody.

        Raises:
            StoreUnavailable: the relational store, which alone keeps this index, does not answer.
        """
        known = await self._cached(_cpf_cache_key(cpf_index))
        if known is not None:
            return known.decode()
        profile = await self._customers.find_by_cpf(cpf_index)
        if profile is None:
            return None
        await self._remember(_cpf_cache_key(cpf_index), profile.customer_id.encode())
        return profile.customer_id

    async def _nearest(self, customer_id: str) -> ProfileRead:
        profile = await self._from_cache(customer_id)
        if profile is not None:
            return ProfileRead(profile, "cache")
        source = "hot"
        profile = await self._from_hot(customer_id)
        if profile is None:
            source = "relational"
            profile = await self._customers.get(customer_id)
        if profile is None:
            return ProfileRead(None, "none")
        await self._remember(profile_cache_key(customer_id), profile_bytes(profile))
        return ProfileRead(profile, source)

    async def _from_cache(self, customer_id: str) -> CustomerProfile | None:
        content = await self._cached(profile_cache_key(customer_id))
        if content is None:
            return None
        try:
            return _of(customer_id, profile_from_bytes(content))
        except _UNREADABLE:
            return None

    async def _from_hot(self, customer_id: str) -> CustomerProfile | None:
        try:
            item = await self._hot.get(customer_id, PROFILE)
            return None if item is None else _of(customer_id, profile_from_attributes(item.attributes))
        except (StoreUnavailable, *_UNREADABLE):
            return None

    async def _cached(self, key: str) -> bytes | None:
        try:
            return await self._cache.get(key)
        except StoreUnavailable:
            return None

    async def _remember(self, key: str, content: bytes) -> None:
        try:
            await self._cache.set(key, content, CACHE_TTL_SECONDS)
        except StoreUnavailable:
            return


def _of(customer_id: str, profile: CustomerProfile) -> CustomerProfile:
    """Refuses an entry that belongs to somebody else."""
    if profile.customer_id != customer_id:
        raise ValueError("the entry is another customer's")
    return profile


def _cpf_cache_key(cpf_index: str) -> str:
    return f"cpf:{cpf_index}"
