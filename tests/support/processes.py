"""Real server processes for tests: started on free ports, waited for, killed or stopped for certain."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx

from app.api.keys import Scope, create_key
from app.bootstrap.paths import DataPaths
from app.demo.stack import free_port
from slo.clock import SystemClock

ROOT = Path(__file__).parents[2]


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Poll; fail with ``what`` when it does not come true in real ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


class Role:
    """``mirante serve ROLE`` as a process."""

    def __init__(self, role: str, data_dir: Path, settings: Mapping[str, str] | None = None) -> None:
        self.role = role
        self.data_dir = data_dir
        self.port = free_port()
        self._settings = dict(settings or {})
        self.log = data_dir.parent / f"{role}.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, ready: bool = True) -> Role:
        name = "MIRANTE_CONTROL_PORT" if self.role not in {"data", "api", "ingest"} else "MIRANTE_API_PORT"
        own = {"MIRANTE_DATA_DIR": str(self.data_dir), name: str(self.port), **self._settings}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "serve", self.role],
                env={**os.environ, **own},
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        if ready:
            wait_until(self.is_ready, 60, f"{self.role} ready; its log: {self.log.read_text()[-2000:]}")
        return self

    def is_ready(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(
                f"{self.role} ended with {self.process.returncode}: {self.log.read_text()[-3000:]}"
            )
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """``kill -9``."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        """SIGTERM, and the exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@contextlib.contextmanager
def running(*roles: Role) -> Iterator[None]:
    try:
        for role in roles:
            role.start()
        yield
    finally:
        for role in roles:
            if role.process is not None and role.process.poll() is None:
                role.process.kill()
                role.process.wait(10)


def api_key(data_dir: Path) -> str:
    scopes = (Scope.DECISIONS_WRITE, Scope.DECISIONS_READ, Scope.INGEST_WRITE, Scope.FAULTS_WRITE)
    return create_key(DataPaths(data_dir).api_keys, "tests", scopes, SystemClock().now())[1]
