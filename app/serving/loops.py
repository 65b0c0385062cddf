"""Loops: the repeated work of a role (evaluate, deliver, project), each on its own beat.

A step that fails is logged and counted, and the loop goes on; a loop that has not succeeded for long makes
its role unready, so that a wedged evaluator is seen from outside.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from foundation.clock import Clock
from foundation.errors import MiranteError
from foundation.exit_status import ExitStatus

log = logging.getLogger("mirante.loops")

LONGEST_PAUSE = 5.0  # seconds of the loop's clock between two tries of something that fails
STALLED_AFTER_BEATS = 10
STALLED_AFTER_SECONDS = 30.0  # real time, at least


@dataclass(slots=True)
class Loop:
    """``step`` runs every ``every`` seconds of ``clock``; ``while_busy``: again at once when it did something
    (its answer is true)."""

    name: str
    every: float
    step: Callable[[], Awaitable[object]]
    clock: Clock
    while_busy: bool = False
    failures: int = 0
    failed_in_a_row: int = 0
    last_success: float | None = None
    _started: float | None = field(default=None)
    _told: str = field(default="", init=False)

    async def run(self) -> None:
        self._started = self.clock.monotonic()
        while True:
            if await self._once():
                await asyncio.sleep(0)
            else:
                await self.clock.sleep(self.pause)

    @property
    def pause(self) -> float:
        """``every``; doubled with each failure in a row, up to five seconds (or ``every``, if more)."""
        return min(self.every * 2.0 ** min(self.failed_in_a_row, 20), max(self.every, LONGEST_PAUSE))

    async def _once(self) -> bool:
        """Whether to go on at once."""
        try:
            answer = await self.step()
        except Exception as error:  # noqa: BLE001 - the loop outlives any step; the log keeps it
            self.failures += 1
            self.failed_in_a_row += 1
            self._tell(error)
            return False
        self.last_success = self.clock.monotonic()
        self.failed_in_a_row = 0
        if self._told:
            log.info("loop step works again", extra={"event": "loop.recovered", "loop": self.name})
            self._told = ""
        return self.while_busy and bool(answer)

    def _tell(self, error: Exception) -> None:
        """What a person can fix is one line, and is not said again until it changes; a defect is whole, each
        time."""
        extra = {"event": "loop.failed", "loop": self.name}
        if not isinstance(error, MiranteError) or error.exit_status is ExitStatus.DEFECT:
            log.error("loop step failed", extra=extra, exc_info=error)
        elif str(error) != self._told:
            self._told = str(error)
            log.warning("loop step failed: %s", error, extra=extra)

    @property
    def stalled(self) -> bool:
        """True when the loop has not succeeded for ten beats and thirty real seconds."""
        since = self.last_success if self.last_success is not None else self._started
        if since is None:
            return False
        return self.clock.monotonic() - since > max(STALLED_AFTER_SECONDS, STALLED_AFTER_BEATS * self.every)


def in_thread(step: Callable[[], object]) -> Callable[[], Awaitable[object]]:
    """A blocking step as one of a loop."""
    return partial(asyncio.to_thread, step)
