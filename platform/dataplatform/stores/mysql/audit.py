"""The audit trail in MySQL: one chain for all processes, appended within the transaction it witnesses.

Whoever appends locks the chain's head and keeps it until the commit, so links never fork. The lock comes last
in a transaction: it is short, and nobody who has it waits for anything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from credit.ports.records import AuditEntry
from dataplatform.security.audit_chain import link
from dataplatform.stores.mysql.database import MysqlDatabase
from foundation.clock import Clock
from foundation.instants import from_micros, to_micros

_LOCK_HEAD = text("SELECT sequence, digest FROM audit_head WHERE head = 1 FOR UPDATE")
_MOVE_HEAD = text("UPDATE audit_head SET sequence = :sequence, digest = :digest WHERE head = 1")
_INSERT = text("""
INSERT INTO audit (sequence, at, actor, action, subject, body, previous, digest)
VALUES (:sequence, :at, :actor, :action, :subject, :body, :previous, :digest)
""")
_HEAD = text("""
SELECT sequence, at, actor, action, subject, body, previous, digest FROM audit ORDER BY sequence DESC LIMIT 1
""")
_PAGE = text("""
SELECT sequence, at, actor, action, subject, body, previous, digest FROM audit
WHERE sequence > :after ORDER BY sequence LIMIT :most
""")


@dataclass(frozen=True, slots=True)
class Event:
    """What an entry tells, before it has its place in the chain."""

    actor: str
    action: str
    subject: str
    body: bytes


def lock_head(connection: Connection) -> tuple[int, str]:
    """The newest entry's number and digest. Nobody else appends until the transaction ends."""
    sequence, digest = connection.execute(_LOCK_HEAD).one()
    return sequence, digest


def append_events(connection: Connection, at: datetime, events: Sequence[Event]) -> Sequence[AuditEntry]:
    """Add the next links, inside the caller's transaction and as its last statement."""
    if not events:
        return []
    sequence, previous = lock_head(connection)
    entries: list[AuditEntry] = []
    for event in events:
        sequence += 1
        digest = link(previous, sequence, at, event.actor, event.action, event.subject, event.body)
        entries.append(
            AuditEntry(sequence, at, event.actor, event.action, event.subject, event.body, previous, digest)
        )
        previous = digest
    connection.execute(_INSERT, [_values(entry) for entry in entries])
    connection.execute(_MOVE_HEAD, {"sequence": sequence, "digest": previous})
    return entries


def _values(entry: AuditEntry) -> dict[str, object]:
    return {
        "sequence": entry.sequence,
        "at": to_micros(entry.at),
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "body": entry.body,
        "previous": entry.previous,
        "digest": entry.digest,
    }


def _entry(row: Sequence[Any]) -> AuditEntry:
    return AuditEntry(row[0], from_micros(row[1]), *row[2:])


class MysqlAuditTrail:
    def __init__(self, database: MysqlDatabase, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def head(self) -> AuditEntry | None:
        row = await self._database.read_newest(lambda c: c.execute(_HEAD).one_or_none())
        return None if row is None else _entry(row)

    async def entries(self, limit: int, after_sequence: int = 0) -> Sequence[AuditEntry]:
        values = {"after": after_sequence, "most": limit}
        rows = await self._database.read_newest(lambda c: c.execute(_PAGE, values).all())
        return [_entry(row) for row in rows]

    async def append(self, actor: str, action: str, subject: str, body: bytes) -> AuditEntry:
        at, event = self._clock.now(), Event(actor, action, subject, body)
        return (await self._database.write(lambda c: append_events(c, at, [event])))[0]
