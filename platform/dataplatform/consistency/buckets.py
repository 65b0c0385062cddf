"""Everything of two stores, compared by sums: records fall into buckets by their place, and equal buckets
have equal counts and equal sums of fingerprints (modulo 2^64, so that duplicates do not cancel as by XOR).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

from dataplatform.consistency.sides import Place

_MODULUS = 2**64


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A record as a bucket sees it. ``digest`` is the one stored beside it."""

    place: Place
    version: int
    digest: str

    def number(self) -> int:
        text = f"{self.place[0]}\0{self.place[1]}\0{self.version}\0{self.digest}"
        return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())


def bucket_of(place: Place, buckets: int) -> int:
    text = f"{place[0]}\0{place[1]}"
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest()) % buckets


@dataclass(slots=True)
class BucketSums:
    """Count and sum of each bucket."""

    buckets: int
    counts: list[int] = field(init=False)
    sums: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.counts, self.sums = [0] * self.buckets, [0] * self.buckets

    def add(self, fingerprints: Iterable[Fingerprint]) -> None:
        for fingerprint in fingerprints:
            bucket = bucket_of(fingerprint.place, self.buckets)
            self.counts[bucket] += 1
            self.sums[bucket] = (self.sums[bucket] + fingerprint.number()) % _MODULUS

    @property
    def count(self) -> int:
        return sum(self.counts)


def differing(one: BucketSums, other: BucketSums) -> frozenset[int]:
    """Numbers of the buckets that are not equal."""
    return frozenset(
        bucket
        for bucket in range(one.buckets)
        if (one.counts[bucket], one.sums[bucket]) != (other.counts[bucket], other.sums[bucket])
    )


def within(fingerprints: Iterable[Fingerprint], buckets: frozenset[int], count: int) -> Iterator[Fingerprint]:
    """Those that fall into ``buckets``, of ``count`` in all."""
    return (found for found in fingerprints if bucket_of(found.place, count) in buckets)
