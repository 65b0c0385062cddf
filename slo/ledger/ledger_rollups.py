"""Hour and day sums, derived from minute rows inside the transaction that changed them."""

from __future__ import annotations

import sqlite3
from collections.abc import Set

HOUR = """
INSERT OR REPLACE INTO hour_sums (series, hour, good, total, minutes_with_data, error_bound)
SELECT series, minute / 60, SUM(good), SUM(total), COUNT(DISTINCT minute), SUM(error_bound)
FROM minute_rows WHERE series = ?1 AND minute >= ?2 * 60 AND minute < (?2 + 1) * 60 GROUP BY series
"""
DAY = """
INSERT OR REPLACE INTO day_sums (series, day, good, total, minutes_with_data, error_bound)
SELECT series, hour / 24, SUM(good), SUM(total), SUM(minutes_with_data), SUM(error_bound)
FROM hour_sums WHERE series = ?1 AND hour >= ?2 * 24 AND hour < (?2 + 1) * 24 GROUP BY series
"""


ALL_HOURS = """
INSERT INTO hour_sums (series, hour, good, total, minutes_with_data, error_bound)
SELECT series, minute / 60, SUM(good), SUM(total), COUNT(DISTINCT minute), SUM(error_bound)
FROM minute_rows GROUP BY series, minute / 60
"""
ALL_DAYS = """
INSERT INTO day_sums (series, day, good, total, minutes_with_data, error_bound)
SELECT series, hour / 24, SUM(good), SUM(total), SUM(minutes_with_data), SUM(error_bound)
FROM hour_sums GROUP BY series, hour / 24
"""


def rebuild_rollups(db: sqlite3.Connection) -> None:
    """Throw every sum away and derive it again."""
    for statement in ("DELETE FROM hour_sums", "DELETE FROM day_sums", ALL_HOURS, ALL_DAYS):
        db.execute(statement)


def refresh_rollups(db: sqlite3.Connection, touched: Set[tuple[int, int]]) -> None:
    """Sum again each ``(series, hour)`` in ``touched`` and the days they fall in."""
    db.executemany(HOUR, sorted(touched))
    db.executemany(DAY, sorted({(series, hour // 24) for series, hour in touched}))
