"""Checkpoints in memory."""

from __future__ import annotations

from collections.abc import Mapping


class MemoryCheckpoints:
    def __init__(self) -> None:
        self._positions: dict[str, dict[str, str]] = {}

    async def load(self, stream: str) -> Mapping[str, str]:
        return dict(self._positions.get(stream, {}))

    async def save(self, stream: str, positions: Mapping[str, str]) -> None:
        self._positions.setdefault(stream, {}).update(positions)
