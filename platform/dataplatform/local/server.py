"""One real server as a child process: found, prepared, started on loopback, asked until it answers, ended."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dataplatform.errors import LocalServerError

LOOPBACK = "127.0.0.1"
LAST_LINES = 12
SECONDS_TO_START = 300.0  # for a server that runs and does not answer; one that ends is told at once


class LocalServer(Protocol):
    """How one kind of server is run. ``name`` is what people and log files call it."""

    @property
    def name(self) -> str: ...

    def missing(self) -> str | None:
        """What has to be installed first, and how; None when everything is there."""
        ...

    def prepare(self, folder: Path) -> None:
        """Make what the first start needs; does nothing on later ones."""
        ...

    def command(self, folder: Path, port: int) -> Sequence[str]: ...

    def environment(self, folder: Path, port: int) -> dict[str, str]:
        """What the child's environment has beside this process's own."""
        ...

    def answers(self, folder: Path, port: int) -> bool:
        """Whether it is ready for work."""
        ...


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answered. ``log`` is where it writes."""

    name: str
    port: int
    pid: int
    folder: Path
    log: Path
    process: subprocess.Popen[bytes]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def start(server: LocalServer, folder: Path, port: int | None = None) -> Running:
    """Start it in ``folder`` (made if need be) and wait until it answers.

    Raises:
        LocalServerError: it is not installed, ended at once, or never answered; says what its log said last.
    """
    running = launch(server, folder, port)
    wait_until_it_answers(server, running)
    return running


def launch(server: LocalServer, folder: Path, port: int | None = None) -> Running:
    """Start it without waiting. Raises LocalServerError: it is not installed."""
    lacking = server.missing()
    if lacking is not None:
        raise LocalServerError(server.name, "is not installed", lacking)
    folder.mkdir(parents=True, exist_ok=True)
    server.prepare(folder)
    chosen = free_port() if port is None else port
    log = folder / f"{server.name}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - a command of our own making
            [*_with(server.environment(folder, chosen)), *server.command(folder, chosen)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            start_new_session=True,
        )
    return Running(server.name, chosen, process.pid, folder, log, process)


def _with(variables: Mapping[str, str]) -> Sequence[str]:
    """Only the settings module reads the environment, so the system's own ``env`` adds to it."""
    return ["env", *(f"{name}={value}" for name, value in sorted(variables.items()))] if variables else []


def wait_until_it_answers(server: LocalServer, running: Running) -> None:
    """Whatever keeps it from answering, or us from waiting, it is ended. Raises LocalServerError."""
    try:
        _wait(server, running)
    except BaseException:
        stop(running)
        raise


def _wait(server: LocalServer, running: Running) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        if running.process.poll() is not None:
            raise LocalServerError(server.name, "stopped before it answered", _last_words(running.log))
        if server.answers(running.folder, running.port):
            return
        time.sleep(0.05)
    raise LocalServerError(
        server.name, f"did not answer within {SECONDS_TO_START:.0f} s", _last_words(running.log)
    )


def stop(running: Running, patience: float = 30.0) -> None:
    """Ask it to end, and end it after ``patience`` real seconds."""
    if running.process.poll() is None:
        running.process.terminate()
    try:
        running.process.wait(patience)
    except subprocess.TimeoutExpired:
        running.process.kill()
        running.process.wait()


@contextmanager
def running(server: LocalServer, folder: Path, port: int | None = None) -> Iterator[Running]:
    """It runs for as long as the block does."""
    started = start(server, folder, port)
    try:
        yield started
    finally:
        stop(started)


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
    return f"Its log, {log}, ends with:\n" + "\n".join(lines)
