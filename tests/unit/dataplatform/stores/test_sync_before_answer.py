"""The system calls of a real process show that a decision is on disk before its answer leaves."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.patience import patience

SCRIPT = Path(__file__).parents[3] / "support" / "record_decisions.py"
SYNC = re.compile(r"f(?:data)?sync\(\d+<([^>]+)>\)\s+= 0")
DECISIONS = 5


@pytest.fixture
def traced(tmp_path: Path) -> list[str]:
    """Lines of strace: syncs and writes to standard output, in order, with the files' names."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed, so the order of system calls cannot be seen")
    log = tmp_path / "trace.txt"
    command = ["strace", "-f", "-y", "-s", "64", "-e", "trace=fsync,fdatasync,write", "-o", str(log)]
    script = [sys.executable, str(SCRIPT), str(tmp_path / "m"), "1", str(DECISIONS), "1"]
    done = subprocess.run(
        [*command, *script], capture_output=True, text=True, check=False, timeout=patience(120)
    )
    if "ptrace" in done.stderr.lower() and "not permitted" in done.stderr.lower():
        pytest.skip("this machine does not let a process be traced")
    assert done.returncode == 0, done.stderr
    return log.read_text().splitlines()


def test_the_log_and_the_anchor_are_synced_before_each_answer(traced: list[str]) -> None:
    start = next(place for place, line in enumerate(traced) if '"opened\\n"' in line)
    synced: set[str] = set()
    answered = 0
    for line in traced[start + 1 :]:
        if (sync := SYNC.search(line)) is not None:
            synced.add(Path(sync.group(1)).name)
        elif '"acked ' in line and "write(1" in line:
            answered += 1
            assert {"relational.sqlite-wal", "audit.jsonl"} <= synced, f"answer {answered} left unsynced"
            synced.clear()
    assert answered == DECISIONS
