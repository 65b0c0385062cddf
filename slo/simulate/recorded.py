"""Recorded counts as a timeline: from a CSV file, from a ledger, or from any reader of counters."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta

from foundation.clock import ManualClock
from foundation.errors import DefinitionError
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


class RecordedCsvError(DefinitionError):
    """A line of recorded counts that cannot be used; says which and how to fix it."""

    def __init__(self, name: str, line: int, problem: str) -> None:
        super().__init__(name, "the line", problem, f"Expected columns {COLUMNS}", line)


def timeline_from_csv(lines: Iterable[str], name: str = "counts.csv") -> Timeline:
    """Events per minute; a minute without a line is unknown, lines of one minute are added up.

    Raises:
        RecordedCsvError: the first line that cannot be used.
    """
    rows = _rows(lines, name)
    header = [column.strip().lower() for column in next(rows, [])]
    part = next((column for column in ("good", "bad") if column in header), None)
    if part is None or "minute" not in header or "total" not in header:
        raise RecordedCsvError(name, 1, f"columns {', '.join(header) or 'none'} are not supported")
    minutes: dict[datetime, Counts] = {}
    for number, row in enumerate(rows, start=2):
        if not row:
            continue
        minute, good, total = _row(dict(zip(header, row, strict=False)), part, name, number)
        known = minutes.get(minute, Counts(0, 0, 1, 1))
        minutes[minute] = Counts(known.good + good, known.total + total, 1, 1)
    if not minutes:
        raise RecordedCsvError(name, 2, "there are no rows of counts")
    start, end = min(minutes), max(minutes) + MINUTE
    if end - start > LONGEST:
        raise RecordedCsvError(
            name, 2, f"it spans {(end - start).days} days; at most {LONGEST.days} are simulated"
        )
    return timeline_of(minutes, start, end)


def _rows(lines: Iterable[str], name: str) -> Iterator[list[str]]:
    rows = csv.reader(lines)
    try:
        yield from rows
    except (csv.Error, UnicodeDecodeError) as error:
        raise RecordedCsvError(name, rows.line_num + 1, f"is not CSV in UTF-8 ({error})") from error


def _row(cells: dict[str, str], part: str, name: str, number: int) -> tuple[datetime, int, int]:
    try:
        instant = datetime.fromisoformat(cells["minute"].strip())
        counted, total = int(cells[part]), int(cells["total"])
    except KeyError as error:
        raise RecordedCsvError(name, number, f"there is no {error.args[0]}") from error
    except ValueError as error:
        raise RecordedCsvError(name, number, str(error)) from error
    if instant.tzinfo is None:
        raise RecordedCsvError(name, number, f"{cells['minute']} has no time zone; add Z for UTC")
    if not 0 <= counted <= total:
        raise RecordedCsvError(name, number, f"{part} {counted} of total {total} is impossible")
    return floor_minute(instant), counted if part == "good" else total - counted, total


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
        return timeline_from_ledger(ledger, events, events.objectives[0], "recorded", start, end)


def _as_events(slo: Slo) -> Slo:
    return replace(slo, method=BudgetingMethod.OCCURRENCES, group_by=())
