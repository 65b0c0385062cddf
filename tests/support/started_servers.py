"""Servers of every kind, left running: for a pytest of its own that is killed, which is told to run this."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.support.aws_emulator import shared_emulator
from tests.support.local_servers import cassandra, mariadb, redis
from tests.support.processes import Role

STARTS: dict[str, Callable[[], object]] = {
    "mariadb": mariadb,
    "redis": redis,
    "cassandra": cassandra,
    "aws": shared_emulator,
}


def test_that_never_ends(tmp_path: Path) -> None:
    report = Path(os.environ["STARTED"])
    for name in os.environ["STARTS"].split(","):
        STARTS[name]()
    with Role("control", tmp_path / "data"):
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"], start_new_session=True)
        report.write_text(str(tmp_path), encoding="utf-8")
        time.sleep(3600)
