"""The severity router: alerts in, incidents with a severity, an owner and a predictable escalation out.

A façade over the pipeline, the clocks and the people's actions; every method that changes something is one
transaction of the store, receipts, timers and outbox included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from alarms.model.alert import Alert
from alarms.model.decision import IncidentExplanation
from alarms.model.errors import UnknownIncident
from alarms.model.incident import AlertRecord, Incident, IncidentState, Transition
from alarms.model.notification import Delivery
from alarms.model.receipt import Quarantined, ReceiptState
from alarms.model.silence import Matcher, Silence
from alarms.notify.compose import Composer
from alarms.policy.policy import RoutingPolicy
from alarms.policy.runbook import load_runbooks
from alarms.policy.schedule import Schedules
from alarms.router.actions import Actions
from alarms.router.clocks import fire
from alarms.router.explain import future_steps
from alarms.router.office import Office
from alarms.router.pipeline import receive
from alarms.router.quality import RuleQuality, alert_quality
from alarms.router.topology import Topology
from alarms.router.undeliverable import tell_next
from alarms.stores.protocol import RouterStore
from foundation.clock import Clock

OPEN_STATES = (IncidentState.OPEN, IncidentState.ACKNOWLEDGED)
TIMERS_A_TRANSACTION = 100
SHORTEST_ENDING = 4


class Router:
    """Implements ``alarms.router.desk.Desk``. Safe to use from several threads and processes on one store."""

    def __init__(
        self,
        store: RouterStore,
        policy: RoutingPolicy,
        clock: Clock,
        new_id: Callable[[], str],
        *,
        schedules: Schedules | None = None,
        topology: Topology | None = None,
        composer: Composer | None = None,
        received: Callable[[str], None] = lambda _: None,
    ) -> None:
        """``received`` hears the source of each alert that came by ``receive``."""
        self._store = store
        self._clock = clock
        self._received = received
        self._office = Office(
            policy=policy,
            schedules=schedules or Schedules(),
            topology=topology or Topology(),
            composer=composer or Composer(load_runbooks()),
            new_id=new_id,
        )
        self._actions = Actions(store, self._office, clock.now)
        self.change_policy(policy)

    @property
    def policy(self) -> RoutingPolicy:
        return self._office.policy

    @property
    def office(self) -> Office:
        return self._office

    def change_policy(self, policy: RoutingPolicy) -> None:
        """For incidents opened from now on; open ones keep theirs."""
        self._office.policy = policy
        if self._store.policy(policy.id) is None:
            with self._store.transaction() as tx:
                self._office.keep_policy(tx)

    # -- alerts and time

    def receive(self, alert: Alert) -> str | None:
        """The id of the incident it belongs to; None for the end of something never seen."""
        return self.receive_all([alert])[0]

    def receive_all(self, alerts: Iterable[Alert]) -> list[str | None]:
        """All of them, or none, in order."""
        now, listed = self._clock.now(), list(alerts)
        with self._store.transaction() as tx:
            found = [receive(self._office, tx, alert, now) for alert in listed]
        for alert in listed:
            self._received(alert.source)
        return found

    def tick(self, now: datetime | None = None) -> int:
        """Fire every timer that is due, earliest first, each once; how many fired."""
        instant = self._clock.now() if now is None else now
        deadline = self._store.next_deadline()
        if deadline is None or deadline > instant:
            return 0  # without asking for the write lock, which others need
        fired = 0
        while True:
            batch = self._fire_due(instant)
            fired += batch
            if batch < TIMERS_A_TRANSACTION:
                return fired

    def _fire_due(self, now: datetime) -> int:
        """One at a time: a timer may set another that is due before the rest."""
        with self._store.transaction() as tx:
            for fired in range(TIMERS_A_TRANSACTION):
                timer = next(iter(tx.due_timers(now, 1)), None)
                if timer is None:
                    return fired
                incident = tx.incident(timer.incident_id)
                if incident is None:
                    tx.clear_timer(timer.incident_id, timer.kind)
                else:
                    fire(self._office, self._office.case(tx, incident, now), timer)
            return TIMERS_A_TRANSACTION

    def firing(self, source: str) -> Sequence[AlertRecord]:
        """What that source last said is firing: how it finds out, after a restart, what it has to end."""
        return self._store.firing(source)

    def undeliverable(self, delivery: Delivery) -> None:
        """A page that no attempt can bring to its target: the next in line is told instead, at once."""
        with self._store.transaction() as tx:
            incident = tx.incident(delivery.notification.incident_id)
            if incident is not None:
                tell_next(self._office.case(tx, incident, self._clock.now()), delivery)

    # -- people

    def acknowledge(self, incident_id: str, by: str, note: str = "") -> Incident:
        return self._actions.acknowledge(self._full_id(incident_id), by, note)

    def resolve(self, incident_id: str, by: str, note: str = "") -> Incident:
        return self._actions.resolve(self._full_id(incident_id), by, note)

    def reassign(self, incident_id: str, to: str, by: str, note: str = "") -> Incident:
        return self._actions.reassign(self._full_id(incident_id), to, by, note)

    def snooze(self, incident_id: str, until: datetime, by: str, note: str = "") -> Incident:
        return self._actions.snooze(self._full_id(incident_id), until, by, note)

    def note(self, incident_id: str, by: str, text: str) -> Incident:
        return self._actions.note(self._full_id(incident_id), by, text)

    def silence(
        self, matchers: Sequence[Matcher], starts_at: datetime, ends_at: datetime, by: str, comment: str
    ) -> Silence:
        return self._actions.silence(matchers, starts_at, ends_at, by, comment)

    def expire_silence(self, silence_id: str, by: str) -> None:
        self._actions.expire_silence(silence_id, by)

    # -- reading

    def open_incidents(self) -> Sequence[Incident]:
        found = self._store.incidents(states=OPEN_STATES)
        return sorted(found, key=lambda i: (i.severity.rank, i.opened_at, i.id))

    def incidents(self, *, since: datetime | None = None, limit: int = 100) -> Sequence[Incident]:
        return self._store.incidents(since=since, limit=limit)

    def incident(self, incident_id: str) -> Incident:
        found = self._store.incident(self._full_id(incident_id))
        if found is None:
            raise UnknownIncident(incident_id)
        return found

    def timeline(self, incident_id: str) -> Sequence[Transition]:
        return self._store.transitions(self.incident(incident_id).id)

    def explain(self, incident_id: str) -> IncidentExplanation:
        incident = self.incident(incident_id)
        timers = self._store.timers(incident.id)
        matrix = self._office.matrix_of(self._store, incident)
        return IncidentExplanation(
            incident=incident,
            decisions=self._store.decisions(incident.id),
            timeline=self._store.transitions(incident.id),
            alerts=self._store.alerts(incident.id),
            deliveries=self._store.deliveries(incident.id),
            timers=timers,
            future=future_steps(incident, timers, matrix),
        )

    def notifications(self, incident_id: str | None = None, *, limit: int = 100) -> Sequence[Delivery]:
        full = None if incident_id is None else self._full_id(incident_id)
        return self._store.deliveries(full, limit=limit)

    def quality(self, since: datetime) -> Sequence[RuleQuality]:
        return alert_quality(self._store, since)

    def quarantined(self, limit: int = 100) -> Sequence[Quarantined]:
        return [Quarantined.of(kept) for kept in self._store.receipts(ReceiptState.QUARANTINED, limit)]

    def silences(self) -> Sequence[Silence]:
        return self._store.silences(ending_after=self._clock.now())

    def close(self) -> None:
        self._store.close()

    def _full_id(self, incident_id: str) -> str:
        """An ending of at least four characters stands for the one incident that has it."""
        if len(incident_id) < SHORTEST_ENDING or self._store.incident(incident_id) is not None:
            return incident_id
        ending = incident_id.upper()
        found = [i.id for i in self._store.incidents() if i.id.upper().endswith(ending)]
        return found[0] if len(found) == 1 else incident_id
