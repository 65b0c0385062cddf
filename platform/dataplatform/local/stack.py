"""The local profile's servers as one stack: started, recorded in ``stack.json``, looked at, ended.

Only what the record names is ended, and only while the process of that number is still the one started.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

import msgspec

from dataplatform.directory import DirectoryLock
from dataplatform.errors import LocalServerError, StackRecordError
from dataplatform.local.process_identity import started_at
from dataplatform.local.server import LocalServer, Running, launch, wait_until_it_answers

RECORD = "stack.json"
PATIENCE = 60.0  # real seconds that a server may take to end


class ServerState(StrEnum):
    UP = "up"  # it answers
    SILENT = "silent"  # its process lives and does not answer
    DOWN = "down"  # its process is gone
    UNKNOWN = "unknown"  # it was never started here


@dataclass(frozen=True, slots=True)
class Member:
    """One server as it was started. ``began`` tells its process from a later one of the same number."""

    name: str
    pid: int
    began: str
    port: int
    folder: str
    log: str


Tell = Callable[[str, str], None]  # a server's name, and what happened to it


class Stack:
    """The servers whose data is below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def members(self) -> Mapping[str, Member]:
        """By name, in the order they were started.

        Raises:
            StackRecordError: the record is damaged.
        """
        try:
            content = (self._folder / RECORD).read_bytes()
        except FileNotFoundError:
            return {}
        try:
            found = msgspec.json.decode(content, type=list[Member])
        except (msgspec.MsgspecError, RecursionError) as error:
            raise StackRecordError(self._folder / RECORD, str(error)) from error
        return {member.name: member for member in found}

    def up(self, servers: Iterable[LocalServer], tell: Tell) -> Mapping[str, Member]:
        """Start those that do not run. What was started stays recorded if a later one fails.

        Raises:
            LocalServerError: one is not installed (then none was started), or did not start.
            DataDirectoryBusy: another command works on this stack.
        """
        wanted = list(servers)
        with self._held():
            idle = [server for server in wanted if not self._runs(server.name)]
            _check_installed(idle)
            for server in wanted:
                if server in idle:
                    self._start(server, tell)
                else:
                    tell(server.name, "runs already")
        return self.members()

    def down(self, tell: Tell, only: Sequence[str] = ()) -> None:
        """End what was started, last first. Raises DataDirectoryBusy."""
        with self._held():
            for member in reversed(list(self.members().values())):
                if not only or member.name in only:
                    tell(member.name, _end(member))
                    self._forget(member)

    def state(self, server: LocalServer) -> ServerState:
        member = self.members().get(server.name)
        if member is None:
            return ServerState.UNKNOWN
        if not _lives(member):
            return ServerState.DOWN
        answers = server.answers(Path(member.folder), member.port)
        return ServerState.UP if answers else ServerState.SILENT

    def _runs(self, name: str) -> bool:
        member = self.members().get(name)
        return member is not None and _lives(member)

    def _start(self, server: LocalServer, tell: Tell) -> None:
        tell(server.name, "starting")
        began = time.monotonic()
        running = launch(server, self._folder / server.name)
        member = self._remember(running)  # at once: whoever interrupts us can still end it
        try:
            wait_until_it_answers(server, running)
        except BaseException:
            self._forget(member)
            raise
        running.process.returncode = 0  # it goes on without us: not ours to wait for, nor to warn about
        tell(server.name, f"answers on port {running.port} after {time.monotonic() - began:.1f} s")

    def _remember(self, running: Running) -> Member:
        identity = (
            started_at(running.pid) or ""
        )  # a process that is gone already is seen while waiting for it
        member = Member(
            running.name, running.pid, identity, running.port, str(running.folder), str(running.log)
        )
        others = {name: other for name, other in self.members().items() if name != member.name}
        self._write({**others, member.name: member})
        return member

    def _forget(self, member: Member) -> None:
        self._write({name: kept for name, kept in self.members().items() if name != member.name})

    def _write(self, members: Mapping[str, Member]) -> None:
        """Whole or not at all."""
        fresh = self._folder / f"{RECORD}.new"
        told = [asdict(member) for member in members.values()]
        fresh.write_bytes(msgspec.json.format(msgspec.json.encode(told)) + b"\n")
        fresh.replace(self._folder / RECORD)

    @contextmanager
    def _held(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        lock = DirectoryLock(self._folder / "lock")
        try:
            yield
        finally:
            lock.release()


def _check_installed(servers: Sequence[LocalServer]) -> None:
    lacking = {server.name: told for server in servers if (told := server.missing()) is not None}
    if lacking:
        fixes = "; ".join(f"{name}: {told}" for name, told in lacking.items())
        raise LocalServerError(", ".join(lacking), "not installed, so it was not started", fixes)


def _lives(member: Member) -> bool:
    return bool(member.began) and started_at(member.pid) == member.began


def _end(member: Member) -> str:
    """Ask it to end, end it when it does not; what happened."""
    if not _lives(member):
        return "had already stopped"
    os.kill(member.pid, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if not _lives(member):
            return "ended"
        time.sleep(0.05)
    os.kill(member.pid, signal.SIGKILL)
    return f"killed, because it did not stop within {PATIENCE:.0f} s"
