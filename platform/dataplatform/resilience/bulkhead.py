"""Bulkhead: a bounded number of calls inside; the next one is refused at once instead of waiting."""

from __future__ import annotations

from types import TracebackType

from credit.domain.errors import StoreUnavailable


class Bulkhead:
    """Counts calls inside one compartment. Not thread-safe: it belongs to one event loop."""

    def __init__(self, store: str, what: str, limit: int) -> None:
        if limit < 1:
            raise ValueError(f"a bulkhead needs room for at least one call, not {limit}")
        self._store, self._what, self._limit = store, what, limit
        self._inside = 0

    @property
    def inside(self) -> int:
        return self._inside

    @property
    def saturation(self) -> float:
        """Use over limit, 0 to 1."""
        return self._inside / self._limit

    def __enter__(self) -> None:
        """Raises StoreUnavailable when full."""
        if self._inside >= self._limit:
            raise StoreUnavailable(self._store, f"{self._limit} {self._what} are already in progress")
        self._inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._inside -= 1
