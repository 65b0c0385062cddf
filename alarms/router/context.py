"""What the stages work with: the alert on its way, the incident it changes, and what the router knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec

from alarms.model.alert import Alert, AlertState
from alarms.model.decision import RoutingDecision, Stage
from alarms.model.incident import (
    AlertRecord,
    AlertWords,
    Hold,
    Incident,
    Timer,
    TimerKind,
    Transition,
    TransitionKind,
)
from alarms.model.severity import Severity
from alarms.model.silence import Silence
from alarms.notify.compose import Composer
from alarms.policy.escalation import EscalationPolicy
from alarms.policy.policy import Route, RoutingPolicy, SeverityLevel, canonical, from_canonical
from alarms.policy.schedule import Schedules
from alarms.router.silences_by_label import SilencesByLabel
from alarms.router.topology import Topology
from alarms.router.troubles import Trouble, Troubles, sentence
from alarms.stores.protocol import ReadSide, RouterTransaction

ENDINGS_KNOWN = 8  # of an alert
ESCALATION_CLOCKS = (TimerKind.ACKNOWLEDGE, TimerKind.UNRESOLVED, TimerKind.REPEAT, TimerKind.CONTACT)


@dataclass(slots=True)
class RoutingContext:
    """What people decided, and what is known of the components.

    ``policy`` is today's, for new incidents; older incidents find theirs by its id.
    """

    policy: RoutingPolicy
    schedules: Schedules
    topology: Topology
    composer: Composer
    new_id: Callable[[], str]
    environment: str = ""  # of the router itself
    pagers: frozenset[str] = frozenset()  # channels that go on paging until they hear that somebody has it
    troubles: Troubles = field(default_factory=Troubles)
    _snapshots: dict[str, RoutingPolicy] = field(default_factory=dict)
    _silences: SilencesByLabel = field(default_factory=lambda: SilencesByLabel(()))
    _silences_of: tuple[Sequence[Silence], list[Silence]] = ((), [])

    def escalation_of(self, reads: ReadSide, incident: Incident) -> EscalationPolicy:
        """Under the policy the incident was opened with."""
        policy_id = incident.policy_id
        if policy_id not in self._snapshots:
            self._snapshots[policy_id] = self._kept_policy(reads, policy_id)
        return self.escalation_under(reads, self._snapshots[policy_id])

    def escalation_under(self, reads: ReadSide, policy: RoutingPolicy) -> EscalationPolicy:
        """With who is on duty now, by the schedules and by what people have said since."""
        return EscalationPolicy(policy, self.schedules, lambda at: reads.duty_overrides(ending_after=at))

    def _kept_policy(self, reads: ReadSide, policy_id: str) -> RoutingPolicy:
        """Today's, for one that is not on file or cannot be read any more."""
        text = reads.policy(policy_id)
        if text is None:
            return self.policy
        try:
            return from_canonical(text)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self.troubles.note(Trouble.of_a_part(f"policy {policy_id}", f"its stored text: {error}"))
            return self.policy

    def silences(self, reads: ReadSide, now: datetime) -> SilencesByLabel:
        """Those that have not ended, and what recurring maintenance is in force."""
        made, recurring = reads.silences(ending_after=now), self._in_maintenance(now)
        if made is not self._silences_of[0] or recurring != self._silences_of[1]:
            self._silences_of = made, recurring
            self._silences = SilencesByLabel([*made, *recurring])
        return self._silences

    def _in_maintenance(self, now: datetime) -> list[Silence]:
        """A window that cannot be told silences nothing, and is told of."""
        found: list[Silence] = []
        for window in self.schedules.maintenance:
            try:
                silence = window.silence_at(now)
            except Exception as error:  # noqa: BLE001 - whatever it is, alerts are paged without it
                self.troubles.note(Trouble.of_a_part(window.id, sentence(error)))
            else:
                found += [] if silence is None else [silence]
        return found

    def keep_policy(self, tx: RouterTransaction) -> None:
        """Put today's policy on file, so that an incident outlives a change of it."""
        tx.save_policy(self.policy.id, canonical(self.policy))
        self._snapshots[self.policy.id] = self.policy


@dataclass(slots=True)
class IncidentUpdate:
    """One incident being changed inside a transaction: every change is numbered, every decision kept.

    ``wall`` is what the clock says, so that a message does not wait for a clock that was put back; ``now``
    never lies before the incident's last change, so that its history stays in order.
    """

    routing: RoutingContext
    tx: RouterTransaction
    incident: Incident
    wall: datetime
    actor: str = "router"
    now: datetime = field(init=False)
    escalation: EscalationPolicy = field(init=False)

    def __post_init__(self) -> None:
        self.now = max(self.wall, self.incident.updated_at)
        self.escalation = self.routing.escalation_of(self.tx, self.incident)

    @property
    def policy(self) -> RoutingPolicy:
        return self.escalation.policy

    @property
    def level(self) -> SeverityLevel:
        return self.policy.level(self.incident.severity)

    def of(self, other: Incident) -> IncidentUpdate:
        """Another incident, in the same transaction, at the same time."""
        return IncidentUpdate(self.routing, self.tx, other, self.wall)

    def opened(self, detail: dict[str, str]) -> None:
        """The first entry of a new incident."""
        self._write(TransitionKind.OPENED, detail, None)

    def change(
        self,
        kind: TransitionKind,
        due_at: datetime | None = None,
        detail: dict[str, str] | None = None,
        **changes: Any,
    ) -> None:
        """The next number of its history, with the new field values."""
        self.incident = replace(
            self.incident, number=self.incident.number + 1, updated_at=self.now, **changes
        )
        self._write(kind, detail or {}, due_at)

    def amend(self, **changes: Any) -> None:
        """Change fields that are not part of its history (fresh arithmetic)."""
        self.incident = replace(self.incident, **changes)
        self.tx.save_incident(self.incident)

    def explain(self, stage: Stage, outcome: str, reason: str, rule: str = "", alert: str = "") -> None:
        decision = RoutingDecision(self.incident.id, self.now, stage, outcome, reason, rule, alert)
        self.tx.add_decisions([decision])

    def start_clocks(self, since: datetime | None = None) -> None:
        """Both, from now or ``since`` on; the second keeps an earlier deadline it had."""
        level, deadline, begun = self.level, self.escalation.deadline, since or self.now
        acknowledge_by = deadline(level, begun, level.acknowledge_within)
        resolve_by = deadline(level, begun, level.escalate_after)
        running = {timer.kind: timer for timer in self.tx.timers(self.incident.id)}
        if TimerKind.UNRESOLVED in running:
            resolve_by = min(resolve_by, running[TimerKind.UNRESOLVED].deadline)
        self.tx.clear_timer(self.incident.id, TimerKind.REPEAT)
        self.set_timer(TimerKind.ACKNOWLEDGE, acknowledge_by)
        self.set_timer(TimerKind.UNRESOLVED, resolve_by)
        self.explain(
            Stage.ESCALATE,
            "clocks started",
            f"acknowledge by {acknowledge_by.isoformat(timespec='seconds')}, "
            f"resolve by {resolve_by.isoformat(timespec='seconds')}",
            rule=f"levels.{level.severity}",
        )

    def stop_clocks(self, kinds: Iterable[TimerKind] = ESCALATION_CLOCKS) -> None:
        for kind in kinds:
            self.tx.clear_timer(self.incident.id, kind)
            if kind is TimerKind.CONTACT and self.incident.contacts:
                self.amend(contacts=())

    def set_timer(self, kind: TimerKind, deadline: datetime, step: int = 0) -> None:
        self.tx.set_timer(Timer(self.incident.id, kind, deadline, step))

    def _write(self, kind: TransitionKind, detail: dict[str, str], due_at: datetime | None) -> None:
        self.tx.save_incident(self.incident)
        self.tx.add_transition(
            Transition(self.incident.id, self.incident.number, kind, self.now, self.actor, detail, due_at)
        )


@dataclass(slots=True)
class AlertContext:
    """An alert on its way through the stages, and what they have found out; plain values until they have.

    ``record`` is what was remembered of the alert before (None: never seen). ``update`` changes the incident
    it belongs to (None: there is nothing to change). ``event`` is what that incident may be paged for (None:
    nothing), and ``hold`` what keeps it from paging. ``joined``: it is new to an incident that was there.
    ``without`` are the stages that failed before on this
    alert, which are passed by, and how they failed. ``received_at`` is when it came in, of one that may have
    been overtaken since by what came in later (None: it comes in just now).
    """

    routing: RoutingContext
    tx: RouterTransaction
    alert: Alert
    now: datetime
    without: Mapping[str, str] = field(default_factory=dict)
    received_at: datetime | None = None
    component: str | None = field(init=False)
    labels: dict[str, str] = field(init=False)
    record: AlertRecord | None = field(init=False)
    severity: Severity = field(init=False)
    reasons: tuple[tuple[str, str], ...] = ()
    route: Route = field(init=False)
    incident_id: str | None = None
    update: IncidentUpdate | None = None
    event: TransitionKind | None = None
    hold: Hold | None = None
    joined: bool = False

    def __post_init__(self) -> None:
        policy = self.routing.policy
        self.component = self.routing.topology.component_of(self.alert)
        self.labels = self._routing_labels()
        self.record = self.tx.alert(self.alert.member)
        self.severity = self.alert.severity or policy.default_severity
        self.route = policy.routes[-1]

    @property
    def was_firing(self) -> bool:
        return self.record is not None and self.record.state is AlertState.FIRING

    def change(self, incident: Incident) -> IncidentUpdate:
        """The incident that this alert belongs to, to be changed."""
        self.incident_id = incident.id
        self.update = IncidentUpdate(self.routing, self.tx, incident, self.now)
        return self.update

    def remember(self, incident_id: str) -> None:
        """The alert as it is now, and the incident it belongs to ("": none)."""
        alert, record = self.alert, self.record
        self.incident_id = incident_id or None
        self.tx.save_alert(
            AlertRecord(
                member=alert.member,
                key=alert.alert_key,
                incident_id=incident_id,
                name=alert.name,
                source=alert.source,
                state=alert.state,
                severity=self.severity,
                environment=alert.environment,
                starts_at=alert.starts_at,
                received_at=self.received_at or self.now,
                ends_at=alert.ends_at,
                tier=alert.tier,
                times_seen=1 if record is None else record.times_seen + 1,
                labels=self.labels,
                component=self.component,
                said_at=alert.said_at,
                endings=self._endings(),
                seen_at="" if record is None else record.seen_at,
                words=AlertWords(
                    title=alert.title or alert.name,
                    title_pt=alert.title_pt or "",
                    summary=alert.summary,
                    summary_pt=alert.summary_pt or "",
                    description=alert.description,
                    description_pt=alert.description_pt,
                    runbook=alert.runbook,
                    links=alert.links,
                ),
            )
        )

    def _endings(self) -> tuple[str, ...]:
        known = () if self.record is None else self.record.endings
        over = self.alert.state is AlertState.RESOLVED
        return (*known, self.alert.ending)[-ENDINGS_KNOWN:] if over else known

    def _routing_labels(self) -> dict[str, str]:
        """The alert's labels, with what the router knows besides: routes, rules and silences match these."""
        alert = self.alert
        known = {
            "alertname": alert.name,
            "environment": alert.environment,
            "source": alert.source,
            "slo": alert.slo_id or "",
            "service": (alert.slo_id or "").partition("/")[0],
            "objective": alert.objective or "",
            "component": self.component or "",
        }
        return {**alert.labels, **{key: value for key, value in known.items() if value}}
