"""What a source says when it is asked, against what is known here: both ways, one alert at a time."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from alarms.model.alert import Alert, AlertState
from alarms.model.decision import Stage
from alarms.model.errors import StoreBusy, UnreadableRow
from alarms.model.incident import BY_ALERTS, NOT_REPORTED, AlertRecord, HoldKind, Incident
from alarms.model.severity import Severity
from alarms.model.silence import Silence
from alarms.router.context import IncidentUpdate, RoutingContext
from alarms.router.fail_open import tell_without_incident
from alarms.router.pipeline import process
from alarms.router.silence import covers_some
from alarms.router.troubles import Trouble, sentence
from alarms.stores.protocol import ReadSide, RouterTransaction
from foundation.bilingual import Text

LOG = logging.getLogger(__name__)
SHOWN = 5  # alerts of a name, by their labels


@dataclass(frozen=True, slots=True)
class Heard:
    """What is known here of one source's alerts, at one moment: firing ones by member, their incidents by id,
    and the silences that are in force."""

    firing: Mapping[str, AlertRecord]
    incidents: Mapping[str, Incident]
    silences: Sequence[Silence]
    now: datetime

    @classmethod
    def of(cls, reads: ReadSide, source: str, now: datetime) -> Heard:
        """A question each, however many fire."""
        firing = {record.member: record for record in reads.firing(source)}
        incidents = reads.named(sorted({record.incident_id for record in firing.values()}))
        silences = [one for one in reads.silences(ending_after=now) if one.starts_at <= now]
        return cls(firing, {incident.id: incident for incident in incidents}, silences, now)

    @classmethod
    def of_one(cls, reads: ReadSide, record: AlertRecord, now: datetime) -> Heard:
        try:
            incident = reads.incident(record.incident_id)
        except UnreadableRow:
            incident = None
        firing = {record.member: record} if record.state is AlertState.FIRING else {}
        silences = [one for one in reads.silences(ending_after=now) if one.starts_at <= now]
        return cls(firing, {} if incident is None else {incident.id: incident}, silences, now)

    def knows(self, member: str, routing: RoutingContext) -> bool:
        """Whether an open incident holds it that was told, or is held for a reason of this very alert. One
        that a person resolved is left alone for as long as the policy says."""
        record = self.firing.get(member)
        incident = None if record is None else self.incidents.get(record.incident_id)
        if record is None or incident is None:
            return False
        if not incident.is_open:
            by_a_person = incident.resolved_by not in (BY_ALERTS, NOT_REPORTED)
            ago = self.now - (incident.resolved_at or self.now)
            return by_a_person and ago < routing.policy.reopen_within
        if incident.hold is None or incident.hold.kind is not HoldKind.SILENCE:
            return True
        return any(_covers(silence, record, self.now) for silence in self.silences)


def _covers(silence: Silence, record: AlertRecord, now: datetime) -> bool:
    try:
        return covers_some(silence, [record.labels], now)
    except Exception:
        LOG.exception("a silence cannot be read, and keeps nothing quiet", extra={"silence": silence.id})
        return False


def take_in(
    routing: RoutingContext,
    tx: RouterTransaction,
    alert: Alert,
    asked_at: datetime,
    now: datetime,
    asker: str,
) -> AlertRecord | None:
    """As if it had been sent, at the moment of the question. What is known of it then; None: nobody would
    hear of it, whatever the stages made of it."""
    before = tx.alert(alert.member)
    if before is not None and asked_at < before.received_at <= now:
        return before  # something newer is known; later than now is a clock that was put back
    came = asked_at if before is None or before.received_at <= now else None
    incident_id = process(routing, tx, alert, now, came)
    record = tx.alert(alert.member)
    if (
        record is None
        or incident_id is None
        or not Heard.of_one(tx, record, now).knows(alert.member, routing)
    ):
        return None
    tx.save_alert(replace(record, seen_at=asker))
    incident = tx.incident(incident_id)
    if incident is not None:
        reason = f"{asker} says that {alert.name} fires, and nobody had sent it"
        update = IncidentUpdate(routing, tx, incident, now)
        update.explain(Stage.WATCH, "found by asking", reason, rule="page_unsent_after", alert=alert.member)
    return record


def tell_unheard(
    routing: RoutingContext,
    tx: RouterTransaction,
    alerts: Sequence[Alert],
    now: datetime,
    asker: str,
    problem: str,
) -> None:
    """The router fails on alerts of one name, whatever it says of them. They are an incident of their own,
    and if that fails as well, a message of none."""
    name, count = alerts[0].name, len(alerts)
    severity = min((alert.severity or Severity.P2 for alert in alerts), key=lambda one: one.rank)
    which = "; ".join(_labels(alert) for alert in alerts[:SHOWN])
    trouble = Trouble(
        "AlertsNotHeard",
        f"{asker}: {name}",
        Text(
            f"{asker} says that {name} fires ({count}), and the router makes no incident of it: {problem}. "
            f"Its labels: {which}.",
            f"{asker} informa que {name} está disparando ({count}), e o roteador não cria um incidente: "
            f"{problem}. Rótulos: {which}.",
        ),
        severity,
    )
    about_it = trouble.alert(routing.environment, now)
    try:
        with tx.attempt():
            process(routing, tx, about_it, now)
            record = tx.alert(about_it.member)
            told = record is not None and Heard.of_one(tx, record, now).knows(about_it.member, routing)
    except StoreBusy:
        raise
    except Exception as error:  # noqa: BLE001 - it is told all the same
        told, problem = False, f"{problem}; {sentence(error)}"
    if not told:
        tell_without_incident(routing, tx, replace(alerts[0], severity=severity), now, problem)


def _labels(alert: Alert) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(alert.labels.items())[:10])[:200] or "-"


def ended(record: AlertRecord, asked_at: datetime) -> Alert:
    """The end of what its source no longer reports."""
    over = record.ended(asked_at, f"{record.name} is no longer reported")
    return replace(over, labels=record.labels, component=record.component, unreported=True)
