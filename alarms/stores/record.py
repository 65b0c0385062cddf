"""What a router has taken in, decided and sent, read only: for questions about the past.

Everything comes in slices by a key, so that no read takes long and a router that works on the same store
waits for none. What cannot be decoded is left out and counted.
"""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from alarms.model.decision import Stage
from alarms.model.duty import DutyOverride
from alarms.model.errors import StoreBusy
from alarms.model.incident import Incident, Transition
from alarms.model.notification import DeliveryState, NotifyStep
from alarms.model.receipt import Receipt, ReceiptState
from alarms.model.severity import Severity
from alarms.model.silence import Silence
from alarms.stores.sql_rows import (
    DUTY_OVERRIDES,
    INCIDENTS,
    NOT_OURS,
    RECEIPT_COLUMNS,
    SILENCES,
    TRANSITIONS,
    Row,
    SqlReader,
    microseconds,
    optional_instant,
    receipt,
)
from alarms.stores.sqlite import BUSY_SECONDS, SCHEMAS, Snapshots
from foundation.sqlite_ladder import UnusableFile, open_to_read

RECEIPTS_AT_ONCE = 200
ROWS_AT_ONCE = 2_000
WORKED_OFF = (ReceiptState.DONE, ReceiptState.QUARANTINED)
Decoded = TypeVar("Decoded")


class AlertVerdict(msgspec.Struct):
    """As much of a routing decision as says which alert went to which incident."""

    incident_id: str
    at: datetime
    stage: Stage
    alert: str = ""


class Told(msgspec.Struct):
    """As much of a notification as says who was told what, when."""

    incident_id: str
    transition: int
    step: NotifyStep
    cycle: int
    target: str
    severity: Severity
    created_at: datetime
    attributes: dict[str, str] = {}


VERDICTS = msgspec.json.Decoder(AlertVerdict)
TOLD = msgspec.json.Decoder(Told)


class Record:
    def __init__(self, reading: SqlReader, close: Callable[[], None]) -> None:
        self._reading = reading
        self.close = close
        self.unreadable = 0

    def begins(self) -> datetime | None:
        """When the oldest receipt that is still on file came in: nothing since then is missing."""
        rows = self._reading.rows("SELECT min(received_at) FROM receipts WHERE state = 'done'")
        return optional_instant(rows[0][0])

    def count(self, since: datetime, until: datetime) -> int:
        """Receipts that were worked off."""
        rows = self._reading.rows(
            "SELECT count(*) FROM receipts WHERE state IN ('done', 'quarantined') "
            "AND received_at >= :since AND received_at < :until",
            {"since": microseconds(since), "until": microseconds(until)},
        )
        return int(rows[0][0])

    def receipts(self, since: datetime, until: datetime) -> Iterator[Receipt]:
        """Those that were worked off, as they came in."""
        each = [self._receipts(state, since, until) for state in WORKED_OFF]
        return heapq.merge(*each, key=lambda one: (one.received_at, one.id))

    def _receipts(self, state: ReceiptState, since: datetime, until: datetime) -> Iterator[Receipt]:
        at, last = microseconds(since), ""
        while True:
            rows = self._reading.rows(
                f"SELECT {RECEIPT_COLUMNS} FROM receipts WHERE state = :state "  # noqa: S608 - constant columns
                "AND received_at >= :at AND (received_at > :at OR id > :last) AND received_at < :until "
                "ORDER BY received_at, id LIMIT :limit",
                {
                    "state": state.value,
                    "at": at,
                    "last": last,
                    "until": microseconds(until),
                    "limit": RECEIPTS_AT_ONCE,
                },
            )
            yield from map(receipt, rows)
            if len(rows) < RECEIPTS_AT_ONCE:
                return
            last, at = rows[-1][0], rows[-1][2]

    def incidents(self, since: datetime) -> Sequence[Incident]:
        """Opened since then, oldest first."""
        query = (
            "SELECT id, body FROM incidents WHERE id > :last AND opened_at >= :since ORDER BY id LIMIT :limit"
        )
        found = [
            self._decoded(INCIDENTS, body)
            for _, body in self._slices(query, {"last": "", "since": microseconds(since)}, ["last"])
        ]
        return sorted((one for one in found if one is not None), key=lambda one: (one.opened_at, one.id))

    def transitions(self, from_incident: str) -> Iterator[Transition]:
        """Of that incident and all whose ids come after it, incident by incident, in number order."""
        query = (
            "SELECT incident_id, number, body FROM transitions WHERE incident_id >= :id "
            "AND (incident_id > :id OR number > :number) ORDER BY incident_id, number LIMIT :limit"
        )
        for *_, body in self._slices(query, {"id": from_incident, "number": 0}, ["id", "number"]):
            if (found := self._decoded(TRANSITIONS, body)) is not None:
                yield found

    def verdicts(self, earliest: Sequence[str]) -> Iterator[AlertVerdict]:
        """Decisions in the order they were taken, from the first about one of those incidents on."""
        first = min((at for one in earliest if (at := self._first_decision(one)) is not None), default=None)
        if first is None:
            return
        query = "SELECT sequence, body FROM decisions WHERE sequence > :last ORDER BY sequence LIMIT :limit"
        for _, body in self._slices(query, {"last": first - 1}, ["last"]):
            if (found := self._decoded(VERDICTS, body)) is not None:
                yield found

    def told(self, since: datetime) -> Iterator[tuple[Told, DeliveryState]]:
        """What was put into the outbox since then, in its order."""
        query = (
            "SELECT sequence, state, notification FROM outbox WHERE sequence > :last "
            "AND created_at >= :since ORDER BY sequence LIMIT :limit"
        )
        for _, state, body in self._slices(query, {"last": 0, "since": microseconds(since)}, ["last"]):
            if (found := self._decoded(TOLD, body)) is not None:
                yield found, DeliveryState(state)

    def silences(self, ending_after: datetime) -> Sequence[Silence]:
        rows = self._reading.rows(
            "SELECT body FROM silences WHERE ends_at > :after ORDER BY id",
            {"after": microseconds(ending_after)},
        )
        found = [self._decoded(SILENCES, body) for (body,) in rows]
        return [one for one in found if one is not None]

    def duty_overrides(self, ending_after: datetime) -> Sequence[DutyOverride]:
        rows = self._reading.rows(
            "SELECT body FROM duty_overrides WHERE ends_at > :after ORDER BY id",
            {"after": microseconds(ending_after)},
        )
        found = [self._decoded(DUTY_OVERRIDES, body) for (body,) in rows]
        return [one for one in found if one is not None]

    def policy(self, policy_id: str) -> bytes | None:
        """The canonical text of a policy snapshot."""
        rows = self._reading.rows("SELECT body FROM policies WHERE id = :id", {"id": policy_id})
        return bytes(rows[0][0]) if rows else None

    def _first_decision(self, incident_id: str) -> int | None:
        query = "SELECT min(sequence) FROM decisions WHERE incident_id = :id"
        ((found,),) = self._reading.rows(query, {"id": incident_id})
        return None if found is None else int(found)

    def _slices(self, query: str, values: dict[str, object], keys: Sequence[str]) -> Iterator[Row]:
        """``keys`` are set to what the first columns of the last row were."""
        while True:
            rows = self._reading.rows(query, {**values, "limit": ROWS_AT_ONCE})
            yield from rows
            if len(rows) < ROWS_AT_ONCE:
                return
            values.update(zip(keys, rows[-1], strict=False))

    def _decoded(self, decoder: msgspec.json.Decoder[Decoded], body: bytes) -> Decoded | None:
        try:
            return decoder.decode(body)
        except NOT_OURS:
            self.unreadable += 1
            return None


def open_sqlite_record(path: Path) -> Record:
    """The store of a router that may be running; nothing can be written through it.

    Raises:
        UnusableFile: it is not one, or older than this program: a router has to open it once.
        StoreBusy: it cannot be opened.
    """
    rungs = [schema.read_text(encoding="utf-8") for schema in SCHEMAS]
    try:
        connection = open_to_read(path, rungs, busy_seconds=BUSY_SECONDS)
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.Error as error:
        raise StoreBusy(f"{path}: {error}") from error
    if version < len(rungs):
        connection.close()
        problem = f"its schema is version {version}, and this program reads version {len(rungs)}"
        raise UnusableFile(
            path, problem, "Start its router once with this version of Mirante, which upgrades it"
        )

    @contextmanager
    def reading() -> Iterator[sqlite3.Connection]:
        yield connection

    return Record(Snapshots(reading), connection.close)
