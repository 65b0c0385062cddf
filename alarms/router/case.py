"""One incident being changed inside a transaction: every change is numbered, explained and told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from alarms.model.decision import RoutingDecision, Stage
from alarms.model.incident import Hold, Incident, IncidentState, Transition, TransitionKind
from alarms.model.notification import Notification, NotifyStep, dedup_id
from alarms.model.timer import Timer, TimerKind
from alarms.notify.compose import Composer
from alarms.policy.escalation import EscalationPolicy, Recipient
from alarms.policy.policy import SeverityLevel
from alarms.stores.protocol import RouterTransaction

PAGING_TIMERS = (TimerKind.ACKNOWLEDGE, TimerKind.UNRESOLVED, TimerKind.REPEAT)


@dataclass(slots=True)
class Case:
    """``now`` never lies before the incident's last change, so that its history stays in order; ``wall`` is
    what the clock said, so that a message does not wait for a clock that was put back."""

    tx: RouterTransaction
    incident: Incident
    matrix: EscalationPolicy
    composer: Composer
    now: datetime
    actor: str = "router"
    wall: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.wall = self.now
        self.now = max(self.now, self.incident.updated_at)

    @property
    def level(self) -> SeverityLevel:
        return self.matrix.policy.level(self.incident.severity)

    def change(self, kind: TransitionKind, due_at: datetime | None = None, **changes: Any) -> None:
        """The next number of its history, with the new field values."""
        detail = changes.pop("detail", {})
        self.incident = replace(
            self.incident, number=self.incident.number + 1, updated_at=self.now, **changes
        )
        self._write(kind, detail, due_at)

    def opened(self, detail: dict[str, str]) -> None:
        """The first entry of a new incident."""
        self._write(TransitionKind.OPENED, detail, None)

    def quietly(self, **changes: Any) -> None:
        """Change fields that are no part of its history (fresh arithmetic)."""
        self.incident = replace(self.incident, **changes)
        self.tx.save_incident(self.incident)

    def explain(self, stage: Stage, outcome: str, reason: str, rule: str = "", alert: str = "") -> None:
        decision = RoutingDecision(self.incident.id, self.now, stage, outcome, reason, rule, alert)
        self.tx.add_decisions([decision])

    def tell(self, told: Iterable[Recipient], kind: TransitionKind) -> None:
        """Into the outbox, once per target and channel of its team."""
        for item in told:
            team = item.target.partition(":")[0]
            known = {team.id: team for team in self.matrix.policy.teams}
            channels = known[team].channels if team in known else ("default",)
            for channel in channels:
                self.enqueue(item, kind, channel)
            self.explain(
                Stage.NOTIFY, item.step.value, f"{item.target} is told: {kind.value}", rule=kind.value
            )

    def enqueue(self, told: Recipient, kind: TransitionKind, channel: str) -> None:
        self.tx.enqueue(self._notification(told, kind, channel))

    def page(self, kind: TransitionKind) -> None:
        """Tell the first responder and start both clocks; the second keeps an earlier deadline it had."""
        self.quietly(paged_at=self.now)
        self.tell(self.matrix.first(self.incident), kind)
        self.start_clocks()

    def start_clocks(self) -> None:
        level = self.level
        acknowledge_by = self.matrix.deadline(level, self.now, level.acknowledge_within)
        resolve_by = self.matrix.deadline(level, self.now, level.escalate_after)
        running = {timer.kind: timer for timer in self.tx.timers(self.incident.id)}
        if TimerKind.UNRESOLVED in running:
            resolve_by = min(resolve_by, running[TimerKind.UNRESOLVED].deadline)
        self.tx.clear_timer(self.incident.id, TimerKind.REPEAT)
        self.tx.set_timer(Timer(self.incident.id, TimerKind.ACKNOWLEDGE, acknowledge_by))
        self.tx.set_timer(Timer(self.incident.id, TimerKind.UNRESOLVED, resolve_by))
        self.explain(
            Stage.ESCALATE,
            "clocks started",
            f"acknowledge by {_seconds(acknowledge_by)}, resolve by {_seconds(resolve_by)}",
            rule=f"levels.{level.severity}",
        )

    def stop_clocks(self, kinds: Iterable[TimerKind] = PAGING_TIMERS) -> None:
        for kind in kinds:
            self.tx.clear_timer(self.incident.id, kind)

    def hold(self, hold: Hold, reason: str) -> None:
        self.stop_clocks()
        self.change(TransitionKind.HELD, hold=hold, detail={"by": hold.by, "reason": reason})

    def release(self, reason: str) -> None:
        """Nothing holds it back any more: it is paged as if it began now, unless somebody has it already."""
        self.tx.clear_timer(self.incident.id, TimerKind.HOLD)
        self.change(TransitionKind.RELEASED, hold=None, detail={"reason": reason})
        self.page(TransitionKind.RELEASED)
        if self.incident.state is IncidentState.ACKNOWLEDGED:
            self.stop_clocks([TimerKind.ACKNOWLEDGE])

    def resolve(self, by: str, note: str) -> None:
        """Everybody who was told in this cycle hears that it is over."""
        self.stop_clocks(TimerKind)
        told = {
            delivery.notification.target
            for delivery in self.tx.deliveries(self.incident.id)
            if delivery.notification.cycle == self.incident.cycle
            and delivery.notification.step is not NotifyStep.REMEDIATION
        }
        self.change(
            TransitionKind.RESOLVED,
            state=IncidentState.RESOLVED,
            resolved_at=self.now,
            resolved_by=by,
            hold=None,
            lowering_to=None,
            snoozed_until=None,
            detail={"note": note} if note else {},
        )
        self.tell(
            [Recipient(NotifyStep.RESOLVED, target) for target in sorted(told)], TransitionKind.RESOLVED
        )

    def _notification(self, told: Recipient, kind: TransitionKind, channel: str) -> Notification:
        incident = self.incident
        history = self.tx.transitions(incident.id)
        attributes = {
            "severity": incident.severity.value,
            "team": told.target.partition(":")[0],
            "target": told.target,
            "step": told.step.value,
            "kind": kind.value,
            "incident": incident.id,
            "environment": incident.environment,
            "out_of_hours": str(self.matrix.out_of_hours(self.now)).lower(),
        }
        identity = dedup_id(incident.id, incident.number, told.step, incident.cycle, told.target, channel)
        return Notification(
            dedup_id=identity,
            incident_id=incident.id,
            transition=incident.number,
            step=told.step,
            cycle=incident.cycle,
            target=told.target,
            channel=channel,
            severity=incident.severity,
            environment=incident.environment,
            message=self.composer.message(incident, kind, told.step, self.matrix.policy, history),
            created_at=self.wall,
            attributes=attributes,
        )

    def _write(self, kind: TransitionKind, detail: dict[str, str], due_at: datetime | None) -> None:
        self.tx.save_incident(self.incident)
        self.tx.add_transition(
            Transition(self.incident.id, self.incident.number, kind, self.now, self.actor, detail, due_at)
        )


def _seconds(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
