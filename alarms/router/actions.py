"""What people do to an incident. Each is one transaction; doing it twice is doing it once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from alarms.model.decision import Stage
from alarms.model.errors import NotAllowed, UnknownIncident
from alarms.model.incident import Incident, IncidentState, TransitionKind
from alarms.model.silence import Matcher, Silence
from alarms.model.timer import Timer, TimerKind
from alarms.router.attachment import ALL_OPEN, OPEN_STATES, let_go_symptoms
from alarms.router.case import Case
from alarms.router.holds import find_hold, silence_of
from alarms.router.office import Office
from alarms.router.opening import set_hold_timer
from alarms.stores.protocol import RouterStore, RouterTransaction


class Actions:
    """``now`` tells the time of an action."""

    def __init__(self, store: RouterStore, office: Office, now: Callable[[], datetime]) -> None:
        self._store = store
        self._office = office
        self._now = now

    def acknowledge(self, incident_id: str, by: str, note: str = "") -> Incident:
        with self._store.transaction() as tx:
            case = self._case(tx, incident_id, by)
            _must_be_open(case.incident, "acknowledge")
            if case.incident.state is IncidentState.ACKNOWLEDGED:
                return case.incident
            case.stop_clocks([TimerKind.ACKNOWLEDGE, TimerKind.REPEAT])
            case.change(
                TransitionKind.ACKNOWLEDGED,
                state=IncidentState.ACKNOWLEDGED,
                acknowledged_at=case.now,
                acknowledged_by=by,
                detail=_note(note),
            )
            return case.incident

    def resolve(self, incident_id: str, by: str, note: str = "") -> Incident:
        with self._store.transaction() as tx:
            case = self._case(tx, incident_id, by)
            if case.incident.is_open:
                case.resolve(by, note)
                let_go_symptoms(self._office, case)
            return case.incident

    def reassign(self, incident_id: str, to: str, by: str, note: str = "") -> Incident:
        with self._store.transaction() as tx:
            case = self._case(tx, incident_id, by)
            _must_be_open(case.incident, "reassign")
            team, _, person = to.partition(":")
            known = [known.id for known in case.matrix.policy.teams]
            if team not in known:
                raise NotAllowed(
                    incident_id, "reassign", f"{team!r} is no team", f"Name one of {', '.join(known)}"
                )
            self._hand_over(case, team, person or None, note)
            return case.incident

    def _hand_over(self, case: Case, team: str, person: str | None, note: str) -> None:
        """The new owner has the whole time to acknowledge; the second clock runs on."""
        case.change(
            TransitionKind.REASSIGNED,
            owner=team,
            assignee=person,
            state=IncidentState.OPEN,
            acknowledged_at=None,
            acknowledged_by=None,
            detail={"to": team if person is None else f"{team}:{person}", **_note(note)},
        )
        if case.incident.hold is not None:
            return
        case.tell(case.matrix.first(case.incident)[:1], TransitionKind.REASSIGNED)
        level = case.level
        deadline = case.matrix.deadline(level, case.now, level.acknowledge_within)
        case.tx.set_timer(Timer(case.incident.id, TimerKind.ACKNOWLEDGE, deadline))

    def snooze(self, incident_id: str, until: datetime, by: str, note: str = "") -> Incident:
        with self._store.transaction() as tx:
            case = self._case(tx, incident_id, by)
            _must_be_open(case.incident, "snooze")
            if until <= case.now:
                raise NotAllowed(
                    incident_id, "snooze", f"{until.isoformat()} is past", "Give a time that is still to come"
                )
            detail = {"until": until.isoformat(), **_note(note)}
            case.change(TransitionKind.SNOOZED, snoozed_until=until, detail=detail)
            return case.incident

    def note(self, incident_id: str, by: str, text: str) -> Incident:
        with self._store.transaction() as tx:
            case = self._case(tx, incident_id, by)
            case.change(TransitionKind.NOTED, detail=_note(text))
            return case.incident

    def silence(
        self, matchers: Sequence[Matcher], starts_at: datetime, ends_at: datetime, by: str, comment: str
    ) -> Silence:
        if not matchers or ends_at <= starts_at:
            raise NotAllowed(
                "silence",
                "create it",
                "it covers everything or no time",
                "Give a matcher, and an end after its start",
            )
        silence = Silence(self._office.new_id(), tuple(matchers), starts_at, ends_at, by, comment)
        with self._store.transaction() as tx:
            tx.save_silence(silence)
            for incident in tx.incidents(states=OPEN_STATES, limit=ALL_OPEN):
                if silence_of(incident, [silence], self._now()) is not None:
                    self._quieten(self._office.case(tx, incident, self._now(), by), silence)
        return silence

    def expire_silence(self, silence_id: str, by: str) -> None:
        """End it now; what it held back is paged by the next tick."""
        now = self._now()
        with self._store.transaction() as tx:
            silence = next((s for s in tx.silences(ending_after=now) if s.id == silence_id), None)
            if silence is None:
                raise NotAllowed(silence_id, "end it", "no such silence is in force", "List them first")
            ended = Silence(
                silence.id,
                silence.matchers,
                min(silence.starts_at, now),
                now,
                silence.created_by,
                silence.comment,
            )
            tx.save_silence(ended)
            for incident in tx.incidents(states=OPEN_STATES, limit=ALL_OPEN):
                if incident.hold is not None and incident.hold.by == silence_id:
                    tx.set_timer(Timer(incident.id, TimerKind.HOLD, now))

    def _quieten(self, case: Case, silence: Silence) -> None:
        hold = find_hold(case.incident, case.tx, case.now)
        if hold is None or case.incident.hold is not None:
            return
        case.explain(Stage.SILENCE, "held", f"silence {silence.id}: {silence.comment}", rule=silence.id)
        case.hold(hold, f"silence {silence.id} covers it")
        set_hold_timer(case, hold)

    def _case(self, tx: RouterTransaction, incident_id: str, by: str) -> Case:
        incident = tx.incident(incident_id)
        if incident is None:
            raise UnknownIncident(incident_id)
        return self._office.case(tx, incident, self._now(), by)


def _must_be_open(incident: Incident, action: str) -> None:
    if not incident.is_open:
        when = incident.resolved_at.isoformat() if incident.resolved_at else "before"
        raise NotAllowed(
            incident.id,
            action,
            f"it was resolved at {when} by {incident.resolved_by}",
            "It opens again by itself if the alert fires again",
        )


def _note(text: str) -> dict[str, str]:
    return {"note": text} if text else {}
