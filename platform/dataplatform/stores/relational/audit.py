"""The audit trail: one chain for all processes, appended within the transaction it witnesses.

Whoever appends locks the chain's head and keeps it until the commit, so links never fork. The lock comes last
in a transaction: it is short, and nobody who has it waits for anything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from credit.ports.records import AuditEntry
from dataplatform.security.audit_chain import link
from dataplatform.stores.relational.session import RelationalDatabase, RelationalSession, Row, Values, first
from foundation.clock import Clock
from foundation.instants import from_micros, to_micros

_COLUMNS = tuple(field.name for field in fields(AuditEntry))
_LIST = ", ".join(_COLUMNS)
_INSERT = f"INSERT INTO audit ({_LIST}) VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"  # noqa: S608 - constants
_HEAD = f"SELECT {_LIST} FROM audit ORDER BY sequence DESC LIMIT 1"  # noqa: S608 - constants
_PAGE = f"SELECT {_LIST} FROM audit WHERE sequence > :after ORDER BY sequence LIMIT :most"  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Event:
    """What an entry tells, before it has its place in the chain."""

    actor: str
    action: str
    subject: str
    body: bytes


def append_events(session: RelationalSession, at: datetime, events: Sequence[Event]) -> Sequence[AuditEntry]:
    """Add the next links, inside the caller's transaction and as its last statement."""
    if not events:
        return []
    sequence, previous = session.lock_trail()
    entries: list[AuditEntry] = []
    for event in events:
        sequence += 1
        digest = link(previous, sequence, at, event.actor, event.action, event.subject, event.body)
        entries.append(
            AuditEntry(sequence, at, event.actor, event.action, event.subject, event.body, previous, digest)
        )
        previous = digest
    session.change_all(_INSERT, [_values(entry) for entry in entries])
    session.move_trail(sequence, previous)
    return entries


def read_head(session: RelationalSession) -> AuditEntry | None:
    row = first(session, _HEAD)
    return None if row is None else _entry(row)


def read_entries(session: RelationalSession, limit: int, after_sequence: int) -> Sequence[AuditEntry]:
    return [_entry(row) for row in session.rows(_PAGE, {"after": after_sequence, "most": limit})]


def _values(entry: AuditEntry) -> Values:
    values = {name: getattr(entry, name) for name in _COLUMNS}
    return {**values, "at": to_micros(entry.at)}


def _entry(row: Row) -> AuditEntry:
    return AuditEntry(row[0], from_micros(row[1]), *row[2:])


class SqlAuditTrail:
    def __init__(self, database: RelationalDatabase, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def head(self) -> AuditEntry | None:
        return await self._database.read_newest(read_head)

    async def entries(self, limit: int, after_sequence: int = 0) -> Sequence[AuditEntry]:
        return await self._database.read_newest(lambda s: read_entries(s, limit, after_sequence))

    async def append(self, actor: str, action: str, subject: str, body: bytes) -> AuditEntry:
        at, event = self._clock.now(), Event(actor, action, subject, body)
        return (await self._database.write(lambda s: append_events(s, at, [event])))[0]
