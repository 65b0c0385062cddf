"""An alert with everything the first stages found out about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alarms.model.alert import Alert, AlertState
from alarms.model.incident import AlertRecord
from alarms.policy.policy import Route
from alarms.router.classify import Classification, classify
from alarms.router.fingerprint import routing_labels
from alarms.router.office import Office

REORDERED_WITHIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Seen:
    """``record`` is what was remembered of it before (None: never seen)."""

    alert: Alert
    member: str
    labels: dict[str, str]
    component: str | None
    route: Route
    verdict: Classification
    record: AlertRecord | None

    @property
    def was_firing(self) -> bool:
        return self.record is not None and self.record.state is AlertState.FIRING

    def remembered(self, incident_id: str, now: datetime) -> AlertRecord:
        alert = self.alert
        return AlertRecord(
            member=self.member,
            key=alert.alert_key,
            incident_id=incident_id,
            name=alert.name,
            source=alert.source,
            state=alert.state,
            severity=self.verdict.severity,
            environment=alert.environment,
            starts_at=alert.starts_at,
            received_at=now,
            ends_at=alert.ends_at,
            tier=alert.tier,
            times_seen=1 if self.record is None else self.record.times_seen + 1,
        )

    def is_stale(self, now: datetime) -> bool:
        """A firing that was overtaken by its own resolve: it began before what is known to be over."""
        record = self.record
        if record is None or record.state is AlertState.FIRING or record.ends_at is None:
            return False
        return self.alert.starts_at < record.ends_at and now - record.received_at < REORDERED_WITHIN

    def is_older_than_known(self) -> bool:
        """A resolve of an episode before the one that fires now."""
        record, ended = self.record, self.alert.ends_at
        return record is not None and ended is not None and ended < record.starts_at

    def seen_again(self) -> AlertRecord | None:
        return None if self.record is None else replace(self.record, times_seen=self.record.times_seen + 1)


def examine(office: Office, alert: Alert, member: str, record: AlertRecord | None) -> Seen:
    component = office.topology.component_of(alert)
    labels = routing_labels(alert, component)
    policy = office.policy
    verdict = classify(alert, labels, policy, office.topology.tier_of(component))
    return Seen(alert, member, labels, component, policy.route(labels), verdict, record)
