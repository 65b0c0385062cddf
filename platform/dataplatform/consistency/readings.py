"""Results of comparisons on file, and what the exporter reads of them (from another process, read-only)."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from dataplatform.consistency.report import PairReport
from dataplatform.schemas.consistency import RUNGS
from dataplatform.stores.instants import from_micros, to_micros
from dataplatform.stores.sqlite.connection import open_reader
from dataplatform.stores.sqlite.database import prepared
from exporters.consistency_index import PairReading

_INSERT = """
INSERT INTO checks (pair, checked_at, compared, missing, stale, mismatch, orphan, in_flight, random_compared,
  random_divergent, coverage_ratio, confidence, index_ratio, lower_bound_ratio)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_DIFFERENCE = """
INSERT INTO differences (check_id, class, kind, key, customer_id, data_type) VALUES (?, ?, ?, ?, ?, ?)
"""
_TRIM = "DELETE FROM checks WHERE check_id <= (SELECT max(check_id) FROM checks) - ?"
_LATEST = """
SELECT pair, compared, missing + stale + mismatch + orphan, index_ratio, lower_bound_ratio, confidence,
  checked_at
FROM checks WHERE check_id IN (SELECT max(check_id) FROM checks GROUP BY pair) ORDER BY pair
"""
_KEPT_DIFFERENCES = 1_000  # of one check

logger = logging.getLogger(__name__)


class CheckLog:
    """The file of results. Blocking: call it from a thread. The newest ``keep`` checks stay."""

    def __init__(self, path: Path, keep: int = 10_000) -> None:
        """Raises DataDirectoryError (not writable) or SchemaError (damaged, or newer than this program)."""
        self._keep = keep
        self._connection = prepared(path, RUNGS)

    def add(self, report: PairReport) -> None:
        """Durable when it returns. Raises sqlite3.Error."""
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

    def close(self) -> None:
        self._connection.close()


class FileReadings:
    """The latest reading of each pair (``exporters.consistency_index.ConsistencySource``).

    No file yet: no readings. A file that cannot be read: none either, and a warning; absent is not equal.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def readings(self) -> Sequence[PairReading]:
        if not self._path.exists():
            return ()
        try:
            with closing(open_reader(self._path)) as connection:
                rows = connection.execute(_LATEST).fetchall()
        except sqlite3.Error as error:
            logger.warning("%s: consistency readings are unknown: %s", self._path, error)
            return ()
        return [
            PairReading(
                pair=row[0],
                compared=row[1],
                divergent=row[2],
                index_ratio=row[3],
                lower_bound_ratio=row[4],
                confidence=row[5],
                measured_at=from_micros(row[6]),
            )
            for row in rows
        ]
