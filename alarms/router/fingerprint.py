"""Identity: which alert this is, and which incident it belongs to. Never values, never annotations."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from alarms.model.alert import Alert
from alarms.policy.policy import Route

encode = msgspec.json.Encoder().encode
STORM = "storm"


def digest(*parts: object) -> str:
    return hashlib.sha256(encode(parts)).hexdigest()[:16]


def foreign_key(environment: str, labels: Mapping[str, str], ignored: Iterable[str]) -> str:
    """Identity of an alert that is not ours: its labels minus those that tell replicas apart."""
    dropped = set(ignored)
    return digest(environment, sorted((k, v) for k, v in labels.items() if k not in dropped))


def member_of(alert: Alert) -> str:
    """Tiers and sources of one burn are members of one incident; each fires and resolves by itself."""
    return digest(alert.alert_key, alert.source, alert.name, alert.tier or "")


def routing_labels(alert: Alert, component: str | None) -> dict[str, str]:
    """Its labels, with what the router knows besides; matchers of routes, rules and silences see these."""
    known = {
        "alertname": alert.name,
        "environment": alert.environment,
        "source": alert.source,
        "slo": alert.slo_id or "",
        "service": (alert.slo_id or "").partition("/")[0],
        "objective": alert.objective or "",
        "component": component or "",
    }
    return {**alert.labels, **{key: value for key, value in known.items() if value}}


def incident_key(alert: Alert, labels: Mapping[str, str], route: Route) -> str:
    """Our own alerts: the alert key. Foreign ones: the route's grouping, if it has one."""
    if alert.slo_id is not None or not route.group_by:
        return alert.alert_key
    group = [(label, labels.get(label, "")) for label in route.group_by]
    return digest(alert.environment, route.name, group)


def storm_key(environment: str, of: str, *, p1: bool) -> str:
    """``of`` is the alert name or the route that storms."""
    return digest(STORM, environment, of, p1)
