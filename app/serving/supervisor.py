"""The supervisor of ``mirante up``: two children, data and control, whose failures are independent.

A child that dies is restarted with growing delays; one that reports a wrong configuration is not.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

log = logging.getLogger("mirante.supervisor")

HOPELESS = (1, 2, 3)  # a file, a setting or the machine is wrong, and a new start would find it so again
FIRST_PAUSE = 0.5  # real seconds
LONGEST_PAUSE = 30.0
STEADY_AFTER = 60.0
DRAIN_SECONDS = 15.0
LISTENING_WITHIN = 20.0


@dataclass(frozen=True, slots=True)
class Child:
    """A role served as its own process with these environment variables, listening on ``address``."""

    role: str
    environment: Mapping[str, str]
    address: tuple[str, int]

    def command(self) -> list[str]:
        return [sys.executable, "-P", "-m", "app.cli", "serve", self.role, "--with-parent"]


class Supervisor:
    """Runs children until told to stop; answers with the exit status of the whole."""

    def __init__(self, children: Sequence[Child], announce: Callable[[str, int, int], None]) -> None:
        """``announce(role, pid, restarts)`` is called at every start of a child."""
        self._children = children
        self._announce = announce
        self._stopping = asyncio.Event()
        self._status = 0

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stopping.set)
        kept: list[asyncio.Task[None]] = []
        try:
            for child in self._children:
                kept.append(asyncio.create_task(self._keep(child)))
                await self._until_listening(child)
            await asyncio.gather(*kept)
        finally:  # whatever was raised, such as by a reader that has gone: no child is left behind
            self._stopping.set()
            await asyncio.gather(*kept, return_exceptions=True)
        return self._status

    async def _until_listening(self, child: Child) -> None:
        """The next child starts when this one listens, so that a start does not look like an outage; or after
        a while, because a child that never comes up must be seen."""
        deadline = time.monotonic() + LISTENING_WITHIN
        while time.monotonic() < deadline and not self._stopping.is_set():
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(*child.address)
                writer.close()
                return
            await self._rest(0.1)

    async def _keep(self, child: Child) -> None:
        """Until all are to stop. An error here stops the others, too."""
        try:
            await self._start_again_and_again(child)
        finally:
            self._stopping.set()

    async def _start_again_and_again(self, child: Child) -> None:
        pause, restarts = FIRST_PAUSE, 0
        while not self._stopping.is_set():
            began = time.monotonic()
            process = await asyncio.create_subprocess_exec(
                *child.command(),
                stdin=asyncio.subprocess.PIPE,
                env=dict(child.environment),
                start_new_session=True,
            )
            try:
                self._announce(child.role, process.pid, restarts)
                await self._until_ended_or_stopped(process)
            finally:
                await _end(process)
            if self._stopping.is_set() or self._is_hopeless(process.returncode):
                return
            if time.monotonic() - began > STEADY_AFTER:
                pause = FIRST_PAUSE
            log.error(
                "child exited; restarting it",
                extra={
                    "event": "child.ended",
                    "role": child.role,
                    "status": process.returncode,
                    "pause": pause,
                },
            )
            await self._rest(pause)
            pause, restarts = min(pause * 2, LONGEST_PAUSE), restarts + 1

    async def _until_ended_or_stopped(self, process: asyncio.subprocess.Process) -> None:
        ended = asyncio.create_task(process.wait())
        stopped = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        ended.cancel()

    def _is_hopeless(self, status: int | None) -> bool:
        if status not in HOPELESS:
            return False
        self._status = status
        self._stopping.set()
        return True

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask, wait for the drain, then insist. One that has ended is left alone."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), DRAIN_SECONDS)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
