"""The severity router: alerts in, incidents with a severity, an owner and a predictable escalation out.

Every method that changes something is one transaction of the store, receipts, timers and outbox included.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from alarms.model.alert import Alert, AlertState
from alarms.model.decision import IncidentExplanation
from alarms.model.errors import (
    InvalidRequest,
    NotAllowed,
    StoreBusy,
    UnknownIncident,
    UnknownReceipt,
    UnreadableRow,
)
from alarms.model.incident import AlertRecord, Incident, Timer, TimerKind, Transition
from alarms.model.notification import Delivery
from alarms.model.receipt import Quarantined, Receipt, ReceiptState, recorded
from alarms.model.silence import Silence
from alarms.model.source import SourceReport
from alarms.notify.compose import Composer
from alarms.notify.links import shown_to_others
from alarms.policy.escalation import EscalationPolicy
from alarms.policy.maintenance import PREFIX
from alarms.policy.policy import RoutingPolicy
from alarms.policy.runbook import load_runbooks
from alarms.policy.schedule import Schedules
from alarms.router.actions import Actions
from alarms.router.audit import audit
from alarms.router.context import IncidentUpdate, RoutingContext
from alarms.router.covered import Covered, covered
from alarms.router.desk import IncidentPage, TokenDesk
from alarms.router.escalate import fire, future_steps
from alarms.router.fail_open import fire_plainly
from alarms.router.pipeline import process, report
from alarms.router.quality import RuleQuality, alert_quality
from alarms.router.roster import Roster
from alarms.router.tokens import Tokens
from alarms.router.topology import Topology
from alarms.router.troubles import SELF, Trouble, end_of, ended, put_aside_as, sentence
from alarms.router.undeliverable import tell_next
from alarms.stores.protocol import ListPlace, Page, RouterStore, RouterTransaction
from foundation.bilingual import Text
from foundation.clock import Clock
from foundation.instants import from_micros, to_micros

LOG = logging.getLogger(__name__)
TROUBLES_EVERY = timedelta(minutes=1)
ROWS_ANEW = timedelta(minutes=10)
TIMERS_A_TRANSACTION = 100
LISTED_AT_ONCE = 1_000


class Router(Actions, Roster):
    """An ``alarms.router.desk.Desk``. Safe to use from several threads and processes on one store."""

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
        environment: str = "",
        pagers: Iterable[str] = (),
        readable: Callable[[Receipt], None] = lambda _: None,
    ) -> None:
        """``received`` hears the source of each alert that came by ``receive``; ``environment`` is ours.

        ``pagers`` are channels that page by themselves, and so are told of acknowledgements. ``readable``
        raises ``MalformedPayload`` for what cannot be read, which nobody can have worked off again.
        """
        routing = RoutingContext(
            policy=policy,
            schedules=schedules or Schedules(),
            topology=topology or Topology(),
            composer=composer or Composer(load_runbooks()),
            new_id=new_id,
            environment=environment,
            pagers=frozenset(pagers),
        )
        super().__init__(store, routing, clock)
        self.tokens: TokenDesk = Tokens(store, clock)
        self._received = received
        self._check_readable = readable
        self._rows_told: set[str] = set()
        self._rows_looked_at = self._troubles_looked_at = clock.now()
        self._looked_at = datetime.min.replace(tzinfo=UTC)  # for silences that began
        self.change_policy(policy)

    @property
    def policy(self) -> RoutingPolicy:
        return self.routing.policy

    def change_policy(self, policy: RoutingPolicy) -> None:
        """For incidents opened from now on; open ones keep theirs."""
        self.routing.policy = policy
        if self._store.policy(policy.id) is None:
            with self._store.transaction() as tx:
                self.routing.keep_policy(tx)

    def change_pagers(self, pagers: Iterable[str]) -> None:
        """For acknowledgements from now on."""
        self.routing.pagers = frozenset(pagers)

    def change_schedules(self, schedules: Schedules) -> None:
        """For pages and silences from now on: what recurring maintenance held is looked at again."""
        before, self.routing.schedules = self.routing.schedules, schedules
        if before.maintenance == schedules.maintenance:
            return
        now = self._clock.now()

        def look_again(tx: RouterTransaction, incident: Incident) -> None:
            if incident.hold is not None and incident.hold.by.startswith(PREFIX):
                tx.set_timer(Timer(incident.id, TimerKind.HOLD, now))

        self.each_open(look_again)
        self.begin_silences(datetime.min.replace(tzinfo=UTC), now)

    def trouble_is_over(self, trouble: Trouble, why: Text) -> None:
        """Its incident is resolved, if there is one."""
        now = self._clock.now()
        with self._store.transaction() as tx:
            report(self.routing, tx, now)  # it may be about to be opened
            record = tx.alert(trouble.alert(self.routing.environment, now).member)
            if record is not None and record.state is AlertState.FIRING:
                process(self.routing, tx, ended(record, now, why), now)

    # -- alerts and time

    def receive(self, alert: Alert) -> str | None:
        """The id of the incident it belongs to; None for the end of something never seen."""
        return self.receive_all([alert])[0]

    def receive_all(self, alerts: Iterable[Alert]) -> list[str | None]:
        """All of them, or none, in order; they are put on record, as payloads are."""
        listed = list(alerts)
        record = recorded(listed, self._clock.now())
        with self._store.transaction() as tx:
            found = self.process(tx, listed)
            tx.keep_receipt(record)
        for alert in listed:
            self._received(alert.source)
        return found

    def process(
        self, tx: RouterTransaction, alerts: Iterable[Alert], received_at: datetime | None = None
    ) -> list[str | None]:
        """The way in of every alert, whatever its source, in the transaction of whoever brings it.

        ``received_at`` is when they came in, if they have waited since.
        """
        now = self._clock.now()
        found = [process(self.routing, tx, alert, now, received_at) for alert in alerts]
        report(self.routing, tx, now)
        return found

    def tick(self, now: datetime | None = None) -> int:
        """Fire every timer that is due, earliest first, each once; how many fired."""
        instant = self._clock.now() if now is None else now
        self._tell_of_troubles(instant)
        self._close_troubles(instant)
        self.begin_silences(self._looked_at, instant)
        self._looked_at = max(self._looked_at, instant)
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
                self._fire(tx, timer, now)
            return TIMERS_A_TRANSACTION

    def _fire(self, tx: RouterTransaction, timer: Timer, now: datetime) -> None:
        """One that fails is told plainly, and keeps no other waiting."""
        try:
            incident = tx.incident(timer.incident_id)
        except UnreadableRow as error:
            tx.clear_timer(timer.incident_id, timer.kind)
            self.routing.troubles.note(Trouble.of_a_row(error))
            return
        if incident is None:
            tx.clear_timer(timer.incident_id, timer.kind)
            return
        try:
            with tx.attempt():
                fire(IncidentUpdate(self.routing, tx, incident, now), timer)
        except StoreBusy:
            raise
        except Exception as error:
            LOG.exception("a timer's work fails", extra={"incident": incident.id, "timer": timer.kind.value})
            fire_plainly(IncidentUpdate(self.routing, tx, incident, now), timer, sentence(error))

    def _tell_of_troubles(self, now: datetime) -> None:
        """What went wrong since, in the store and in the router itself. Rows are looked at anew now and then:
        one that is still met and still unreadable is told of again."""
        if abs(now - self._rows_looked_at) >= ROWS_ANEW:
            self._rows_looked_at = now
            self._rows_told.clear()
            self._store.forget_unreadable_rows()
        for row in self._store.unreadable_rows():
            if row.row not in self._rows_told:
                self._rows_told.add(row.row)
                self.routing.troubles.note(Trouble.of_a_row(row))
        if self.routing.troubles:
            with self._store.transaction() as tx:
                report(self.routing, tx, self._clock.now())

    def _close_troubles(self, now: datetime) -> None:
        """Those that are over, looked for once in ``TROUBLES_EVERY``."""
        if abs(now - self._troubles_looked_at) < TROUBLES_EVERY:
            return
        self._troubles_looked_at = now
        members = [record.member for record in self._store.firing(SELF)]
        if not members:
            return
        with self._store.transaction() as tx:
            there = {put_aside_as(origin, problem) for origin, problem in tx.in_quarantine()}
            for member in members:
                record = tx.alert(member)  # as it is by now
                end = None if record is None else end_of(record, now, there)
                if end is not None:
                    process(self.routing, tx, end, now)

    def audit(self) -> list[str]:
        """What the escalation auditor found and fixed, one sentence each."""
        findings: list[str] = []
        self.each_open(lambda tx, incident: findings.extend(self._audit(tx, incident)))
        return findings

    def _audit(self, tx: RouterTransaction, incident: Incident) -> list[str]:
        try:
            with tx.attempt():
                return audit(self._update_of(tx, incident, "auditor"))
        except StoreBusy:
            raise
        except Exception as error:
            LOG.exception("an incident cannot be audited", extra={"incident": incident.id})
            self.routing.troubles.note(Trouble.of_a_part("auditor", sentence(error)))
            return []

    def firing(self, source: str) -> Sequence[AlertRecord]:
        """What that source last said is firing: how it finds out, after a restart, what it has to end."""
        return self._store.firing(source)

    def undeliverable(self, delivery: Delivery) -> None:
        """A page that no attempt can bring to its target: the next in line is told instead, at once."""
        with self._store.transaction() as tx:
            incident = tx.incident(delivery.notification.incident_id)
            if incident is not None:
                tell_next(self._update_of(tx, incident), delivery)

    # -- reading

    def open_incidents(self) -> Sequence[Incident]:
        page = self._store.open_page(LISTED_AT_ONCE)
        found = [*page.incidents]
        while page.last is not None:
            page = self._store.open_page(LISTED_AT_ONCE, page.last)
            found += page.incidents
        return found

    def open_page(self, limit: int, cursor: str = "") -> IncidentPage:
        return _page(self._store.open_page(limit, _place(cursor)))

    def newest_page(self, limit: int, cursor: str = "") -> IncidentPage:
        return _page(self._store.newest_page(limit, _place(cursor)))

    def incidents(self, *, since: datetime | None = None, limit: int = 100) -> Sequence[Incident]:
        return self._store.incidents(since=since, limit=limit)

    def incident(self, incident_id: str) -> Incident:
        found = self._store.incident(self._full_id(incident_id))
        if found is None:
            raise UnknownIncident(incident_id)
        return found

    def timeline(self, incident_id: str) -> Sequence[Transition]:
        return self._store.transitions(self.incident(incident_id).id)

    def timers(self, incident_id: str) -> Sequence[Timer]:
        return self._store.timers(incident_id)

    def escalation_of(self, incident: Incident) -> EscalationPolicy:
        """The escalation policy it was opened under."""
        return self.routing.escalation_of(self._store, incident)

    def explain(self, incident_id: str) -> IncidentExplanation:
        incident = self.incident(incident_id)
        timers = self._store.timers(incident.id)
        return IncidentExplanation(
            incident=incident,
            decisions=self._store.decisions(incident.id),
            timeline=self._store.transitions(incident.id),
            alerts=self._store.alerts(incident.id),
            deliveries=[shown_to_others(one) for one in self._store.deliveries(incident.id)],
            timers=timers,
            future=future_steps(incident, timers, self.escalation_of(incident)),
        )

    def notifications(self, incident_id: str | None = None, *, limit: int = 100) -> Sequence[Delivery]:
        full = None if incident_id is None else self._full_id(incident_id)
        return [shown_to_others(one) for one in self._store.deliveries(full, limit=limit)]

    def quality(self, since: datetime) -> Sequence[RuleQuality]:
        return alert_quality(self._store, since)

    def sources(self) -> Sequence[SourceReport]:
        return self._store.source_reports()

    def quarantined(self, limit: int = 100) -> Sequence[Quarantined]:
        return [Quarantined.of(kept) for kept in self._store.receipts(ReceiptState.QUARANTINED, limit)]

    def quarantined_one(self, receipt_id: str) -> Quarantined:
        return Quarantined.whole(self._in_quarantine(receipt_id))

    def requeue(self, receipt_id: str, by: str, payload: str | None = None) -> None:
        kept = self._in_quarantine(receipt_id)
        now = self._clock.now()
        again = replace(kept, urgency=1, received_at=now)
        if payload is not None:
            again = kept.corrected(payload.encode("utf-8", "replace"), now)
        self._check_readable(again)
        with self._store.transaction() as tx:
            if payload is not None:
                if tx.receipt(again.id) is not None:
                    fix = "Look whether it was read: `mirante alerts quarantine list`"
                    raise NotAllowed(receipt_id, "correct it", f"it was corrected, as {again.id}", fix)
                tx.keep_receipt(again)
            elif not tx.requeue_receipt(again):
                raise UnknownReceipt(receipt_id)
        LOG.info("requeued from quarantine", extra={"receipt": kept.id, "by": by})

    def _in_quarantine(self, receipt_id: str) -> Receipt:
        found = self._store.receipt(receipt_id)
        if found is None or found.state is not ReceiptState.QUARANTINED:
            raise UnknownReceipt(receipt_id)
        return found

    def covered(self, silence_id: str) -> Covered:
        found = next((silence for silence in self.silences() if silence.id == silence_id), None)
        if found is None:
            fix = "`mirante alerts silences` lists them"
            raise NotAllowed(silence_id, "count what it covers", "there is no such silence", fix)
        return covered(self._store, found.matchers)

    def silences(self) -> Sequence[Silence]:
        now = self._clock.now()
        recurring = [window.next_silence(now) for window in self.routing.schedules.maintenance]
        made = self._store.silences(ending_after=now)
        return [*made, *(silence for silence in recurring if silence is not None)]

    def close(self) -> None:
        self._store.close()


def _page(found: Page) -> IncidentPage:
    last = found.last
    cursor = "" if last is None else f"{last.rank}.{to_micros(last.opened_at)}.{last.incident_id}"
    return IncidentPage(found.incidents, found.left, cursor)


def _place(cursor: str) -> ListPlace | None:
    if not cursor:
        return None
    rank, _, rest = cursor.partition(".")
    at, _, incident_id = rest.partition(".")
    try:
        return ListPlace(int(rank), from_micros(int(at)), incident_id)
    except (ValueError, OverflowError):
        raise InvalidRequest("cursor", f"{cursor[:60]!r} is none", "Give what the page before gave") from None
