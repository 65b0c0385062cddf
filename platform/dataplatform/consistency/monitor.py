"""Checks each pair in turn, keeps the results, and repairs what a small repair may repair."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from credit.domain.errors import StoreUnavailable
from dataplatform.consistency.checker import ConsistencyChecker
from dataplatform.consistency.repair import ConsistencyRepair, RepairReport
from dataplatform.consistency.report import PairReport
from dataplatform.errors import RepairRefused

logger = logging.getLogger(__name__)


class CheckLog(Protocol):
    """Where results are kept; durable when a call returns. Raises sqlite3.Error."""

    async def add(self, report: PairReport) -> int:
        """Its number."""
        ...

    async def add_repair(self, check_id: int, repaired: RepairReport | None, refused: str | None) -> None:
        """What followed a check."""
        ...


@dataclass(frozen=True, slots=True)
class Watched:
    """A pair of stores: how it is compared and how it is repaired."""

    checker: ConsistencyChecker
    repair: ConsistencyRepair


@dataclass(frozen=True, slots=True)
class Round:
    """One pair's check and what followed. ``repaired``: None if nothing differed or repair was refused."""

    report: PairReport
    repaired: RepairReport | None
    refused: str | None = None


async def compared(
    watched: Watched, log: CheckLog, *, repair: bool, progress: Callable[[int], None] | None = None
) -> Round:
    """Check one pair, keep the result, and repair what a small repair may repair.

    Raises:
        StoreUnavailable: a store does not answer.
        sqlite3.Error: the result could not be kept.
    """
    return await repaired(watched, await watched.checker.check(progress), log, repair=repair)


async def repaired(watched: Watched, report: PairReport, log: CheckLog, *, repair: bool) -> Round:
    """Keep the result of a comparison, and repair what a small repair may repair. Raises as ``compared``."""
    check_id = await log.add(report)
    if not report.differences or not repair:
        return Round(report, None)
    done = await _repaired(watched.repair, report)
    await log.add_repair(check_id, done.repaired, done.refused)
    return done


async def _repaired(repair: ConsistencyRepair, report: PairReport) -> Round:
    try:
        return Round(report, await repair.repair(report))
    except RepairRefused as error:
        return Round(report, None, str(error))


class ConsistencyMonitor:
    """A round over every pair; whoever owns it decides how often."""

    def __init__(self, pairs: Sequence[Watched], log: CheckLog) -> None:
        self._pairs, self._log = tuple(pairs), log

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


def _tell(done: Round) -> None:
    report = done.report
    if report.divergent:
        logger.warning("%s: %d records differ: %s", report.pair, report.divergent, report.divergent_by_class)
    if done.refused is not None:
        logger.error("%s", done.refused)
