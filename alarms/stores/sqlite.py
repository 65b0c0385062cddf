"""The router's store in SQLite: WAL, ``synchronous=FULL``, one writer at a time, several processes."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from alarms.decision import Decision
from alarms.errors import StoreBusy
from alarms.incident import AlertRecord, Incident, IncidentState, Transition
from alarms.notification import Delivery, DeliveryState
from alarms.receipt import Receipt, ReceiptState
from alarms.silence import Silence
from alarms.stores.protocol import FAR
from alarms.stores.sqlite_reads import (
    DELIVERY_COLUMNS,
    MICROSECOND,
    SqliteReads,
    delivery,
    instant,
    microseconds,
    optional_instant,
    optional_microseconds,
    receipt,
)
from alarms.stores.sqlite_transaction import RECEIPT_COLUMNS, SqliteTransaction
from alarms.timer import Timer

SCHEMA = Path(__file__).parent / "schema.sql"
BUSY_SECONDS = 5.0

CLAIM = f"""
SELECT {DELIVERY_COLUMNS} FROM outbox AS mine
WHERE state IN ('pending', 'sending')
  AND ((state = 'pending' AND (next_attempt_at <= :now OR next_attempt_at > :now + :far))
    OR (state = 'sending' AND (lease_until <= :now OR lease_until > :latest)))
  AND NOT EXISTS (
    SELECT 1 FROM outbox AS earlier
    WHERE earlier.incident_id = mine.incident_id AND earlier.target = mine.target
      AND earlier.channel = mine.channel AND earlier.sequence < mine.sequence
      AND earlier.state IN ('pending', 'sending'))
ORDER BY rank, sequence LIMIT :limit
"""  # noqa: S608 - constant columns


class ReadingConnection(sqlite3.Connection):
    """A read that fails says so in the store's own words."""

    def execute(self, *query: Any) -> sqlite3.Cursor:
        try:
            return super().execute(*query)
        except sqlite3.Error as error:
            raise StoreBusy(str(error)) from error


class SqliteRouterStore:
    """Threads share one writing connection, one at a time; each thread reads through its own.

    Raises:
        StoreBusy: when the disk is full, the file cannot be read, or another process keeps it too long.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._writer = self._connect()
        self._writer.executescript(SCHEMA.read_text(encoding="utf-8"))

    @contextmanager
    def transaction(self) -> Iterator[SqliteTransaction]:
        with self._lock:
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                yield SqliteTransaction(self._writer)
                self._writer.execute("COMMIT")
            except sqlite3.Error as error:
                raise StoreBusy(str(error)) from error
            finally:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")

    def append_receipts(self, receipts: Sequence[Receipt]) -> None:
        rows = [
            (
                item.id,
                item.kind,
                microseconds(item.received_at),
                item.urgency,
                item.state.value,
                item.problem,
                item.payload,
            )
            for item in receipts
        ]
        with self._writing() as connection:
            connection.executemany(
                f"INSERT INTO receipts ({RECEIPT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) "  # noqa: S608
                "ON CONFLICT (id) DO NOTHING",
                rows,
            )

    def receipts(self, state: ReceiptState, limit: int = 100) -> Sequence[Receipt]:
        rows = self._reader().execute(
            f"SELECT {RECEIPT_COLUMNS} FROM receipts WHERE state = ? "  # noqa: S608
            "ORDER BY received_at DESC, id DESC LIMIT ?",
            (state.value, limit),
        )
        return [receipt(row) for row in rows]

    def count_receipts(self, state: ReceiptState) -> int:
        row = (
            self._reader().execute("SELECT count(*) FROM receipts WHERE state = ?", (state.value,)).fetchone()
        )
        return int(row[0])

    def prune_receipts(self, state: ReceiptState, keep: int) -> int:
        if state is ReceiptState.PENDING:
            raise ValueError("pending receipts are never dropped")
        with self._writing() as connection:
            return connection.execute(
                "DELETE FROM receipts WHERE state = ? AND id NOT IN "
                "(SELECT id FROM receipts WHERE state = ? ORDER BY received_at DESC, id DESC LIMIT ?)",
                (state.value, state.value, keep),
            ).rowcount

    def claim(self, worker: str, now: datetime, lease_until: datetime, limit: int) -> Sequence[Delivery]:
        instants = {"now": microseconds(now), "latest": microseconds(lease_until), "far": FAR // MICROSECOND}
        if self._reader().execute(CLAIM, {**instants, "limit": 1}).fetchone() is None:
            return []  # without asking for the write lock, which others need
        with self._writing() as connection:
            rows = connection.execute(CLAIM, {**instants, "limit": limit}).fetchall()
            connection.executemany(
                "UPDATE outbox SET state = 'sending', worker = ?, lease_until = ?, fence = fence + 1 "
                "WHERE sequence = ?",
                [(worker, microseconds(lease_until), row[0]) for row in rows],
            )
            claimed = [
                connection.execute(
                    f"SELECT {DELIVERY_COLUMNS} FROM outbox WHERE sequence = ?",  # noqa: S608
                    (row[0],),
                ).fetchone()
                for row in rows
            ]
        return [delivery(row) for row in claimed]

    def settle(self, delivery: Delivery) -> bool:
        with self._writing() as connection:
            cursor = connection.execute(
                "UPDATE outbox SET state = ?, next_attempt_at = ?, attempts = ?, worker = ?, "
                "lease_until = ?, sent_at = ?, provider_id = ?, last_error = ? "
                "WHERE dedup_id = ? AND fence = ? AND state = ?",
                (
                    delivery.state.value,
                    microseconds(delivery.next_attempt_at),
                    delivery.attempts,
                    delivery.worker,
                    optional_microseconds(delivery.lease_until),
                    optional_microseconds(delivery.sent_at),
                    delivery.provider_id,
                    delivery.last_error,
                    delivery.notification.dedup_id,
                    delivery.fence,
                    DeliveryState.SENDING.value,
                ),
            )
            return cursor.rowcount == 1

    def oldest_undelivered(self) -> datetime | None:
        query = "SELECT min(created_at) FROM outbox WHERE state IN ('pending', 'sending')"
        return optional_instant(self._reader().execute(query).fetchone()[0])

    def next_deadline(self) -> datetime | None:
        row = self._reader().execute("SELECT deadline FROM timers ORDER BY deadline LIMIT 1").fetchone()
        return None if row is None else instant(row[0])

    def incident(self, incident_id: str) -> Incident | None:
        return self._reads().incident(incident_id)

    def incidents(
        self,
        *,
        states: Sequence[IncidentState] = tuple(IncidentState),
        since: datetime | None = None,
        limit: int = 1000,
    ) -> Sequence[Incident]:
        return self._reads().incidents(states=states, since=since, limit=limit)

    def transitions(self, incident_id: str) -> Sequence[Transition]:
        return self._reads().transitions(incident_id)

    def decisions(self, incident_id: str) -> Sequence[Decision]:
        return self._reads().decisions(incident_id)

    def alerts(self, incident_id: str) -> Sequence[AlertRecord]:
        return self._reads().alerts(incident_id)

    def firing(self, source: str) -> Sequence[AlertRecord]:
        return self._reads().firing(source)

    def timers(self, incident_id: str) -> Sequence[Timer]:
        return self._reads().timers(incident_id)

    def deliveries(self, incident_id: str | None = None, *, limit: int = 1000) -> Sequence[Delivery]:
        return self._reads().deliveries(incident_id, limit=limit)

    def silences(self, *, ending_after: datetime | None = None) -> Sequence[Silence]:
        return self._reads().silences(ending_after=ending_after)

    def policy(self, policy_id: str) -> bytes | None:
        return self._reads().policy(policy_id)

    def close(self) -> None:
        with self._lock:
            for connection in (*self._readers, self._writer):
                connection.close()
            self._readers.clear()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self.transaction() as transaction:
            yield transaction.connection

    def _reads(self) -> SqliteReads:
        return SqliteReads(self._reader())

    def _reader(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._connect(ReadingConnection)
            self._local.connection = connection
            with self._lock:
                self._readers.append(connection)
        return connection

    def _connect(self, kind: type[sqlite3.Connection] = sqlite3.Connection) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(
                self._path, BUSY_SECONDS, isolation_level=None, check_same_thread=False, factory=kind
            )
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        except sqlite3.Error as error:
            raise StoreBusy(f"{self._path}: {error}") from error
        return connection
