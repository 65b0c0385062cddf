"""Which process a number means: process ids come back, a process's start does not."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

PROC = Path("/proc")
AFTER_NAME = {"state": 0, "start": 19}  # fields of /proc/PID/stat, counted from behind the name in brackets


def started_at(pid: int) -> str | None:
    """When that process started, as this machine tells it (to compare, not to read); None: it is gone."""
    return _from_proc(pid) if (PROC / "self" / "stat").exists() else _from_ps(pid)


def _from_proc(pid: int) -> str | None:
    try:
        stat = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[AFTER_NAME["state"]] in "ZX" else fields[AFTER_NAME["start"]]


def _from_ps(pid: int) -> str | None:
    program = shutil.which("ps")
    if program is None:
        return None
    told = subprocess.run(  # noqa: S603 - a command of our own making
        [program, "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return told.stdout.strip() or None
