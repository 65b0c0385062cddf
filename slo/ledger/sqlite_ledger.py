"""The durable ledger: SQLite in WAL mode, synced before ``write`` returns.

Minute rows are the truth. Hour and day sums are derived in the same transaction and can be rebuilt; a window
reads minute rows at its edges and sums in its middle, so thirty days cost tens of rows, not 43,200.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from foundation.paths import is_absent
from foundation.sqlite_ladder import IN_MEMORY
from slo.ledger.ledger import (
    Counts,
    LedgerRow,
    SeriesKey,
    checked_rows,
    epoch_minute,
    from_epoch_minute,
    series_text,
    whole_minutes,
)
from slo.ledger.sqlite_file import SqliteFile
from slo.ledger.sqlite_sums import WindowReader, rebuild_rollups, refresh_rollups
from slo.model.errors import LedgerError, UnitMismatch
from slo.model.spec import CountUnit

RUNGS = (Path(__file__).with_name("ledger.sql").read_text("utf-8"),)
UPSERT = """
INSERT INTO minute_rows (series, minute, source, good, total, error_bound) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (series, minute, source)
DO UPDATE SET good = excluded.good, total = excluded.total, error_bound = excluded.error_bound
"""


class SqliteLedger:
    """One file, or none: in memory, for simulation.

    Safe to use from several threads; several processes may read while one writes.

    ``read_only`` opens an existing ledger for looking (``mirante slo status`` beside a running service).
    """

    def __init__(self, path: Path = IN_MEMORY, read_only: bool = False) -> None:
        if read_only and is_absent(path):
            problem = "start the control side once, or give another file"
            raise LedgerError(f"there is no ledger at {path}; {problem}")
        self._series: dict[SeriesKey, int] = {}
        self._sources: dict[str, int] = {}
        caches = (self._series, self._sources)
        self._file = SqliteFile("the ledger", path, RUNGS, read_only=read_only, caches=caches)
        self._db = self._file.db

    def close(self) -> None:
        self._file.close()

    def write(self, rows: Iterable[LedgerRow]) -> None:
        accepted = checked_rows(rows)
        if not accepted:
            return
        with self._file.transaction():
            values = [
                (
                    self._series_id(row.series),
                    epoch_minute(row.minute),
                    self._source_id(row.source),
                    row.good,
                    row.total,
                    row.error_bound,
                )
                for row in accepted
            ]
            self._db.executemany(UPSERT, values)
            refresh_rollups(self._db, {(value[0], value[1] // 60) for value in values})

    def counts(self, series: SeriesKey, start: datetime, end: datetime) -> Counts:
        return self.counts_many([(series, start, end)])[0]

    def counts_many(self, windows: Sequence[tuple[SeriesKey, datetime, datetime]]) -> Sequence[Counts]:
        with self._file.reading():
            reader = WindowReader(self._db)
            asked = [
                (self._find_series(series), *whole_minutes(start, end)) for series, start, end in windows
            ]
            return reader.counts(asked)

    def minutes(self, series: SeriesKey, start: datetime, end: datetime) -> Mapping[datetime, Counts]:
        first, last = whole_minutes(start, end)
        with self._file.reading():
            rows = self._db.execute(
                "SELECT minute, SUM(good), SUM(total), SUM(error_bound) FROM minute_rows "
                "WHERE series = ? AND minute >= ? AND minute < ? GROUP BY minute ORDER BY minute",
                (self._find_series(series), first, last),
            ).fetchall()
        return {from_epoch_minute(row[0]): Counts(row[1], row[2], 1, 1, row[3]) for row in rows}

    def series(self, environment: str | None = None, slo_id: str | None = None) -> Sequence[SeriesKey]:
        with self._file.reading():
            rows = self._db.execute(
                "SELECT environment, slo_id, objective, revision, unit, labels FROM series "
                "WHERE (?1 IS NULL OR environment = ?1) AND (?2 IS NULL OR slo_id = ?2)",
                (environment, slo_id),
            ).fetchall()
        keys = [_key(*row) for row in rows]
        return sorted(
            keys, key=lambda key: (key.environment, key.slo_id, key.objective, key.revision, key.labels)
        )

    def first_minute(self, series: SeriesKey) -> datetime | None:
        return self._edge(series, "MIN")

    def last_minute(self, series: SeriesKey) -> datetime | None:
        return self._edge(series, "MAX")

    def rebuild_rollups(self) -> None:
        """Derive every hour and day sum again from the minute rows."""
        with self._file.transaction():
            rebuild_rollups(self._db)

    def prune(self, before: datetime) -> int:
        """Forget minutes before a UTC day's start and their sums; returns how many minute rows went."""
        day = epoch_minute(before) // 1440
        with self._file.transaction():
            gone = self._db.execute("DELETE FROM minute_rows WHERE minute < ?", (day * 1440,)).rowcount
            self._db.execute("DELETE FROM hour_sums WHERE hour < ?", (day * 24,))
            self._db.execute("DELETE FROM day_sums WHERE day < ?", (day,))
        return gone

    def _edge(self, series: SeriesKey, function: str) -> datetime | None:
        with self._file.reading():
            minute = self._db.execute(
                f"SELECT {function}(minute) FROM minute_rows WHERE series = ?",  # noqa: S608
                (self._find_series(series),),
            ).fetchone()[0]
        return None if minute is None else from_epoch_minute(minute)

    def _find_series(self, series: SeriesKey) -> int:
        """The series' number; -1, which no row has, when it is not there yet."""
        known = self._series.get(series)
        if known is None:
            row = self._row_of(series)
            if row is None or row[1] != series.unit:
                return -1
            known = self._series[series] = row[0]
        return known

    def _row_of(self, series: SeriesKey) -> tuple[int, str] | None:
        found: tuple[int, str] | None = self._db.execute(
            "SELECT id, unit FROM series WHERE environment = ? AND slo_id = ? AND objective = ? "
            "AND revision = ? AND labels = ?",
            (series.environment, series.slo_id, series.objective, series.revision, json.dumps(series.labels)),
        ).fetchone()
        return found

    def _series_id(self, series: SeriesKey) -> int:
        known = self._series.get(series)
        if known is not None:
            return known
        row = self._row_of(series)
        if row is not None and row[1] != series.unit:
            raise UnitMismatch(series_text(series), row[1], series.unit)
        if row is None:
            cursor = self._db.execute(
                "INSERT INTO series (environment, slo_id, objective, revision, unit, labels) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (
                    series.environment,
                    series.slo_id,
                    series.objective,
                    series.revision,
                    series.unit,
                    json.dumps(series.labels),
                ),
            )
            row = (int(cursor.lastrowid or 0), series.unit)
        self._series[series] = row[0]
        return row[0]

    def _source_id(self, source: str) -> int:
        if source not in self._sources:
            self._db.execute("INSERT OR IGNORE INTO sources (name) VALUES (?)", (source,))
            row = self._db.execute("SELECT id FROM sources WHERE name = ?", (source,)).fetchone()
            self._sources[source] = row[0]
        return self._sources[source]


def _key(environment: str, slo_id: str, objective: str, revision: str, unit: str, labels: str) -> SeriesKey:
    pairs = tuple((name, value) for name, value in json.loads(labels))
    return SeriesKey(environment, slo_id, objective, revision, CountUnit(unit), pairs)
