"""How full a queue is: a writer's queue, the outbox, the stream."""

from __future__ import annotations

from collections.abc import Callable


class QueueDepth:
    """``depth`` answers from memory; None means unknown. ``limit`` is where work is refused or late.

    Above 1.0 more is waiting than the limit allows, which is worth seeing, so it is not cut off.
    """

    def __init__(self, component: str, resource: str, depth: Callable[[], int | None], limit: int) -> None:
        if limit <= 0:
            raise ValueError(f"the limit of {component} {resource} is {limit}: expected a positive count")
        self.component = component
        self.resource = resource
        self._depth = depth
        self._limit = limit

    def measure(self) -> float | None:
        depth = self._depth()
        return None if depth is None else depth / self._limit
