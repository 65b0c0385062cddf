from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foundation.sqlite_ladder import UnusableFile
from slo.ledger.ledger import LedgerRow
from slo.ledger.sqlite_ledger import SqliteLedger
from slo.ledger.sqlite_sums import segments
from slo.model.errors import LedgerError
from tests.support.memory_ledger import MemoryLedger
from tests.support.slo_samples import DAY, HOUR, MINUTE, NOON, a_row, a_series

MIDNIGHT = NOON.replace(hour=0)


def test_rows_are_there_after_the_process_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    first = SqliteLedger(path)
    first.write([a_row(a_series(), NOON, 3, 4)])
    first.close()
    again = SqliteLedger(path)
    assert again.counts(a_series(), NOON, NOON + MINUTE).good == 3
    again.close()


def test_a_write_is_synced_before_it_returns(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "ledger.sqlite")
    full = 2
    assert ledger._db.execute("PRAGMA synchronous").fetchone()[0] == full
    assert ledger._db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    ledger.close()


def test_another_process_reads_while_one_writes(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    writer = SqliteLedger(path)
    writer.write([a_row(a_series(), NOON, 1, 1)])
    reader = SqliteLedger(path, read_only=True)
    writer.write([a_row(a_series(), NOON + MINUTE, 1, 1)])
    assert reader.counts(a_series(), NOON, NOON + HOUR).total == 2
    with pytest.raises(LedgerError, match="readonly"):
        reader.write([a_row(a_series(), NOON, 0, 1)])
    reader.close()
    writer.close()


def test_a_ledger_that_is_not_there_cannot_be_looked_at(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="there is no ledger at"):
        SqliteLedger(tmp_path / "none.sqlite", read_only=True)


def test_a_file_that_is_no_ledger_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_text("no database " * 200)
    with pytest.raises(UnusableFile, match=r"ledger\.sqlite"):
        SqliteLedger(path)


def test_sums_can_be_thrown_away_and_derived_again(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "ledger.sqlite")
    series = a_series()
    ledger.write([a_row(series, MIDNIGHT + 7 * MINUTE * i, i % 5, i % 5 + 1) for i in range(600)])
    before = ledger.counts(series, MIDNIGHT - DAY, MIDNIGHT + 4 * DAY)
    tables = {table: _all(ledger, table) for table in ("hour_sums", "day_sums")}
    ledger._db.execute("UPDATE hour_sums SET good = 0, total = 0")
    ledger._db.execute("DELETE FROM day_sums")
    assert ledger.counts(series, MIDNIGHT - DAY, MIDNIGHT + 4 * DAY) != before
    ledger.rebuild_rollups()
    assert ledger.counts(series, MIDNIGHT - DAY, MIDNIGHT + 4 * DAY) == before
    assert {table: _all(ledger, table) for table in tables} == tables
    ledger.close()


def test_pruning_forgets_whole_days_and_nothing_after_them(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "ledger.sqlite")
    series = a_series()
    ledger.write([a_row(series, MIDNIGHT + HOUR * i, 1, 1) for i in range(72)])
    assert ledger.prune(MIDNIGHT + DAY + 5 * HOUR) == 24
    assert ledger.counts(series, MIDNIGHT, MIDNIGHT + 3 * DAY).total == 48
    assert ledger.first_minute(series) == MIDNIGHT + DAY
    ledger.close()


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "ledger.sqlite")
    series = a_series()
    ledger._db.execute(
        "CREATE TRIGGER full BEFORE INSERT ON hour_sums BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    )
    with pytest.raises(LedgerError, match="disk full"):
        ledger.write([a_row(series, NOON, 1, 1)])
    ledger._db.execute("DROP TRIGGER full")
    assert list(ledger.series()) == []
    ledger.write([a_row(series, NOON, 1, 1)])
    assert ledger.counts(series, NOON, NOON + MINUTE).total == 1
    ledger.close()


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_segments_cover_a_window_once_each_minute(start: int, length: int) -> None:
    covered = [
        minute
        for size, low, high in segments(start, start + length)
        for minute in range(low * size, high * size)
    ]
    assert sorted(covered) == list(range(start, start + length))


row_strategy = st.builds(
    lambda minute, source, good, bad, bound: a_row(
        a_series(), MIDNIGHT + MINUTE * minute, good, good + bad, source, bound
    ),
    st.integers(0, 3 * 1440),
    st.sampled_from(["a/1", "b/1"]),
    st.integers(0, 9),
    st.integers(0, 9),
    st.none() | st.integers(0, 3),
)
window_strategy = st.tuples(st.integers(0, 3 * 1440), st.integers(0, 3 * 1440)).map(sorted)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.lists(row_strategy, max_size=40), max_size=4), st.lists(window_strategy, max_size=12))
def test_the_durable_ledger_answers_as_the_one_in_memory(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[LedgerRow]], windows: list[list[int]]
) -> None:
    durable = SqliteLedger(tmp_path_factory.mktemp("ledger") / "ledger.sqlite")
    memory = MemoryLedger()
    for batch in batches:
        durable.write(batch)
        memory.write(batch)
    asked = [(a_series(), MIDNIGHT + MINUTE * low, MIDNIGHT + MINUTE * high) for low, high in windows]
    assert list(durable.counts_many(asked)) == list(memory.counts_many(asked))
    assert dict(durable.minutes(a_series(), MIDNIGHT, MIDNIGHT + timedelta(days=4))) == dict(
        memory.minutes(a_series(), MIDNIGHT, MIDNIGHT + timedelta(days=4))
    )
    durable.close()


def _all(ledger: SqliteLedger, table: str) -> list[tuple[int, ...]]:
    assert isinstance(ledger._db, sqlite3.Connection)
    return ledger._db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
