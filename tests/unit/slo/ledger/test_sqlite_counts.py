from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from foundation.clock import ManualClock
from foundation.count_journal import CounterIncrement, labels_of
from foundation.sqlite_ladder import UnusableFile
from slo.ledger.sqlite_count_reader import SqliteCountReader
from slo.ledger.sqlite_counts import SqliteCountJournal
from slo.model.errors import LedgerError
from tests.support.patience import patience
from tests.support.slo_samples import DAY, HOUR, MINUTE, NOON

ROOT = Path(__file__).parents[4]
ONE = [CounterIncrement("requests_total", labels_of(outcome="ok"), 1)]
FOREVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def killed_after(journal: Path, counts: int) -> int:
    """Run the counting process, SIGKILL it after ``counts`` reports; how many it made in the end."""
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "tests/support/count_forever.py"), str(journal)], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    reported = len(process.stdout.read(counts))
    process.send_signal(signal.SIGKILL)
    reported += len(process.stdout.read())
    process.stdout.close()
    assert process.wait(timeout=patience(30)) == -signal.SIGKILL
    assert reported >= counts
    return reported


@pytest.mark.parametrize("counts", [1, 17, 500, 3000])
def test_kill_9_loses_no_count_that_was_reported(tmp_path: Path, counts: int) -> None:
    path = tmp_path / "counts.sqlite"
    reported = killed_after(path, counts)
    found = SqliteCountReader([path]).read(*FOREVER)
    totals = {
        name: sum(c.value for c in found if c.name == name)
        for name in ("requests_total", "duration_seconds_bucket")
    }
    # One more than reported is a count whose report the kill cut off; both counters of an add go together.
    assert totals["requests_total"] in (reported, reported + 1)
    assert totals["requests_total"] == totals["duration_seconds_bucket"]
    assert all(count.error_bound is None for count in found)


def test_counts_of_a_killed_process_and_its_successor_add_up(tmp_path: Path) -> None:
    path = tmp_path / "counts.sqlite"
    reported = killed_after(path, 100) + killed_after(path, 100)
    found = SqliteCountReader([path]).read(*FOREVER)
    total = sum(count.value for count in found if count.name == "requests_total")
    assert reported <= total <= reported + 2
    assert len({count.source for count in found}) == 2


def test_after_a_host_crash_the_unsynced_minutes_carry_a_bound(tmp_path: Path) -> None:
    clock = ManualClock(NOON)
    path = tmp_path / "counts.sqlite"
    journal = SqliteCountJournal(path, "api", clock, boot_id="before")
    for count in (40, 70, 10):
        journal.heartbeat()
        journal.add(ONE * count)
        clock.advance(MINUTE)
    after = SqliteCountReader([path], boot_id="after").read(NOON, NOON + HOUR)
    bounds = {count.minute: (count.value, count.error_bound) for count in after}
    # Synced in minute 2: what was counted since then may be gone, as much as the busiest minute at most.
    assert bounds == {
        NOON: (40, None),
        NOON + MINUTE: (70, None),
        NOON + 2 * MINUTE: (10, 70),
        NOON + 3 * MINUTE: (0, 70),
    }
    same = SqliteCountReader([path], boot_id="before").read(NOON, NOON + HOUR)
    assert all(count.error_bound is None for count in same)
    journal.close()


def test_a_clean_end_stays_exact_after_the_host_restarts(tmp_path: Path) -> None:
    path = tmp_path / "counts.sqlite"
    journal = SqliteCountJournal(path, "api", ManualClock(NOON), boot_id="before")
    journal.add(ONE)
    journal.close()
    found = SqliteCountReader([path], boot_id="after").read(NOON, NOON + HOUR)
    assert [(count.value, count.error_bound) for count in found] == [(1, None)]


def test_a_heartbeat_waits_for_the_disk_and_an_add_does_not(tmp_path: Path) -> None:
    journal = SqliteCountJournal(tmp_path / "counts.sqlite", "api", ManualClock(NOON))
    journal.add(ONE)
    normal = 1
    assert journal._db.execute("PRAGMA synchronous").fetchone()[0] == normal
    statements: list[str] = []
    journal._db.set_trace_callback(statements.append)
    journal.heartbeat()
    assert statements.index("PRAGMA synchronous = FULL") < statements.index("COMMIT")
    assert statements[-1] == "PRAGMA synchronous = NORMAL"
    journal.close()


def test_a_reader_of_a_file_that_is_not_there_sees_no_data(tmp_path: Path) -> None:
    reader = SqliteCountReader([tmp_path / "none.sqlite"])
    assert list(reader.read(*FOREVER)) == []
    assert dict(reader.alive(*FOREVER)) == {}
    assert dict(reader.names()) == {}


def test_a_reader_of_a_file_being_made_sees_no_data(tmp_path: Path) -> None:
    path = tmp_path / "counts.sqlite"
    sqlite3.connect(path).close()
    assert list(SqliteCountReader([path]).read(*FOREVER)) == []


def test_a_journal_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "counts.sqlite"
    path.write_text("this is not a database, however long it is " * 50)
    with pytest.raises(LedgerError, match=r"counts\.sqlite"):
        SqliteCountReader([path]).read(*FOREVER)
    with pytest.raises(UnusableFile, match=r"counts\.sqlite"):
        SqliteCountJournal(path, "api", ManualClock(NOON))


def test_old_counts_are_pruned_and_what_a_role_counts_is_still_known(tmp_path: Path) -> None:
    clock = ManualClock(NOON)
    path = tmp_path / "counts.sqlite"
    journal = SqliteCountJournal(path, "api", clock, retention=timedelta(days=2))
    journal.add(ONE)
    clock.advance(3 * DAY)
    journal.heartbeat()
    reader = SqliteCountReader([path])
    assert list(reader.read(*FOREVER)) == []
    assert reader.names() == {journal.source: frozenset({"requests_total"})}
    journal.close()


def test_threads_of_one_process_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "counts.sqlite"
    journal = SqliteCountJournal(path, "api", ManualClock(NOON))

    def count() -> None:
        for _ in range(200):
            journal.add(ONE)

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [count.value for count in SqliteCountReader([path]).read(NOON, NOON + HOUR)] == [1600]
    journal.close()


def test_a_journal_that_cannot_be_made_says_where(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(LedgerError, match="cannot be created"):
        SqliteCountJournal(blocked / "counts.sqlite", "api", ManualClock(NOON))
