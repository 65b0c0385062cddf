"""Causes and symptoms: an open incident of a component below explains this one (§3.5.3)."""

from __future__ import annotations

from collections.abc import Sequence

from alarms.model.incident import Incident
from alarms.router.topology import Topology


def cause_of(incident: Incident, others: Sequence[Incident], topology: Topology) -> Incident | None:
    """The most severe, then oldest open incident that explains it and is no symptom itself."""
    found = [other for other in others if is_cause(other, incident, topology)]
    return min(found, key=lambda other: (other.severity.rank, other.opened_at, other.id), default=None)


def symptoms_of(cause: Incident, others: Sequence[Incident], topology: Topology) -> list[Incident]:
    """Open incidents that nothing explained until now and ``cause`` does."""
    return [other for other in others if other.cause_id is None and is_cause(cause, other, topology)]


def is_cause(cause: Incident, symptom: Incident, topology: Topology) -> bool:
    """A burn is what users see, never what broke: only incidents of a component are causes."""
    return (
        cause.id != symptom.id
        and cause.is_open
        and cause.cause_id is None
        and cause.slo_id is None
        and cause.component is not None
        and cause.environment == symptom.environment
        and topology.explains(cause.component, symptom.component, symptom.slo_id)
    )
