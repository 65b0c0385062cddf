"""How far each shard of a stream has been processed, kept so that a new process goes on from there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

SHARD_END = "SHARD_END"  # the position of a shard that is closed and processed to its end


class Checkpoints(Protocol):
    async def load(self, stream: str) -> Mapping[str, str]:
        """Shard -> sequence number of the last record before which everything is processed."""
        ...

    async def save(self, stream: str, positions: Mapping[str, str]) -> None:
        """Durable when it returns, all of them or none; other shards keep theirs."""
        ...
