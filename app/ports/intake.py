"""The way into the platform for customers and transactions: what a record passes before it is on the stream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class Intake(Protocol):
    async def send(self, documents: Sequence[Mapping[str, object]]) -> Sequence[int]:
        """Seal, partition and put ``{"kind": ..., "data": {...}}`` documents; durable when it returns.

        Raises:
            StoreUnavailable: the stream did not take them all; those that were taken are idempotent by id.
        """
        ...
