"""Reading through the cache: filled by who misses, loaded once however many ask, made anew before it ends.

Within a process readers of one key wait for one load. Across processes a value is made anew at random a
little before its end, the earlier the longer it takes to make (A. Vattani and others, "Optimal Probabilistic
Cache Stampede Prevention", 2015), so that hardly ever do several of them find it gone at once.

What is cached (§4.2.2), for how long, and how it gets there (§4.2.1) is one row a kind of data. No key holds
a CPF: customers go by their id, a CPF by its keyed blind index.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Any, Generic, TypeVar

from credit.domain.errors import StoreUnavailable
from credit.metrics import CACHE_READS
from credit.ports.projections import Cache
from foundation.clock import Clock
from foundation.instants import to_micros
from foundation.metrics import Telemetry

CACHE = "cache"  # the source of a value that was there

# What reading back a damaged or older entry may raise; such an entry counts as absent.
UNREADABLE = (KeyError, TypeError, ValueError)

_RANDOM = Random().random  # noqa: S311 - spreads loads; guards nothing
_FORMAT = 1
_HEADER = struct.Struct(">BqI")  # format; end in microseconds since 1970, 0: unknown; microseconds to make it
_LONGEST_MICROS = 2**32 - 1

T = TypeVar("T")


JITTER = 0.1  # ratio of a lifetime: what was filled together does not end together


class Filling(StrEnum):
    LAZY = "lazy"  # by whoever reads it and misses it
    WRITE_THROUGH = "write-through"  # by whoever writes it as well


@dataclass(frozen=True, slots=True)
class CacheRule:
    """``data`` begins every key of the kind. ``ttl_seconds`` is the longest that a value may live."""

    data: str
    ttl_seconds: float
    filling: Filling

    def key(self, name: str) -> str:
        return f"{self.data}:{name}"

    @property
    def prefix(self) -> str:
        """Of every key of this kind, to invalidate them all."""
        return f"{self.data}:"

    def lifetime(self, name: str) -> float:
        """Seconds, shortened by up to ``JITTER`` as the key's hash says."""
        share = int.from_bytes(hashlib.blake2b(self.key(name).encode(), digest_size=4).digest()) / 2**32
        return self.ttl_seconds * (1 - JITTER * share)


# Active customers' profiles: what a decision reads, and what a projected change writes.
PROFILES = CacheRule("profile", 300.0, Filling.WRITE_THROUGH)
# References of other systems: they name a customer by CPF, we by id. A customer's CPF does not change.
REFERENCES = CacheRule("cpf", 900.0, Filling.LAZY)
# Results of policies: a recorded decision never changes.
DECISIONS = CacheRule("decision", 900.0, Filling.LAZY)
# Frequent reports: a customer's newest decisions. Recording one invalidates it.
HISTORIES = CacheRule("history", 15.0, Filling.LAZY)


@dataclass(frozen=True, slots=True)
class CachedKind(Generic[T]):
    """How a kind of data is kept. ``decode`` takes name and content and raises one of ``UNREADABLE`` on what
    is not that name's. ``keeps``: whether a value is worth a place. ``changes``: a value may change while it
    is loaded, so it is compared with the source once more when it has been put there."""

    rule: CacheRule
    encode: Callable[[T], bytes]
    decode: Callable[[str, bytes], T]
    keeps: Callable[[T], bool] = lambda value: True
    changes: bool = False


@dataclass(frozen=True, slots=True)
class Loaded(Generic[T]):
    """A value (``None``: there is none) and the store that answered."""

    value: T | None
    source: str


Load = Callable[[], Awaitable[Loaded[T]]]


@dataclass(frozen=True, slots=True)
class _Found(Generic[T]):
    value: T
    ends: int
    cost: int


class CachedReads:
    """A cache that fails is a miss. ``random`` is uniform in [0, 1)."""

    def __init__(
        self,
        cache: Cache,
        clock: Clock,
        telemetry: Telemetry,
        random: Callable[[], float] = _RANDOM,
    ) -> None:
        self._cache, self._clock, self._telemetry, self._random = cache, clock, telemetry, random
        self._loads: dict[str, asyncio.Future[Loaded[Any]]] = {}

    async def read(self, kind: CachedKind[T], name: str, load: Load[T]) -> Loaded[T]:
        """Raises what ``load`` raises, but for a failure to make a value anew that is still there."""
        found = await self._found(kind, name)
        if found is None:
            self._count(kind, "miss")
            return await self._load_once(kind, name, load)
        if self._due(found):
            self._count(kind, "early")
            try:
                return await self._load_once(kind, name, load)
            except StoreUnavailable:
                return Loaded(found.value, CACHE)
        self._count(kind, "hit")
        return Loaded(found.value, CACHE)

    async def forget(self, rule: CacheRule, name: str) -> None:
        """After a change of what stands behind it."""
        try:
            await self._cache.delete(rule.key(name))
        except StoreUnavailable:
            return

    async def _found(self, kind: CachedKind[T], name: str) -> _Found[T] | None:
        try:
            content = await self._cache.get(kind.rule.key(name))
            return None if content is None else _unpacked(kind, name, content)
        except (StoreUnavailable, *UNREADABLE):
            return None

    def _due(self, found: _Found[Any]) -> bool:
        left = found.ends - self._now()
        return found.ends > 0 and left <= -found.cost * math.log(1.0 - self._random())

    async def _load_once(self, kind: CachedKind[T], name: str, load: Load[T]) -> Loaded[T]:
        """The load goes on when a reader is cancelled: others may wait for it."""
        key = kind.rule.key(name)
        running = self._loads.get(key)
        if running is None:
            running = self._loads[key] = asyncio.ensure_future(self._load(kind, name, load))
            running.add_done_callback(lambda done: self._landed(key, done))
        return await asyncio.shield(running)

    def _landed(self, key: str, done: asyncio.Future[Loaded[Any]]) -> None:
        del self._loads[key]
        if not done.cancelled():
            done.exception()  # seen, even if every reader has gone

    async def _load(self, kind: CachedKind[T], name: str, load: Load[T]) -> Loaded[T]:
        started = self._clock.monotonic()
        loaded = await load()
        if loaded.value is None or not kind.keeps(loaded.value):
            return loaded
        lifetime = kind.rule.lifetime(name)
        cost = min(round((self._clock.monotonic() - started) * 1e6), _LONGEST_MICROS)
        ends = self._now() + round(lifetime * 1e6)
        await _set(self._cache, kind.rule.key(name), packed(kind.encode(loaded.value), ends, cost), lifetime)
        return await self._look_again(kind, name, loaded, load) if kind.changes else loaded

    async def _look_again(
        self, kind: CachedKind[T], name: str, loaded: Loaded[T], load: Load[T]
    ) -> Loaded[T]:
        """Who changes a value tells the source first and the cache then. A change that told the cache before
        this value came there is at the source by now; a later one tells the cache after it."""
        try:
            again = await load()
        except StoreUnavailable:
            await self.forget(kind.rule, name)
            return loaded
        if again.value == loaded.value:
            return loaded
        await self.forget(kind.rule, name)
        return again

    def _now(self) -> int:
        return to_micros(self._clock.now())

    def _count(self, kind: CachedKind[Any], result: str) -> None:
        self._telemetry.count(CACHE_READS, data=kind.rule.data, result=result)


async def write_through(cache: Cache, rule: CacheRule, name: str, content: bytes) -> None:
    """By who writes the value itself: readers find it until it ends, and then load it."""
    await _set(cache, rule.key(name), packed(content), rule.lifetime(name))


def packed(content: bytes, ends: int = 0, cost: int = 0) -> bytes:
    return _HEADER.pack(_FORMAT, ends, cost) + content


async def _set(cache: Cache, key: str, content: bytes, lifetime: float) -> None:
    try:
        await cache.set(key, content, lifetime)
    except StoreUnavailable:
        return


def _unpacked(kind: CachedKind[T], name: str, content: bytes) -> _Found[T]:
    if len(content) < _HEADER.size or content[0] != _FORMAT:
        raise ValueError("the entry is of another format")
    _, ends, cost = _HEADER.unpack_from(content)
    return _Found(kind.decode(name, content[_HEADER.size :]), ends, cost)
