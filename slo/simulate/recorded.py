"""Recorded counts as a timeline: from a CSV file, from a ledger, or from any reader of counters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from foundation.clock import ManualClock
from foundation.csv_rows import csv_rows
from foundation.errors import WHOLE_FILE, DefinitionError
from foundation.located import shown
from slo.ledger.collect import Collector
from slo.ledger.ledger import Counts, Ledger, series_key
from slo.ledger.minute_counts import CountReader
from slo.ledger.sqlite_ledger import SqliteLedger
from slo.model.errors import SourceError, UnsupportedQuery
from slo.model.periods import MINUTE, floor_minute
from slo.model.spec import BudgetingMethod, Objective, Slo
from slo.simulate.timeline import Timeline, timeline_of

COLUMNS = "minute,good,total (or minute,bad,total); minute such as 2026-03-10T14:05:00Z"
LONGEST = timedelta(days=400)
WHOLE = re.compile("[0-9]{1,18}")


def timeline_from_csv(path: Path) -> Timeline:
    """Events per minute; a minute without a line is unknown, lines of one minute are added up.

    Raises:
        DefinitionError: the file cannot be read, or the first line that cannot be used.
    """
    rows, name = csv_rows(path), str(path)
    header = [column.strip().lower() for column in next(rows, ([], 1))[0]]
    part = next((column for column in ("good", "bad") if column in header), None)
    if part is None or "minute" not in header or "total" not in header:
        raise _wrong(name, 1, WHOLE_FILE, f"columns {', '.join(header)[:200] or 'none'} are not supported")
    minutes: dict[datetime, Counts] = {}
    for row, line in rows:
        if not row:
            continue
        minute, good, total = _row(dict(zip(header, row, strict=False)), part, name, line)
        known = minutes.get(minute, Counts(0, 0, 1, 1))
        minutes[minute] = Counts(known.good + good, known.total + total, 1, 1)
    if not minutes:
        raise _wrong(name, 2, WHOLE_FILE, "there are no rows of counts")
    start, end = min(minutes), max(minutes) + MINUTE
    if end - start > LONGEST:
        problem = f"it spans {(end - start).days} days; at most {LONGEST.days} are simulated"
        raise _wrong(name, 2, "minute", problem)
    return timeline_of(minutes, start, end)


def _wrong(name: str, line: int, field: str, problem: str) -> DefinitionError:
    return DefinitionError(name, field, problem, f"Expected columns {COLUMNS}", line)


def _row(cells: Mapping[str, str], part: str, name: str, line: int) -> tuple[datetime, int, int]:
    for column in ("minute", part, "total"):
        if column not in cells:
            raise _wrong(name, line, column, "is missing on this line")
    try:
        instant = datetime.fromisoformat(cells["minute"].strip())
    except ValueError:
        raise _wrong(name, line, "minute", f"{shown(cells['minute'])} is not an instant") from None
    if instant.tzinfo is None:
        raise _wrong(name, line, "minute", f"{cells['minute']} has no time zone; add Z for UTC")
    counted, total = (_events(cells, column, name, line) for column in (part, "total"))
    if counted > total:
        raise _wrong(name, line, part, f"{counted} of total {total} is impossible")
    return floor_minute(instant), counted if part == "good" else total - counted, total


def _events(cells: Mapping[str, str], column: str, name: str, line: int) -> int:
    written = cells[column].strip()
    if WHOLE.fullmatch(written) is None:
        raise _wrong(name, line, column, f"{shown(written)} is not a whole number of events")
    return int(written)


def timeline_from_ledger(
    ledger: Ledger, slo: Slo, objective: Objective, environment: str, start: datetime, end: datetime
) -> Timeline:
    """What the ledger counted, for SLOs of events (slices hold no events to simulate from).

    Raises:
        SourceError: the SLO counts slices.
    """
    if slo.method is not BudgetingMethod.OCCURRENCES:
        raise SourceError(f"{slo.id} counts time slices, not events; simulate it from its counters")
    return timeline_of(ledger.minutes(series_key(slo, objective, environment, ()), start, end), start, end)


def timeline_from_counts(reader: CountReader, slo: Slo, start: datetime, end: datetime) -> Timeline:
    """What journals or a Prometheus counted by the SLO's own query, as events even for slices.

    Raises:
        UnsupportedQuery: the query cannot be counted.
        SourceError: the source cannot be read.
    """
    events = _as_events(slo)
    with closing(SqliteLedger()) as ledger:
        collector = Collector([events], reader, ledger, "recorded", ManualClock(end), history=end - start)
        if slo.id in collector.refused:
            raise UnsupportedQuery(slo.id, collector.refused[slo.id])
        collector.collect()
        if slo.id in collector.refused:
            raise SourceError(f"{slo.id} cannot be counted: {collector.refused[slo.id]}")
        return timeline_from_ledger(ledger, events, events.objectives[0], "recorded", start, end)


def _as_events(slo: Slo) -> Slo:
    return replace(slo, method=BudgetingMethod.OCCURRENCES, summed_to=())
