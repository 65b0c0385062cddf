"""A real Alertmanager as a child process on the loopback, whose only receiver is a router's hook."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from dataplatform.local.server import free_port

ALERTMANAGER = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")

needs_alertmanager = pytest.mark.skipif(ALERTMANAGER is None, reason="Alertmanager is not installed")


class Alertmanager:
    """``token`` is what it shows to the hook."""

    def __init__(self, folder: Path, hook: str, token: str = "secret-of-the-test") -> None:
        assert ALERTMANAGER is not None
        self.url = f"http://127.0.0.1:{free_port()}"
        configuration = {
            "route": {
                "receiver": "mirante",
                "group_by": ["alertname"],
                "group_wait": "0s",
                "group_interval": "1s",
                "repeat_interval": "1h",
            },
            "receivers": [
                {
                    "name": "mirante",
                    "webhook_configs": [
                        {
                            "url": hook,
                            "send_resolved": True,
                            "http_config": {"authorization": {"credentials": token}},
                        }
                    ],
                }
            ],
        }
        file = folder / "alertmanager.yml"
        file.write_text(json.dumps(configuration), encoding="utf-8")
        self._log = (folder / "alertmanager.log").open("wb")
        self._process = subprocess.Popen(
            [
                ALERTMANAGER,
                f"--config.file={file}",
                f"--storage.path={folder / 'alertmanager'}",
                f"--web.listen-address={self.url.removeprefix('http://')}",
                "--cluster.listen-address=",
            ],
            stdout=self._log,
            stderr=self._log,
        )

    def ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/-/ready").is_success
        except httpx.TransportError:
            return False

    def fire(self, name: str, *, over: bool = False, **labels: str) -> None:
        now = datetime.now(UTC)
        ends = now - timedelta(seconds=1) if over else now + timedelta(hours=1)
        alert = {
            "labels": {"alertname": name, **labels},
            "annotations": {"summary": f"{name} fires"},
            "startsAt": (now - timedelta(minutes=1)).isoformat(),
            "endsAt": ends.isoformat(),
        }
        httpx.post(f"{self.url}/api/v2/alerts", json=[alert]).raise_for_status()

    def failed_posts(self) -> int:
        """How often the hook was asked in vain."""
        lines = httpx.get(f"{self.url}/metrics").text.splitlines()
        name = "alertmanager_notification_requests_failed_total"
        return sum(
            int(float(line.split()[-1])) for line in lines if line.startswith(name) and "webhook" in line
        )

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._log.close()
