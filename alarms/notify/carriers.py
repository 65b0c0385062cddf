"""The notifiers that a dispatcher uses, by channel; they may be changed while messages are on their way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Generic, TypeVar

Kept = TypeVar("Kept")


def nothing_to_close() -> None:
    """Who made them closes them."""


class Carriers(Generic[Kept]):
    """Those that were changed for others are closed once nobody uses them any more."""

    def __init__(self, by_channel: Mapping[str, Kept], close: Callable[[], None] = nothing_to_close) -> None:
        self._lock = threading.Lock()
        self._now = _Set(dict(by_channel), close)

    @contextmanager
    def in_use(self) -> Iterator[Mapping[str, Kept]]:
        with self._lock:
            used = self._now
            used.users += 1
        try:
            yield used.by_channel
        finally:
            with self._lock:
                used.users -= 1
                over = used is not self._now and not used.users
            if over:
                used.close()

    def change(self, by_channel: Mapping[str, Kept], close: Callable[[], None]) -> None:
        with self._lock:
            before, self._now = self._now, _Set(dict(by_channel), close)
            over = not before.users
        if over:
            before.close()

    def close(self) -> None:
        """Those in use now; nothing is on its way any more."""
        self.change({}, nothing_to_close)


class _Set(Generic[Kept]):
    def __init__(self, by_channel: Mapping[str, Kept], close: Callable[[], None]) -> None:
        self.by_channel = by_channel
        self.close = close
        self.users = 0
