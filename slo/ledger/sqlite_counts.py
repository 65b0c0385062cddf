"""A process's own counts in SQLite: exact across ``kill -9``, flagged after a crash of the host.

``add`` commits to the write-ahead log without waiting for the disk: the kernel keeps what a dead
process wrote, so nothing is lost with it. ``heartbeat`` waits for the disk, so a crash of the *host* can only
lose what came after the last one; those minutes are then read with an error bound instead of as exact.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from foundation.clock import Clock
from foundation.count_journal import CounterIncrement
from slo.ledger.ledger import epoch_minute
from slo.ledger.sqlite_file import SqliteFile
from slo.model.periods import MINUTE, floor_minute

Identity = tuple[str, tuple[tuple[str, str], ...]]

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
RETENTION = timedelta(days=14)
PRUNED_AT_ONCE = 5_000
WAL_PAGES = 4_000

RUNGS = (Path(__file__).with_name("counts.sql").read_text("utf-8"),)
ADD = """
INSERT INTO counts (minute, run, counter, value) VALUES (?, ?, ?, ?)
ON CONFLICT (minute, run, counter) DO UPDATE SET value = value + excluded.value
"""


def kernel_boot_id() -> str:
    """Changes with every start of the host; empty where the kernel does not tell."""
    try:
        return BOOT_ID.read_text("ascii").strip()
    except OSError:
        return ""


class SqliteCountJournal:
    """``source_name`` is the role and instance, such as ``api-1``; the start of the process is added to it.

    Safe to use from several threads. A value of 0 is kept: it declares the counter, as Prometheus clients
    initialise a series, so that a process without traffic yet is *no traffic* and not *no data*.
    """

    def __init__(
        self,
        path: Path,
        source_name: str,
        clock: Clock,
        retention: timedelta = RETENTION,
        boot_id: str | None = None,
    ) -> None:
        self._clock = clock
        self._retention = retention
        self._counters: dict[Identity, int] = {}
        self._role = source_name
        self.source = f"{source_name}/{uuid4().hex[:8]}"
        caches = (self._counters,)
        self._file = SqliteFile("the count journal", path, RUNGS, synchronous="NORMAL", caches=caches)
        self._db = self._file.db
        with self._file.transaction():
            self._db.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
            self._run = self._begin_run(kernel_boot_id() if boot_id is None else boot_id)
        self.heartbeat()

    def add(self, increments: Sequence[CounterIncrement]) -> None:
        """One transaction: all of them are on file when this returns, or none.

        Raises:
            LedgerError: the file cannot be written (full disk, lost volume); nothing was counted.
            ValueError: a negative value; counters only rise.
        """
        if any(increment.value < 0 for increment in increments):
            raise ValueError(f"a counter cannot fall: {increments}")
        with self._file.transaction():
            minute = self._minute()
            self._db.executemany(
                ADD, [(minute, self._run, self._counter(item), item.value) for item in increments]
            )

    def heartbeat(self) -> None:
        """Say "alive" and wait until everything counted so far is on the disk."""
        with self._file.lock, self._file.as_ledger_error():
            self._db.execute("PRAGMA synchronous = FULL")
            try:
                with self._file.transaction():
                    self._beat()
            finally:
                self._db.execute("PRAGMA synchronous = NORMAL")

    def close(self) -> None:
        """End the run cleanly: its last minutes are exact even if the host restarts afterwards."""
        with self._file.lock, self._file.as_ledger_error():
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("UPDATE runs SET closed = 1 WHERE id = ?", (self._run,))
            self._db.close()

    def _beat(self) -> None:
        minute = self._minute()
        self._db.execute("INSERT OR IGNORE INTO heartbeats (minute, run) VALUES (?, ?)", (minute, self._run))
        self._db.execute("UPDATE runs SET synced = ? WHERE id = ?", (minute, self._run))
        oldest = minute - self._retention // MINUTE
        for table, key in (("counts", "minute, run, counter"), ("heartbeats", "minute, run")):
            self._db.execute(
                f"DELETE FROM {table} WHERE ({key}) IN "  # noqa: S608
                f"(SELECT {key} FROM {table} WHERE minute < ? LIMIT ?)",
                (oldest, PRUNED_AT_ONCE),
            )

    def _begin_run(self, boot_id: str) -> int:
        minute = self._minute()
        cursor = self._db.execute(
            "INSERT INTO runs (source, role, kernel_boot, started, synced) VALUES (?, ?, ?, ?, ?)",
            (self.source, self._role, boot_id, minute, minute),
        )
        return int(cursor.lastrowid or 0)

    def _counter(self, increment: CounterIncrement) -> int:
        identity = (increment.name, increment.labels)
        known = self._counters.get(identity)
        if known is None:
            key = (increment.name, json.dumps(sorted(increment.labels)))
            self._db.execute("INSERT OR IGNORE INTO counters (name, labels) VALUES (?, ?)", key)
            row = self._db.execute("SELECT id FROM counters WHERE name = ? AND labels = ?", key).fetchone()
            known = self._counters[identity] = row[0]
            self._db.execute(
                "INSERT OR IGNORE INTO role_counters (role, name) VALUES (?, ?)", (self._role, increment.name)
            )
        return known

    def _minute(self) -> int:
        return epoch_minute(floor_minute(self._clock.now()))
