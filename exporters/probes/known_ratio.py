"""A saturation that its owner already knows: a pool, a bulkhead, a bounded queue."""

from __future__ import annotations

from collections.abc import Callable


class KnownRatio:
    """``ratio`` answers from memory, 0 idle to 1 full; None means unknown."""

    def __init__(self, component: str, resource: str, ratio: Callable[[], float | None]) -> None:
        self.component = component
        self.resource = resource
        self._ratio = ratio

    def measure(self) -> float | None:
        return self._ratio()
