"""The real Prometheus and promtool (Debian's), started on loopback for a test and stopped by it."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.patience import patience, wait_until

PROMETHEUS = shutil.which("prometheus")
PROMTOOL = shutil.which("promtool")

needs_prometheus = pytest.mark.skipif(
    PROMETHEUS is None or PROMTOOL is None, reason="prometheus and promtool are not installed"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    assert PROMTOOL is not None
    return subprocess.run(
        [PROMTOOL, *arguments], capture_output=True, text=True, timeout=patience(280), check=False
    )


def backfill(lines: Iterable[str], folder: Path) -> Path:
    """A data directory holding these OpenMetrics lines (``name{labels} value seconds``)."""
    source, data = folder / "samples.om", folder / "data"
    source.write_text("\n".join([*lines, "# EOF", ""]), encoding="utf-8")
    made = promtool(
        "tsdb", "create-blocks-from", "--max-block-duration=768h", "openmetrics", "-q", str(source), str(data)
    )
    assert made.returncode == 0, made.stderr
    return data


@contextmanager
def prometheus_server(folder: Path, data: Path, config: str = "global: {}\n") -> Iterator[str]:
    """The base URL of a server over ``data``, ready to be asked."""
    assert PROMETHEUS is not None
    settings = folder / "prometheus.yml"
    settings.write_text(config, encoding="utf-8")
    port = free_port()
    command = [
        PROMETHEUS,
        f"--config.file={settings}",
        f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=10y",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.enable-lifecycle",
        "--log.level=error",
    ]
    with (folder / "prometheus.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_ready(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=patience(30))


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    def ready() -> bool:
        assert process.poll() is None, "prometheus ended at once"
        try:
            return httpx.get(f"{url}/-/ready", trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    wait_until(ready, 30, "prometheus is ready")
