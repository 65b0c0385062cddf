"""Resident memory of a process over the least of its limits: control group, address space, machine."""

from __future__ import annotations

from pathlib import Path

PROC = Path("/proc")
CGROUP = Path("/sys/fs/cgroup")


class ProcessMemory:
    """Unknown (absent) when no limit can be read."""

    resource = "memory"

    def __init__(
        self, component: str, process: Path = PROC / "self", proc: Path = PROC, cgroup: Path = CGROUP
    ) -> None:
        self.component = component
        self._status = process / "status"
        self._meminfo = proc / "meminfo"
        self._cgroup_limit = cgroup / "memory.max"

    def measure(self) -> float | None:
        limit = self._limit_bytes()
        return None if limit is None else _kilobytes(self._status, "VmRSS") * 1024 / limit

    def _limit_bytes(self) -> int | None:
        limits = []
        if self._meminfo.exists():
            limits.append(_kilobytes(self._meminfo, "MemTotal") * 1024)
        if self._cgroup_limit.exists():
            text = self._cgroup_limit.read_text().strip()
            if text != "max":
                limits.append(int(text))
        return min(limits, default=None)


def _kilobytes(file: Path, field: str) -> int:
    """The value of ``field:   123 kB`` in a file of procfs."""
    for line in file.read_text().splitlines():
        name, _, rest = line.partition(":")
        if name == field:
            return int(rest.split()[0])
    raise OSError(f"{file}: has no field {field}")
