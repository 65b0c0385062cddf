"""Reads of the SQL router stores: rows to values.

Names that some database reserves stand in backticks, which SQLite takes, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alarms.model.decision import RoutingDecision
from alarms.model.incident import OPEN_STATES, AlertRecord, Incident, IncidentState, Transition
from alarms.model.notification import Delivery
from alarms.model.silence import Silence
from alarms.model.timer import Timer
from alarms.stores.sql_rows import (
    ALERTS,
    DECISIONS,
    DELIVERY_COLUMNS,
    EPOCH,
    INCIDENTS,
    SILENCES,
    TIMER_COLUMNS,
    TRANSITIONS,
    delivery,
    microseconds,
    timer,
)
from alarms.stores.sql_session import SqlReader

MOST_OPEN = 100_000


class SqlReads:
    """``reading`` is what to read through: snapshots of its own, or the open transaction."""

    def __init__(self, reading: SqlReader) -> None:
        self._reading = reading

    def incident(self, incident_id: str) -> Incident | None:
        rows = self._reading.rows("SELECT body FROM incidents WHERE id = :id", {"id": incident_id})
        return INCIDENTS.decode(rows[0][0]) if rows else None

    def incidents(
        self,
        *,
        states: Sequence[IncidentState] = tuple(IncidentState),
        since: datetime | None = None,
        limit: int = 1000,
    ) -> Sequence[Incident]:
        wanted = {f"state{number}": state.value for number, state in enumerate(states)}
        marks = ", ".join(f":{name}" for name in wanted)
        rows = self._reading.rows(
            f"SELECT body FROM incidents WHERE state IN ({marks}) AND opened_at >= :since "  # noqa: S608 - marks only
            "ORDER BY opened_at DESC, id DESC LIMIT :limit",
            {**wanted, "since": microseconds(since or EPOCH), "limit": limit},
        )
        return [INCIDENTS.decode(row[0]) for row in rows]

    def open_incidents(self) -> Sequence[Incident]:
        return self.incidents(states=OPEN_STATES, limit=MOST_OPEN)

    def transitions(self, incident_id: str) -> Sequence[Transition]:
        rows = self._reading.rows(
            "SELECT body FROM transitions WHERE incident_id = :id ORDER BY number", {"id": incident_id}
        )
        return [TRANSITIONS.decode(row[0]) for row in rows]

    def decisions(self, incident_id: str) -> Sequence[RoutingDecision]:
        rows = self._reading.rows(
            "SELECT body FROM decisions WHERE incident_id = :id ORDER BY sequence", {"id": incident_id}
        )
        return [DECISIONS.decode(row[0]) for row in rows]

    def alerts(self, incident_id: str) -> Sequence[AlertRecord]:
        rows = self._reading.rows(
            "SELECT body FROM alerts WHERE incident_id = :id ORDER BY member", {"id": incident_id}
        )
        return [ALERTS.decode(row[0]) for row in rows]

    def firing(self, source: str) -> Sequence[AlertRecord]:
        rows = self._reading.rows(
            "SELECT body FROM alerts WHERE source = :source AND state = 'firing' ORDER BY member",
            {"source": source},
        )
        return [ALERTS.decode(row[0]) for row in rows]

    def timers(self, incident_id: str) -> Sequence[Timer]:
        rows = self._reading.rows(
            f"SELECT {TIMER_COLUMNS} FROM timers WHERE incident_id = :id ORDER BY deadline, kind",  # noqa: S608
            {"id": incident_id},
        )
        return [timer(row) for row in rows]

    def deliveries(self, incident_id: str | None = None, *, limit: int = 1000) -> Sequence[Delivery]:
        where = "" if incident_id is None else "WHERE incident_id = :id "
        rows = self._reading.rows(
            f"SELECT {DELIVERY_COLUMNS} FROM outbox {where}ORDER BY sequence DESC LIMIT :limit",  # noqa: S608
            {"id": incident_id, "limit": limit},
        )
        return [delivery(row) for row in reversed(rows)]

    def silences(self, *, ending_after: datetime | None = None) -> Sequence[Silence]:
        after = -1 if ending_after is None else microseconds(ending_after)
        rows = self._reading.rows(
            "SELECT body FROM silences WHERE ends_at > :after ORDER BY id", {"after": after}
        )
        return [SILENCES.decode(row[0]) for row in rows]

    def policy(self, policy_id: str) -> bytes | None:
        rows = self._reading.rows("SELECT body FROM policies WHERE id = :id", {"id": policy_id})
        return bytes(rows[0][0]) if rows else None
