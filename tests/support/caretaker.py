"""Ends what a test session leaves running, however the session ended: even when pytest was killed.

Run as a script beside the session, with its process id and its folder. Whatever the tests start inherits the
folder's TMPDIR or works below the folder; a program that overwrites its environment (Redis) does the latter.
Only where there is a /proc.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

PROC = Path("/proc")
LOOKS = 100  # a process may start another one while it is being ended; they are few, and soon none


def take_care(folder: Path) -> None:
    """From now on: what this process starts has its temporary files in ``folder``/tmp and ends with it."""
    temporary = folder / "tmp"
    temporary.mkdir()
    silent = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_RDWR, 0) for stream in (0, 1, 2)]
    command = [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(folder)]
    # in a session of its own, because Ctrl-C is not for it; nobody waits for it, so it is no Popen
    os.posix_spawn(sys.executable, command, os.environ, file_actions=silent, setsid=True)
    os.environ["TMPDIR"], tempfile.tempdir = str(temporary), None


def left_behind(folder: Path) -> list[int]:
    """The processes of the session of that folder."""
    return [int(entry.name) for entry in PROC.glob("[0-9]*") if _belongs(entry, str(folder))]


def _belongs(process: Path, folder: str) -> bool:
    try:
        where = os.readlink(process / "cwd").removesuffix(" (deleted)")
        variables = (process / "environ").read_bytes().split(b"\0")
    except OSError:  # it is gone, or somebody else's
        return False
    mine = f"TMPDIR={folder}/".encode()
    return f"{where}/".startswith(f"{folder}/") or any(variable.startswith(mine) for variable in variables)


def main() -> None:
    session, folder = int(sys.argv[1]), Path(sys.argv[2])
    os.chdir("/")
    while os.getppid() == session:
        time.sleep(0.2)
    for _ in range(LOOKS):
        found = left_behind(folder)
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if not found:
            break
        time.sleep(0.05)
    shutil.rmtree(folder / "tmp", ignore_errors=True)


if __name__ == "__main__":
    main()
