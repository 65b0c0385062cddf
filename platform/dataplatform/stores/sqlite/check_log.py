"""Results of comparisons on file, and the newest of each pair (read from other processes, too)."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dataplatform.consistency.patterns import PastCheck, Pattern, patterns
from dataplatform.consistency.repair import RepairReport
from dataplatform.consistency.report import LatestCheck, PairReport
from dataplatform.schemas.consistency import RUNGS
from dataplatform.stores.sqlite.connection import reading
from dataplatform.stores.sqlite.database import prepared
from foundation.instants import from_micros, maybe_instant, maybe_micros, to_micros
from foundation.paths import is_absent

_INSERT = """
INSERT INTO checks (pair, checked_at, compared, missing, stale, mismatch, orphan, in_flight, random_compared,
  random_divergent, coverage_ratio, confidence, index_ratio, lower_bound_ratio, covered_since, deep_complete)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_DIFFERENCE = """
INSERT INTO differences (check_id, class, kind, key, customer_id, data_type) VALUES (?, ?, ?, ?, ?, ?)
"""
_TRIM = "DELETE FROM checks WHERE check_id <= (SELECT max(check_id) FROM checks) - ?"
_REPAIR = "INSERT INTO repairs (check_id, written, removed, settled, refused) VALUES (?, ?, ?, ?, ?)"
_RECENT = """
SELECT check_id, pair, checked_at, compared, missing, stale, mismatch, orphan, in_flight, coverage_ratio,
  confidence, index_ratio, lower_bound_ratio, covered_since
FROM checks WHERE pair = ? ORDER BY check_id DESC LIMIT ?
"""
_PLACES = "SELECT customer_id, data_type FROM differences WHERE check_id = ?"
_REPAIRED = """
SELECT coalesce(sum(r.written), 0), coalesce(sum(r.removed), 0), coalesce(sum(r.refused IS NOT NULL), 0)
FROM repairs AS r JOIN checks AS c ON c.check_id = r.check_id WHERE c.pair = ?
"""
_HISTORY = 24  # checks of a pair that patterns are looked for in
_KEPT_DIFFERENCES = 1_000  # of one check


class SqliteCheckLog:
    """The file of results (``consistency.monitor.CheckLog``). The newest ``keep`` checks stay."""

    def __init__(self, path: Path, keep: int = 10_000) -> None:
        """Raises DataDirectoryError (not writable) or SchemaError (damaged, or newer than this program)."""
        self._keep = keep
        self._connection = prepared(path, RUNGS)

    async def add(self, report: PairReport) -> int:
        return await asyncio.to_thread(self._add, report)

    async def add_repair(self, check_id: int, repaired: RepairReport | None, refused: str | None) -> None:
        done = repaired or RepairReport("", 0, 0, 0)
        values = (check_id, done.written, done.removed, done.settled, refused)
        await asyncio.to_thread(self._connection.execute, _REPAIR, values)

    def _add(self, report: PairReport) -> int:
        by_class = report.divergent_by_class
        values = (
            report.pair,
            to_micros(report.checked_at),
            report.compared,
            by_class["missing"],
            by_class["stale"],
            by_class["mismatch"],
            by_class["orphan"],
            report.in_flight,
            report.random_compared,
            report.random_divergent,
            report.coverage_ratio,
            report.confidence,
            report.index_ratio,
            report.lower_bound_ratio,
            maybe_micros(report.covered_since),
            int(report.deep_complete),
        )
        with self._connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            check_id = connection.execute(_INSERT, values).lastrowid
            connection.executemany(
                _DIFFERENCE,
                [
                    (check_id, d.divergence.value, d.source.kind, d.source.key, d.customer_id, d.data_type)
                    for d in report.differences[:_KEPT_DIFFERENCES]
                ],
            )
            connection.execute(_TRIM, (self._keep,))
        assert check_id is not None, "an insert has a row id"
        return check_id

    def close(self) -> None:
        self._connection.close()


def latest_checks(path: Path) -> Sequence[LatestCheck]:
    """One of each pair, in order of their names, read beside a running server. No file yet: none.

    Raises:
        UnusableFile: what is there is not ours, damaged, or newer.
        DataDirectoryError: it cannot be read.
    """
    if is_absent(path):
        return ()
    with reading(path, RUNGS, "record of checks") as connection:
        return _latest(connection)


def _latest(connection: sqlite3.Connection) -> Sequence[LatestCheck]:
    pairs = [row[0] for row in connection.execute("SELECT DISTINCT pair FROM checks ORDER BY pair")]
    recent = {pair: connection.execute(_RECENT, (pair, _HISTORY)).fetchall() for pair in pairs}
    found = patterns([[_past(connection, row) for row in rows] for rows in recent.values()])
    return [_check(connection, rows[0], found[pair]) for pair, rows in recent.items()]


def _past(connection: sqlite3.Connection, row: Sequence[Any]) -> PastCheck:
    places = frozenset((place[0], place[1]) for place in connection.execute(_PLACES, (row[0],)))
    return PastCheck(row[1], from_micros(row[2]), row[3], _by_class(row), maybe_instant(row[13]), places)


def _by_class(row: Sequence[Any]) -> dict[str, int]:
    return dict(zip(("missing", "stale", "mismatch", "orphan"), row[4:8], strict=True))


def _check(connection: sqlite3.Connection, row: Sequence[Any], found: frozenset[Pattern]) -> LatestCheck:
    written, removed, refused = connection.execute(_REPAIRED, (row[1],)).fetchone()
    return LatestCheck(
        pair=row[1],
        compared=row[3],
        divergent=sum(row[4:8]),
        index_ratio=row[11],
        lower_bound_ratio=row[12],
        confidence=row[10],
        measured_at=from_micros(row[2]),
        by_class=_by_class(row),
        in_flight=row[8],
        coverage_ratio=row[9],
        covered_since=maybe_instant(row[13]),
        repaired=written + removed,
        repairs_refused=refused,
        patterns={pattern.value: pattern in found for pattern in Pattern},
    )
