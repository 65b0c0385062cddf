"""Durable intake of the router, one alert a request, beside Alertmanager and the disk's rate of syncs.

Alertmanager keeps what it accepts in memory; the router answers once the alert is on the disk. There are
enough of them for more than the first twenty seconds of a flood, in which little else is done.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ALERTS = int(os.environ.get("MIRANTE_BENCH_ALERTS", "60000"))
SUPPORT = Path(__file__).parents[1] / "support"
ALERTMANAGER = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
SYNCS = 200


def run() -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        syncs = syncs_per_second(Path(folder))
        ours = router_rate(Path(folder))
        theirs = alertmanager_rate(Path(folder)) if ALERTMANAGER is not None else None
    return {
        "alerts": ALERTS,
        "router_durable_alerts_per_second": ours,
        "alertmanager_alerts_per_second": theirs,
        "ratio_to_alertmanager": None if theirs is None else ours / theirs,
        "disk_syncs_per_second": syncs,
        "load_average": os.getloadavg()[0],
    }


def syncs_per_second(folder: Path) -> float:
    """The floor of an honest commit: one small write, synced, after another."""
    with (folder / "sync").open("wb", buffering=0) as file:
        began = time.perf_counter()
        for _ in range(SYNCS):
            file.write(b"x" * 512)
            os.fsync(file.fileno())
        return SYNCS / (time.perf_counter() - began)


def router_rate(folder: Path) -> float:
    port = free_port()
    script = [sys.executable, str(SUPPORT / "router_process.py"), "--data", str(folder), "--port", str(port)]
    return rate([*script, "--receiver", "http://127.0.0.1:9/"], port, "/v1/alerts")


def alertmanager_rate(folder: Path) -> float:
    assert ALERTMANAGER is not None
    port = free_port()
    configuration = {"route": {"receiver": "none"}, "receivers": [{"name": "none"}]}
    (folder / "alertmanager.yml").write_text(json.dumps(configuration), encoding="utf-8")
    command = [
        ALERTMANAGER,
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    return rate(command, port, "/-/ready", "--to-alertmanager")


def rate(command: list[str], port: int, ready: str, *options: str) -> float:
    """Accepted alerts a second, by a sender in a process of its own."""
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet) as server:
        try:
            wait_for(f"http://127.0.0.1:{port}{ready}")
            sender = [sys.executable, str(SUPPORT / "storm_sender.py"), "--port", str(port)]
            sender += ["--count", str(ALERTS), "--p1-at", str(ALERTS // 2), *options]
            report = json.loads(subprocess.run(sender, capture_output=True, check=True).stdout)
        finally:
            server.kill()
    return float(report["accepted"] / report["seconds"])


def wait_for(url: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(url)
        except urllib.error.HTTPError:
            return  # an answer, if only to be told that a token is missing
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{url} never answered")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
