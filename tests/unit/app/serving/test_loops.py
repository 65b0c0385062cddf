"""Loops outlive their steps, slow down while these fail, and say when they have stalled."""

from __future__ import annotations

import asyncio
import logging
import threading
from datetime import UTC, datetime, timedelta

import pytest

from app.serving.loops import LONGEST_PAUSE, STALLED_AFTER_SECONDS, Loop, in_thread
from foundation.clock import ManualClock
from foundation.errors import MiranteError
from foundation.exit_status import ExitStatus

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


class Step:
    """Fails as often as told, then succeeds; stops the loop after so many calls."""

    def __init__(self, failures: int, calls: int) -> None:
        self.failures, self.calls = failures, calls
        self.pauses: list[datetime] = []

    async def __call__(self) -> bool:
        self.calls -= 1
        if self.calls < 0:
            raise asyncio.CancelledError
        if self.failures > 0:
            self.failures -= 1
            raise OSError("the disk is away")
        return False


async def run(loop: Loop) -> None:
    with pytest.raises(asyncio.CancelledError):
        await loop.run()


async def test_a_loop_goes_on_after_a_step_that_failed(caplog: pytest.LogCaptureFixture) -> None:
    clock = ManualClock(NOON)
    loop = Loop("project", 1.0, Step(failures=2, calls=5), clock)
    with caplog.at_level(logging.ERROR):
        await run(loop)
    assert (loop.failures, loop.failed_in_a_row) == (2, 0)
    assert caplog.text.count("the disk is away") >= 2


class Away(MiranteError):
    exit_status = ExitStatus.ENVIRONMENT


async def test_what_a_person_can_fix_is_one_line_until_it_changes(caplog: pytest.LogCaptureFixture) -> None:
    said = iter(["nobody answers", "nobody answers", "it hangs", None, "it hangs"])

    async def step() -> None:
        try:
            found = next(said)
        except StopIteration:
            raise asyncio.CancelledError from None
        if found:
            raise Away(found)

    loop = Loop("evaluate", 1.0, step, ManualClock(NOON))
    with caplog.at_level(logging.INFO):
        await run(loop)
    assert [record.getMessage() for record in caplog.records] == [
        "loop step failed: nobody answers",
        "loop step failed: it hangs",
        "loop step works again",
        "loop step failed: it hangs",
    ]
    assert [record.exc_info for record in caplog.records] == [None] * 4
    assert loop.failures == 4


async def test_failures_in_a_row_slow_it_down_and_one_success_sets_it_right() -> None:
    clock = ManualClock(NOON)
    loop = Loop("project", 0.5, Step(failures=6, calls=6), clock)
    await run(loop)
    assert clock.now() - NOON == timedelta(seconds=1 + 2 + 4 + 3 * LONGEST_PAUSE)
    loop.step = Step(failures=0, calls=1)
    await run(loop)
    assert loop.pause == 0.5


async def test_a_rare_loop_never_becomes_rarer() -> None:
    loop = Loop("compare", 60.0, Step(failures=3, calls=3), ManualClock(NOON))
    await run(loop)
    assert loop.pause == 60.0


async def test_a_loop_that_has_not_succeeded_for_long_says_so() -> None:
    clock = ManualClock(NOON)
    loop = Loop("evaluate", 1.0, Step(failures=99, calls=2), clock)
    assert not loop.stalled
    await run(loop)
    clock.advance(timedelta(seconds=STALLED_AFTER_SECONDS + 1))
    assert loop.stalled


async def test_more_work_is_taken_on_without_a_pause() -> None:
    clock, answers = ManualClock(NOON), iter([True, True, False])

    async def step() -> bool:
        try:
            return next(answers)
        except StopIteration:
            raise asyncio.CancelledError from None

    await run(Loop("ingest", 1.0, step, clock, while_busy=True))
    assert clock.now() - NOON == timedelta(seconds=1)


async def test_an_answer_is_no_reason_to_hurry_unless_the_loop_says_so() -> None:
    clock = ManualClock(NOON)
    answers = iter(["compared", "compared"])

    async def step() -> str:
        try:
            return next(answers)
        except StopIteration:
            raise asyncio.CancelledError from None

    await run(Loop("compare", 1.0, step, clock))
    assert clock.now() - NOON == timedelta(seconds=2)


async def test_a_blocking_step_runs_in_a_thread_and_its_answer_is_passed_on() -> None:
    assert await in_thread(threading.get_ident)() != threading.get_ident()
    assert await in_thread(lambda: 7)() == 7
