"""What every change of an incident needs at hand: policies, duty schedules, the map of components, texts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from alarms.model.incident import Incident
from alarms.notify.compose import Composer
from alarms.policy.escalation import EscalationPolicy
from alarms.policy.policy import RoutingPolicy, canonical, from_canonical
from alarms.policy.schedule import Schedules
from alarms.router.case import Case
from alarms.router.topology import Topology
from alarms.stores.protocol import ReadSide, RouterTransaction


@dataclass(slots=True)
class Office:
    """``policy`` is today's, for new incidents; older incidents find theirs by its id."""

    policy: RoutingPolicy
    schedules: Schedules
    topology: Topology
    composer: Composer
    new_id: Callable[[], str]
    _snapshots: dict[str, RoutingPolicy] = field(default_factory=dict)

    def matrix(self) -> EscalationPolicy:
        return EscalationPolicy(self.policy, self.schedules)

    def matrix_of(self, reads: ReadSide, incident: Incident) -> EscalationPolicy:
        """Under the policy the incident was opened with."""
        policy_id = incident.policy_id
        if policy_id not in self._snapshots:
            text = reads.policy(policy_id)
            self._snapshots[policy_id] = self.policy if text is None else from_canonical(text)
        return EscalationPolicy(self._snapshots[policy_id], self.schedules)

    def case(self, tx: RouterTransaction, incident: Incident, now: datetime, actor: str = "router") -> Case:
        return Case(tx, incident, self.matrix_of(tx, incident), self.composer, now, actor)

    def keep_policy(self, tx: RouterTransaction) -> None:
        """Put today's policy on file, so that an incident outlives a change of it."""
        tx.save_policy(self.policy.id, canonical(self.policy))
        self._snapshots[self.policy.id] = self.policy
