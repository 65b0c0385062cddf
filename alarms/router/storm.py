"""Storms: when very many incidents begin at once, the rest of them are one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from alarms.model.severity import Severity
from alarms.router.fingerprint import storm_key
from alarms.router.office import Office
from alarms.router.seen import Seen
from alarms.stores.protocol import RouterTransaction


@dataclass(frozen=True, slots=True)
class Storm:
    key: str
    title: str


def storm_of(office: Office, tx: RouterTransaction, seen: Seen, now: datetime) -> Storm | None:
    """The storm a new incident would be part of. Our own alerts are few by nature and never are.

    P1 is counted by itself, so that one among thousands of milder alerts has its own incident and page.
    """
    if seen.alert.slo_id is not None:
        return None
    alert, guard = seen.alert, office.policy.storm
    p1 = seen.verdict.severity is Severity.P1
    since = now - guard.within
    if tx.count_opened(alert.environment, since, alert.name, p1) >= guard.incidents:
        return Storm(storm_key(alert.environment, alert.name, p1=p1), f"Storm of {alert.name}")
    if tx.count_opened(alert.environment, since, None, p1) >= guard.overall:
        return Storm(
            storm_key(alert.environment, seen.route.name, p1=p1), f"Storm of alerts: {seen.route.name}"
        )
    return None
