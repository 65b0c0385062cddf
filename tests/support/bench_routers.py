"""What the benchmarks of the router share: a router or an Alertmanager as a process, and who sends to it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SUPPORT = ROOT / "tests" / "support"
TOKEN = "secret-of-the-test"  # as the sender has it
ALERTMANAGER = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
ROUNDS = int(os.environ.get("MIRANTE_BENCH_ROUNDS", "5"))


@dataclass(frozen=True, slots=True)
class Running:
    port: int
    pid: int

    def processor_seconds(self) -> float:
        """What it has used so far, of all cores."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def router(folder: Path, receiver: str = "http://127.0.0.1:9/") -> Iterator[Running]:
    """``mirante serve router`` with its data in ``folder``, once it is ready; pages go to ``receiver``."""
    port, policy = free_port(), folder / "policy"
    policy.mkdir()
    shutil.copy(ROOT / "alarms" / "policy.yaml", policy)
    channels = {"version": 1, "channels": {"default": {"kind": "webhook", "url": receiver}}}
    (policy / "channels.yaml").write_text(json.dumps(channels), encoding="utf-8")
    settings = {
        "MIRANTE_DATA_DIR": str(folder / "data"),
        "MIRANTE_CONTROL_PORT": str(port),
        "MIRANTE_ALARM_POLICY": str(policy),
        "MIRANTE_HOOK_TOKEN": TOKEN,
        "MIRANTE_CHANNEL_SECRET_DEFAULT": "key",
    }
    others = {name: value for name, value in os.environ.items() if not name.startswith("MIRANTE_")}
    command = [sys.executable, "-m", "app.cli", "serve", "router"]
    with _running(command, f"http://127.0.0.1:{port}/readyz", {**others, **settings}) as server:
        yield Running(port, server.pid)


def store_in(folder: Path) -> Path:
    """Where that router keeps its incidents."""
    return folder / "data" / "control" / "router.sqlite"


@contextlib.contextmanager
def alertmanager(folder: Path, receiver: str | None = None) -> Iterator[Running]:
    assert ALERTMANAGER is not None
    port = free_port()
    hooks = [] if receiver is None else [{"url": receiver}]
    configuration = {
        "route": {"receiver": "all", "group_by": ["alertname"], "group_wait": "0s"},
        "receivers": [{"name": "all", "webhook_configs": hooks}],
    }
    (folder / "alertmanager.yml").write_text(json.dumps(configuration), encoding="utf-8")
    command = [
        ALERTMANAGER,
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    with _running(command, f"http://127.0.0.1:{port}/-/ready") as server:
        yield Running(port, server.pid)


def storm(port: int, count: int, *options: str) -> dict[str, Any]:
    """Sent by a process of its own; what it reports."""
    sender = [sys.executable, str(SUPPORT / "storm_sender.py"), "--port", str(port), "--count", str(count)]
    done = subprocess.run([*sender, *options], capture_output=True, check=True)
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["accepted"] == count
    return report


@contextlib.contextmanager
def _running(
    command: Sequence[str], ready: str, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=quiet, stderr=quiet) as server:
        try:
            _wait_for(server, ready)
            yield server
        finally:
            server.kill()


def _wait_for(server: subprocess.Popen[bytes], url: str) -> None:
    while server.poll() is None:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url)
            return
        time.sleep(0.1)
    raise RuntimeError(f"it ended with {server.returncode}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
