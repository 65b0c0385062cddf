"""Space used on the file system that holds a component's data."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol


class FileSystemSize(Protocol):
    """The part of ``os.statvfs_result`` that is read; counts are blocks."""

    @property
    def f_blocks(self) -> int: ...

    @property
    def f_bfree(self) -> int: ...

    @property
    def f_bavail(self) -> int: ...


class DiskSpace:
    """Blocks used over blocks an unprivileged process could use, as ``df`` counts them."""

    resource = "disk"

    def __init__(
        self, component: str, directory: Path, statvfs: Callable[[Path], FileSystemSize] = os.statvfs
    ) -> None:
        self.component = component
        self._directory = directory
        self._statvfs = statvfs

    def measure(self) -> float | None:
        size = self._statvfs(self._directory)
        used = size.f_blocks - size.f_bfree
        usable = used + size.f_bavail
        return None if usable == 0 else used / usable
