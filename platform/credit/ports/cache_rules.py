"""What is cached (§4.2.2), for how long, and how it gets there (§4.2.1): one row a kind of data.

No key holds a CPF: customers go by their id, a CPF by its keyed blind index.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

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

RULES = (PROFILES, REFERENCES, DECISIONS, HISTORIES)
