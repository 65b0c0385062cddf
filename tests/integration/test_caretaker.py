"""A test session that is killed leaves no server running and no server's files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.aws_emulator import needs_emulator
from tests.support.caretaker import left_behind
from tests.support.local_servers import needs_mariadb, needs_redis
from tests.support.patience import wait_until

FULL = os.environ.get("MIRANTE_PROOF") == "full"
ROOT = Path(__file__).parents[2]
NEVER_ENDS = ROOT / "tests" / "support" / "started_servers.py"
SERVERS = ["mariadb", "redis", "aws", *(["cassandra"] if FULL else [])]


@pytest.mark.proof
@needs_mariadb
@needs_redis
@needs_emulator
@pytest.mark.parametrize(("workers", "servers"), [("0", SERVERS), ("2", ["redis"])])
def test_servers_end_with_a_pytest_that_is_killed(tmp_path: Path, workers: str, servers: list[str]) -> None:
    temporary, started, log = tmp_path / "tmp", tmp_path / "started", tmp_path / "pytest.log"
    temporary.mkdir()
    told = {"TMPDIR": str(temporary), "STARTS": ",".join(servers), "STARTED": str(started)}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-n", workers, str(NEVER_ENDS)]
    with log.open("wb") as output:
        session = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **told}, stdout=output, stderr=output
        )
    try:
        wait_until(lambda: started.exists() or session.poll() is not None, 180, log.read_text)
        assert len(left_behind(temporary)) >= len(servers) + len(("role", "child")), log.read_text()
    finally:
        session.kill()
        session.wait()
    wait_until(lambda: not left_behind(temporary), 60, lambda: f"they end: {left_behind(temporary)}")
    wait_until(lambda: not list(temporary.glob("pytest-of-*/pytest-0/tmp")), 60, "their files are removed")
