"""Sums of the ledger's minutes: hours and days derived as they are written, and many windows read at once.

The bounds of all windows asked at once cut time into elementary spans; each span is read once, for every
series that needs it, as minutes, whole hours and whole days; a window is the sum of its spans.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from itertools import pairwise

from slo.ledger.ledger import Counts, summed_bound

Asked = tuple[int, int, int]  # series, first minute, end minute
Sum = tuple[int, int, int, int | None]  # good, total, minutes with data, error bound
NOTHING: Sum = (0, 0, 0, None)

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
LEVELS = {
    1: ("minute_rows", "minute", "COUNT(DISTINCT r.minute)"),
    60: ("hour_sums", "hour", "SUM(r.minutes_with_data)"),
    1440: ("day_sums", "day", "SUM(r.minutes_with_data)"),
}


class WindowReader:
    """Reads within one transaction of the caller's."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def counts(self, asked: Sequence[Asked]) -> list[Counts]:
        """In the order asked. Unknown series (-1) count nothing."""
        groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for series, cuts in _cuts(asked).items():
            groups[cuts].append(series)
        spans: dict[int, dict[int, Sum]] = {}
        for cuts, members in groups.items():
            self._read_spans(cuts, members, spans)
        cuts_of = {series: cuts for cuts, members in groups.items() for series in members}
        return [_window(spans[series], cuts_of[series], start, end) for series, start, end in asked]

    def _read_spans(
        self, cuts: Sequence[int], members: Sequence[int], spans: dict[int, dict[int, Sum]]
    ) -> None:
        for series in members:
            spans[series] = {}
        wanted = json.dumps(members)
        for start, end in pairwise(cuts):
            for size, low, high in segments(start, end):
                for series, good, total, minutes, bound in self._segment(size, low, high, wanted):
                    kept = spans[series]
                    kept[start] = _plus(kept.get(start, NOTHING), (good, total, minutes, bound))

    def _segment(
        self, size: int, low: int, high: int, wanted: str
    ) -> Iterator[tuple[int, int, int, int, int | None]]:
        table, column, minutes = LEVELS[size]
        return self._db.execute(
            f"SELECT r.series, SUM(r.good), SUM(r.total), {minutes}, SUM(r.error_bound) "  # noqa: S608
            f"FROM json_each(?) AS w CROSS JOIN {table} AS r ON r.series = w.value "
            f"WHERE r.{column} >= ? AND r.{column} < ? GROUP BY r.series",
            (wanted, low, high),
        )


def segments(start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """``[start, end)`` minutes as ``(size, low, high)``: minutes, hours, days, hours, minutes."""
    yield from _nested(start, end, (1, 60, 1440))


def _nested(start: int, end: int, sizes: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    size, *larger = sizes
    if not larger:
        if start < end:
            yield size, start // size, end // size
        return
    step = larger[0]
    low, high = -(-start // step) * step, end // step * step
    if low >= high:
        if start < end:
            yield size, start // size, end // size
        return
    if start < low:
        yield size, start // size, low // size
    yield from _nested(low, high, larger)
    if high < end:
        yield size, high // size, end // size


def _cuts(asked: Sequence[Asked]) -> dict[int, tuple[int, ...]]:
    bounds: dict[int, set[int]] = defaultdict(set)
    for series, start, end in asked:
        bounds[series] |= {start, end}
    return {series: tuple(sorted(found)) for series, found in bounds.items()}


def _window(spans: dict[int, Sum], cuts: Sequence[int], start: int, end: int) -> Counts:
    whole = NOTHING
    for cut in cuts:
        if start <= cut < end and cut in spans:
            whole = _plus(whole, spans[cut])
    good, total, minutes, bound = whole
    return Counts(good, total, minutes, end - start, bound)


def _plus(left: Sum, right: Sum) -> Sum:
    bound = summed_bound((left[3], right[3]))
    return left[0] + right[0], left[1] + right[1], left[2] + right[2], bound


def rebuild_rollups(db: sqlite3.Connection) -> None:
    """Throw every sum away and derive it again."""
    for statement in ("DELETE FROM hour_sums", "DELETE FROM day_sums", ALL_HOURS, ALL_DAYS):
        db.execute(statement)


def refresh_rollups(db: sqlite3.Connection, touched: Set[tuple[int, int]]) -> None:
    """Sum again each ``(series, hour)`` in ``touched`` and the days they fall in."""
    db.executemany(HOUR, sorted(touched))
    db.executemany(DAY, sorted({(series, hour // 24) for series, hour in touched}))
