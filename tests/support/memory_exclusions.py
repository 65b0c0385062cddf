"""Exclusions in memory, held to the contract of the file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from slo.ledger.exclusions import Exclusion, ExclusionError, checked


class MemoryExclusionLog:
    """The same record in memory."""

    def __init__(self) -> None:
        self._items: dict[str, Exclusion] = {}

    def request(self, exclusion: Exclusion) -> None:
        item = checked(exclusion)
        if item.exclusion_id in self._items:
            raise ExclusionError(f"exclusion_id: {item.exclusion_id} is taken; choose another")
        self._items[item.exclusion_id] = item

    def withdraw(self, exclusion_id: str, by: str, at: datetime) -> None:
        if not by.strip():
            raise ExclusionError("withdrawn_by: a withdrawal needs the name of who asked for it")
        item = self._items.get(exclusion_id)
        if item is None:
            raise ExclusionError(f"exclusion_id: there is no exclusion {exclusion_id}")
        if not item.active:
            raise ExclusionError(f"exclusion_id: {exclusion_id} is already withdrawn")
        self._items[exclusion_id] = item.withdrawn(by, at)

    def all(self) -> Sequence[Exclusion]:
        return sorted(self._items.values(), key=lambda item: (item.start, item.exclusion_id))
