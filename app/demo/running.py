"""A real ``mirante up`` as a child process, stopped in every case."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import httpx

from app.api.keys import create_key
from app.api.scopes import Scope
from app.bootstrap.paths import DataPaths
from app.demo.errors import DidNotStart
from app.settings import Settings
from dataplatform.local.server import free_port
from foundation.clock import SystemClock

READY_WITHIN = 300.0  # real seconds, for a slow machine; a process that ends is told at once
STOP_WITHIN = 30.0


class RunningMirante:
    """``with RunningMirante(settings, log) as mirante``: two processes that answer, and an API key."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self.settings = replace(settings, api_port=free_port(), control_port=free_port())
        self.log = log
        self.paths = DataPaths(self.settings.data_dir)
        self.api_url = f"http://{self.settings.host}:{self.settings.api_port}"
        self.control_url = f"http://{self.settings.host}:{self.settings.control_port}"
        self.api_key = ""
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> RunningMirante:
        scopes = (Scope.DECISIONS_WRITE, Scope.DECISIONS_READ, Scope.INGEST_WRITE, Scope.FAULTS_WRITE)
        _, self.api_key = create_key(self.paths.api_keys, "demo", scopes, SystemClock().now())
        try:
            self.start()
        except BaseException:  # Ctrl-C while it starts leaves nothing running either
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start and wait until both sides are ready.

        Raises:
            DidNotStart: they are not in time; what was started is stopped.
        """
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "app.cli", "up"],
                env=self.settings.child_environment(),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        deadline = time.monotonic() + READY_WITHIN
        while not self._ready():
            if time.monotonic() > deadline or self._process.poll() is not None:
                self.stop()
                raise DidNotStart(READY_WITHIN, self.log)
            time.sleep(0.1)

    def stop(self) -> None:
        """Ask it to drain; insist after a while."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _ready(self) -> bool:
        try:
            answers = [httpx.get(f"{url}/readyz", timeout=2.0) for url in (self.api_url, self.control_url)]
        except httpx.TransportError:
            return False
        return all(answer.status_code == 200 for answer in answers)
