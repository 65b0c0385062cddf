"""Real server processes for tests: started on free ports, waited for, killed or stopped for certain.

Time limits here are generous and never what a test is about.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import httpx

from app.api.keys import create_key
from app.api.scopes import Scope
from app.bootstrap.names import DATA_ROLES
from app.bootstrap.paths import DataPaths
from dataplatform.local.server import free_port
from foundation.clock import SystemClock
from tests.support.patience import patience, wait_until

READY_WITHIN = 90.0  # seconds of a quiet machine
STOP_WITHIN = 60.0
MIRANTE = (sys.executable, "-m", "app.cli")
SCRIPTS = Path(__file__).parent  # scripts that run as processes of their own


def clean_environment(settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment without anybody's settings, and these on top."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MIRANTE_")}
    return {**kept, **(settings or {})}


def run_mirante(
    *arguments: str,
    settings: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float = READY_WITHIN,
) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    return subprocess.run(
        [*MIRANTE, *arguments],
        env=clean_environment(settings),
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=patience(timeout),
        stdin=subprocess.DEVNULL,
    )


def is_free(port: int) -> bool:
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            sock.bind(("127.0.0.1", port))
            return True
    return False


def is_alive(pid: int) -> bool:
    """Whether a process of that id runs (a zombie does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def answers_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=patience(5), trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


class Started:
    """A child of the test with its output in a log. ``with`` ends it in every case."""

    def __init__(self, command: Sequence[str], log: Path, settings: Mapping[str, str], cwd: Path) -> None:
        self.command, self.log, self.settings, self.cwd = list(command), log, dict(settings), cwd
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Started:
        self.launch()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def launch(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env=clean_environment(self.settings),
                cwd=self.cwd,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def running(self) -> subprocess.Popen[bytes]:
        assert self.process is not None, "it was not started"
        return self.process

    @property
    def output(self) -> str:
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""

    def signal(self, number: signal.Signals) -> None:
        self.running.send_signal(number)

    def interrupt(self) -> None:
        """Ctrl-C as a terminal sends it: to every process of the foreground group."""
        os.killpg(self.running.pid, signal.SIGINT)

    def wait(self, seconds: float = STOP_WITHIN) -> int:
        """The exit status."""
        try:
            return self.running.wait(patience(seconds))
        except subprocess.TimeoutExpired as error:
            raise AssertionError(
                f"{self.command} still runs after {seconds} s: {self.output[-2000:]}"
            ) from error

    def kill(self) -> None:
        """``kill -9`` of this process alone, and wait until it is gone."""
        self.signal(signal.SIGKILL)
        self._collect()

    def stop(self) -> int:
        """SIGTERM, and the exit status."""
        if self.running.poll() is None:
            self.signal(signal.SIGTERM)
        status = self.wait()
        self._collect()
        return status

    def end(self) -> None:
        """Leave nothing of its session running, whatever happened."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self._collect()

    def _collect(self) -> None:
        self.running.wait(patience(STOP_WITHIN))
        if self.running.stdin is not None:
            self.running.stdin.close()


class Role(Started):
    """``mirante serve ROLE`` on a free port of its own; it also ends when the test process does."""

    def __init__(
        self,
        role: str,
        data_dir: Path,
        settings: Mapping[str, str] | None = None,
        wrapper: Sequence[str] = (),
    ) -> None:
        """``wrapper`` is a command that runs the server as its argument (``strace ...``)."""
        self.role, self.data_dir, self.port = role, data_dir, free_port()
        port_name = "MIRANTE_API_PORT" if role in {"data", *DATA_ROLES} else "MIRANTE_CONTROL_PORT"
        super().__init__(
            [*wrapper, *MIRANTE, "serve", role, "--with-parent"],
            data_dir.parent / f"{role}.log",
            {"MIRANTE_DATA_DIR": str(data_dir), **(settings or {}), port_name: str(self.port)},
            data_dir.parent,
        )

    def __enter__(self) -> Role:
        try:
            return self.start()
        except BaseException:
            self.end()
            raise

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Role:
        """Start and wait until it says that it is ready."""
        self.launch()
        wait_until(self.is_ready, READY_WITHIN, lambda: f"{self.role} ready: {self.output[-2000:]}")
        return self

    def is_ready(self) -> bool:
        status = self.running.poll()
        assert status is None, f"{self.role} ended with {status}: {self.output[-3000:]}"
        return answers_ready(self.url)


class Up(Started):
    """``mirante up``: the supervisor and its two children, on free ports. ``end`` ends the children too:
    they stop when their supervisor does."""

    def __init__(
        self,
        data_dir: Path,
        settings: Mapping[str, str] | None = None,
        command: Sequence[str] = MIRANTE,
        cwd: Path | None = None,
    ) -> None:
        self.data_dir = data_dir
        self.api_port, self.control_port = free_port(), free_port()
        self.api_url = f"http://127.0.0.1:{self.api_port}"
        self.control_url = f"http://127.0.0.1:{self.control_port}"
        own = data_dir_and_ports(data_dir, self.api_port, self.control_port)
        super().__init__(
            [*command, "up"], data_dir.parent / "up.log", {**own, **(settings or {})}, cwd or data_dir.parent
        )

    def __enter__(self) -> Up:
        try:
            self.launch()
            wait_until(self.is_ready, READY_WITHIN, lambda: f"both sides ready: {self.output[-3000:]}")
        except BaseException:
            self.end()
            raise
        return self

    def is_ready(self) -> bool:
        status = self.running.poll()
        assert status is None, f"up ended with {status}: {self.output[-3000:]}"
        return answers_ready(self.api_url) and answers_ready(self.control_url)

    def children(self) -> dict[str, int]:
        """Role -> process id of its newest start."""
        return {role: int(pid) for role, pid in re.findall(r"(\w+) runs as process (\d+)", self.output)}

    def end(self) -> None:
        super().end()
        for role, pid in self.children().items():
            wait_until(lambda pid=pid: not is_alive(pid), STOP_WITHIN, f"{role} ended")  # type: ignore[misc]


def data_dir_and_ports(
    data_dir: Path, api_port: int | None = None, control_port: int | None = None
) -> dict[str, str]:
    """Settings of a stack that meets no other one; ports not given are free ones."""
    return {
        "MIRANTE_DATA_DIR": str(data_dir),
        "MIRANTE_API_PORT": str(api_port or free_port()),
        "MIRANTE_CONTROL_PORT": str(control_port or free_port()),
    }


@contextlib.contextmanager
def running(*roles: Role) -> Iterator[None]:
    """Started one after the other; all of them are ended."""
    with contextlib.ExitStack() as stack:
        for role in roles:
            stack.enter_context(role)
        yield


def api_key(data_dir: Path) -> str:
    scopes = (Scope.DECISIONS_WRITE, Scope.DECISIONS_READ, Scope.INGEST_WRITE, Scope.FAULTS_WRITE)
    return create_key(DataPaths(data_dir).api_keys, "tests", scopes, SystemClock().now())[1]
