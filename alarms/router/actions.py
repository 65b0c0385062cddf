"""What people do to an incident. Each is one transaction; doing it twice is doing it once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain

from alarms.model.decision import Stage
from alarms.model.errors import InvalidRequest, NotAllowed, UnknownIncident, UnreadableRow
from alarms.model.incident import HoldKind, Incident, IncidentState, Timer, TimerKind, TransitionKind
from alarms.model.silence import Matcher, Silence, checked_silence
from alarms.policy.maintenance import PREFIX
from alarms.router.context import IncidentUpdate, RoutingContext
from alarms.router.notify import find_hold, hold
from alarms.router.reassess import resolve, settle
from alarms.router.silence import covers_some, look_again_at_its_end, set_end
from alarms.router.tell import hush, tell
from alarms.stores.protocol import ListPlace, RouterStore, RouterTransaction
from foundation.clock import Clock

SHORTEST_ENDING = 4
LONGEST_SNOOZE = timedelta(days=30)
AT_ONCE = 100  # incidents in one transaction
LONGEST_NOTE = 4_000  # characters


class Actions:
    """``alarms.router.desk.IncidentActions`` on a store."""

    def __init__(self, store: RouterStore, routing: RoutingContext, clock: Clock) -> None:
        self._store = store
        self.routing = routing
        self._clock = clock

    def acknowledge(self, incident_id: str, by: str, note: str = "") -> Incident:
        with self._store.transaction() as tx:
            return self.acknowledge_in(tx, incident_id, by, note)

    def acknowledge_in(self, tx: RouterTransaction, incident_id: str, by: str, note: str = "") -> Incident:
        """In the transaction of whoever has more to change."""
        update = self._open_update(tx, incident_id, by, "acknowledge")
        if update.incident.state is not IncidentState.ACKNOWLEDGED:
            update.stop_clocks([TimerKind.ACKNOWLEDGE, TimerKind.REPEAT, TimerKind.CONTACT])
            update.change(
                TransitionKind.ACKNOWLEDGED,
                state=IncidentState.ACKNOWLEDGED,
                acknowledged_at=update.now,
                acknowledged_by=by,
                detail=_note(note),
            )
            if self.routing.pagers:
                hush(update)
        return update.incident

    def resolve(self, incident_id: str, by: str, note: str = "") -> Incident:
        with self._store.transaction() as tx:
            update = self._update(tx, incident_id, by)
            if update.incident.is_open:
                resolve(update, by, note)
            return update.incident

    def reassign(self, incident_id: str, to: str, by: str, note: str = "") -> Incident:
        """The new owner has the whole time to acknowledge; the second clock runs on."""
        with self._store.transaction() as tx:
            update = self._open_update(tx, incident_id, by, "reassign")
            team, _, person = to.partition(":")
            known = [known.id for known in update.policy.teams]
            if team not in known:
                fix = f"Name one of {', '.join(known)}"
                raise NotAllowed(update.incident.id, "reassign", f"{team!r} is not a team", fix)
            schedule = update.routing.schedules.by_team.get(team)
            strange = schedule is not None and not update.routing.schedules.knows(team, person)
            if to.endswith(":") or (person and strange):
                fix = f"Name {team} alone, or somebody of its schedule"
                raise NotAllowed(update.incident.id, "reassign", f"{person!r} is nobody of {team}", fix)
            update.change(
                TransitionKind.REASSIGNED,
                owner=team,
                assignee=person or None,
                given_by_hand=True,
                state=IncidentState.OPEN,
                acknowledged_at=None,
                acknowledged_by=None,
                detail={"to": f"{team}:{person}" if person else team, **_note(note)},
            )
            if update.incident.hold is None:
                update.stop_clocks([TimerKind.CONTACT])  # of whoever had it before
                tell(update, update.escalation.first(update.incident)[:1], TransitionKind.REASSIGNED)
                within = update.level.acknowledge_within
                deadline = update.escalation.deadline(update.level, update.now, within)
                update.set_timer(TimerKind.ACKNOWLEDGE, deadline)
            return update.incident

    def snooze(self, incident_id: str, until: datetime, by: str, note: str = "") -> Incident:
        with self._store.transaction() as tx:
            update = self._open_update(tx, incident_id, by, "snooze")
            if until <= update.now:
                reason = f"{until.isoformat()} is past"
                raise NotAllowed(update.incident.id, "snooze", reason, "Give a time in the future")
            if until - update.now > LONGEST_SNOOZE:
                reason = f"{until.isoformat()} is more than {LONGEST_SNOOZE.days} days away"
                raise NotAllowed(
                    update.incident.id, "snooze", reason, "Give an earlier time, or make a silence"
                )
            detail = {"until": until.isoformat(), **_note(note)}
            update.change(TransitionKind.SNOOZED, snoozed_until=until, detail=detail)
            return update.incident

    def note(self, incident_id: str, by: str, text: str) -> Incident:
        with self._store.transaction() as tx:
            update = self._update(tx, incident_id, by)
            detail = _note(text)
            if not detail:
                raise InvalidRequest("text", "it is blank", "Write what the others should know")
            update.change(TransitionKind.NOTED, detail=detail)
            return update.incident

    def silence(
        self,
        matchers: Sequence[Matcher],
        starts_at: datetime,
        ends_at: datetime,
        by: str,
        comment: str,
        *,
        everything: bool = False,
    ) -> Silence:
        now = self._clock.now()
        checked = checked_silence(matchers, starts_at, ends_at, comment, now, everything=everything)
        silence = Silence(self.routing.new_id(), checked, starts_at, ends_at, by, comment)
        with self._store.transaction() as tx:
            tx.save_silence(silence)

        def quieten(tx: RouterTransaction, incident: Incident) -> None:
            if incident.hold is None and self._covers_some(tx, incident, silence):
                self._quieten(self._update_of(tx, incident, by), silence)

        self.each_open(quieten)
        return silence

    def begin_silences(self, since: datetime, now: datetime) -> None:
        """Those that began meanwhile quieten what is open already."""
        silences = self.routing.silences(self._store, now).all
        begun = [one for one in silences if since < one.starts_at <= now]
        if not begun:
            return

        def quieten(tx: RouterTransaction, incident: Incident) -> None:
            if incident.hold is None:
                self._quieten(self._update_of(tx, incident), begun[-1])

        self.each_open(quieten)

    def expire_silence(self, silence_id: str, by: str) -> None:
        """End it now; what it held back is paged by the next tick."""
        now = self._clock.now()
        if silence_id.startswith(PREFIX):
            reason, fix = "it is recurring maintenance", "Take it out of schedules.yaml, which is read anew"
            raise NotAllowed(silence_id, "end it", reason, fix)
        with self._store.transaction() as tx:
            silence = next((s for s in tx.silences(ending_after=now) if s.id == silence_id), None)
            if silence is None:
                raise NotAllowed(
                    silence_id,
                    "end it",
                    "there is no such active silence",
                    "`mirante alerts silences` lists them",
                )
            tx.save_silence(replace(silence, starts_at=min(silence.starts_at, now), ends_at=now))

        def look_again(tx: RouterTransaction, incident: Incident) -> None:
            silenced = incident.hold is not None and incident.hold.kind is HoldKind.SILENCE
            in_part = incident.hold is None and any(
                timer.kind is TimerKind.HOLD for timer in tx.timers(incident.id)
            )
            if silenced or in_part:
                tx.set_timer(Timer(incident.id, TimerKind.HOLD, now))

        self.each_open(look_again)

    def each_open(self, work: Callable[[RouterTransaction, Incident], None]) -> None:
        """With each that is open, as it is by then; in slices, so that nobody waits for the write lock longer
        than one takes. Should the process end in between, the auditor finds what was left."""
        place: ListPlace | None = None
        while places := self._store.open_places(AT_ONCE, place):
            with self._store.transaction() as tx:
                for place in places:
                    incident = self._readable(tx, place.incident_id)
                    if incident is not None and incident.is_open:
                        work(tx, incident)
            place = places[-1]

    def _readable(self, tx: RouterTransaction, incident_id: str) -> Incident | None:
        """One that cannot be read is told of by itself, and hides no other."""
        try:
            return tx.incident(incident_id)
        except UnreadableRow:
            return None

    def _covers_some(self, tx: RouterTransaction, incident: Incident, silence: Silence) -> bool:
        labels = (record.labels for record in tx.alerts(incident.id))
        return covers_some(silence, chain([incident.labels], labels), self._clock.now())

    def _quieten(self, update: IncidentUpdate, silence: Silence) -> None:
        found = find_hold(update)
        if found is None and update.incident.hold is None:
            settle(update)
            look_again_at_its_end(update)
        if found is None or (update.incident.hold is not None and not update.incident.waits):
            return
        if found.kind is not HoldKind.SILENCE:
            return
        reason = f"silence {found.by}: {silence.comment if silence.id == found.by else 'covers it'}"
        update.explain(Stage.SILENCE, "held", reason, rule=found.by)
        hold(update, found, f"silence {found.by} covers it")
        set_end(update, found)

    def _open_update(self, tx: RouterTransaction, incident_id: str, by: str, action: str) -> IncidentUpdate:
        update = self._update(tx, incident_id, by)
        incident = update.incident
        if not incident.is_open:
            when = incident.resolved_at.isoformat() if incident.resolved_at else "before"
            reason = f"it was resolved at {when} by {incident.resolved_by}"
            fix = "It reopens by itself if the alert fires again"
            raise NotAllowed(incident.id, action, reason, fix)
        return update

    def _update(self, tx: RouterTransaction, incident_id: str, by: str) -> IncidentUpdate:
        incident = tx.incident(self._full_id(incident_id))
        if incident is None:
            raise UnknownIncident(incident_id)
        return self._update_of(tx, incident, by)

    def _update_of(self, tx: RouterTransaction, incident: Incident, by: str = "router") -> IncidentUpdate:
        return IncidentUpdate(self.routing, tx, incident, self._clock.now(), by)

    def _full_id(self, incident_id: str) -> str:
        """An ending of at least four characters stands for the one incident that has it."""
        if len(incident_id) < SHORTEST_ENDING or self._store.incident(incident_id) is not None:
            return incident_id
        ending = incident_id.upper()
        found = [i.id for i in self._store.incidents() if i.id.upper().endswith(ending)]
        return found[0] if len(found) == 1 else incident_id


def _note(text: str) -> dict[str, str]:
    """Raises InvalidRequest: it is longer than anybody reads in a page."""
    if len(text) > LONGEST_NOTE:
        problem = f"it has {len(text)} characters, at most {LONGEST_NOTE} are kept"
        raise InvalidRequest("note", problem, "Shorten it, and link to the rest")
    return {"note": text} if text.strip() else {}
