"""Checks each pair in turn, keeps the results, and repairs what a small repair may mend."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.errors import StoreUnavailable
from dataplatform.consistency.checker import ConsistencyChecker
from dataplatform.consistency.readings import CheckLog
from dataplatform.consistency.repair import ConsistencyRepair, RepairReport
from dataplatform.consistency.report import PairReport
from dataplatform.errors import RepairRefused
from slo.clock import Clock

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Watched:
    """A pair of stores: how it is compared and how it is mended."""

    checker: ConsistencyChecker
    repair: ConsistencyRepair


@dataclass(frozen=True, slots=True)
class Round:
    """One pair's check and what followed. ``repaired``: None if nothing differed or repair was refused."""

    report: PairReport
    repaired: RepairReport | None
    refused: str | None = None


async def compared(watched: Watched, log: CheckLog, *, repair: bool) -> Round:
    """Check one pair, keep the result, and mend what a small repair may mend.

    Raises:
        StoreUnavailable: a store does not answer.
        sqlite3.Error: the result could not be kept.
    """
    report = await watched.checker.check()
    await asyncio.to_thread(log.add, report)
    if not report.differences or not repair:
        return Round(report, None)
    try:
        return Round(report, await watched.repair.repair(report))
    except RepairRefused as error:
        return Round(report, None, str(error))


class ConsistencyMonitor:
    """``interval_seconds`` of clock time from the end of one round to the start of the next."""

    def __init__(
        self, pairs: Sequence[Watched], log: CheckLog, clock: Clock, interval_seconds: float = 60.0
    ) -> None:
        self._pairs, self._log, self._clock, self._interval = tuple(pairs), log, clock, interval_seconds

    async def run_once(self, *, repair: bool = True) -> Sequence[Round]:
        """Check every pair; a pair whose store does not answer is left out, so that its reading ages."""
        rounds: list[Round] = []
        for watched in self._pairs:
            try:
                done = await compared(watched, self._log, repair=repair)
                rounds.append(done)
                _tell(done)
            except StoreUnavailable as error:
                logger.warning("%s was not compared: %s", watched.checker.pair, error)
            except sqlite3.Error as error:
                logger.error("%s: the result could not be kept: %s", watched.checker.pair, error)
        return rounds

    async def run(self, stop: asyncio.Event) -> None:
        """Until told to stop."""
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                await self.run_once()
                pause = asyncio.create_task(self._clock.sleep(self._interval))
                await asyncio.wait({pause, stopped}, return_when=asyncio.FIRST_COMPLETED)
                pause.cancel()
        finally:
            stopped.cancel()


def _tell(done: Round) -> None:
    report = done.report
    if report.divergent:
        logger.warning("%s: %d records differ: %s", report.pair, report.divergent, report.divergent_by_class)
    if done.refused is not None:
        logger.error("%s", done.refused)
