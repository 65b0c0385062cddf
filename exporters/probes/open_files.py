"""File descriptors a process holds over its soft limit."""

from __future__ import annotations

from pathlib import Path

PROC_SELF = Path("/proc/self")
LIMIT_NAME = "Max open files"


class OpenFiles:
    """Unknown (absent) when the limit is ``unlimited``."""

    resource = "open_files"

    def __init__(self, component: str, process: Path = PROC_SELF) -> None:
        self.component = component
        self._process = process

    def measure(self) -> float | None:
        limit = self._soft_limit()
        held = sum(1 for _ in (self._process / "fd").iterdir())
        return None if limit is None else held / limit

    def _soft_limit(self) -> int | None:
        for line in (self._process / "limits").read_text().splitlines():
            if line.startswith(LIMIT_NAME):
                soft = line.removeprefix(LIMIT_NAME).split()[0]
                return None if soft == "unlimited" else int(soft)
        raise OSError(f"{self._process / 'limits'}: has no line {LIMIT_NAME!r}")
