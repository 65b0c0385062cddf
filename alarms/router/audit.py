"""The escalation auditor: what should be on its way for every open incident, compared with what is.

Everything is written in one transaction, so it should never find anything. If it does, it mends it, says so
in the incident's history, and counts it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from alarms.model.decision import Stage
from alarms.model.incident import HoldKind, IncidentState, TransitionKind
from alarms.model.notification import DeliveryState, NotifyStep
from alarms.model.timer import Timer, TimerKind
from alarms.router.attachment import ALL_OPEN, OPEN_STATES
from alarms.router.case import Case
from alarms.router.holds import find_hold
from alarms.router.office import Office
from alarms.router.undeliverable import is_known, tell_next
from alarms.stores.protocol import RouterStore

PAGES = (
    TransitionKind.OPENED,
    TransitionKind.REOPENED,
    TransitionKind.RELEASED,
    TransitionKind.SEVERITY_RAISED,
)


class Auditor:
    def __init__(self, store: RouterStore, office: Office, now: Callable[[], datetime]) -> None:
        self._store = store
        self._office = office
        self._now = now

    def run_once(self) -> list[str]:
        """What was found and mended, one sentence each."""
        with self._store.transaction() as tx:
            found = []
            for incident in tx.incidents(states=OPEN_STATES, limit=ALL_OPEN):
                case = self._office.case(tx, incident, self._now(), "auditor")
                found += _mend_held(case) if incident.hold is not None else _mend_paging(case)
                found += _mend_lost(case)
            return found


def _mend_held(case: Case) -> list[str]:
    """A hold that nothing keeps up and nothing will end."""
    hold = case.incident.hold
    timers = {timer.kind for timer in case.tx.timers(case.incident.id)}
    if hold is None or timers & {TimerKind.HOLD, TimerKind.STABLE}:
        return []
    still = find_hold(case.incident, case.tx, case.now)
    if still is not None and still.kind is not HoldKind.SILENCE:
        return []
    case.tx.set_timer(Timer(case.incident.id, TimerKind.HOLD, case.wall))
    return [_repaired(case, f"held by {hold.kind} {hold.by} with nothing to end it")]


def _mend_paging(case: Case) -> list[str]:
    incident = case.incident
    if incident.paged_at is None or not _first_told(case):
        finding = _repaired(case, "nobody had been told")
        case.page(TransitionKind.REPAIRED)
        return [finding]
    return [finding for kind in _missing_clocks(case) if (finding := _set_clock(case, kind))]


def _mend_lost(case: Case) -> list[str]:
    """Dead letters that nobody was told of (the process ended just then)."""
    lost = [
        delivery
        for delivery in case.tx.deliveries(case.incident.id)
        if delivery.state is DeliveryState.DEAD and not is_known(case, delivery)
    ]
    for delivery in lost:
        tell_next(case, delivery)
    return [f"{case.incident.id}: {d.notification.target} could not be reached" for d in lost]


def _first_told(case: Case) -> bool:
    return any(
        delivery.notification.cycle == case.incident.cycle and delivery.notification.step is NotifyStep.FIRST
        for delivery in case.tx.deliveries(case.incident.id)
    )


def _missing_clocks(case: Case) -> list[TimerKind]:
    """Clocks that neither run nor have run out since the last page."""
    running = {timer.kind for timer in case.tx.timers(case.incident.id)}
    history = case.tx.transitions(case.incident.id)
    last_page = max((entry.number for entry in history if entry.kind in PAGES), default=0)
    since = {entry.kind for entry in history if entry.number > last_page}
    missing = []
    if TimerKind.UNRESOLVED not in running and TransitionKind.ESCALATED not in since:
        missing.append(TimerKind.UNRESOLVED)
    open_and_unasked = case.incident.state is IncidentState.OPEN and TransitionKind.ACK_MISSED not in since
    if TimerKind.ACKNOWLEDGE not in running and open_and_unasked:
        missing.append(TimerKind.ACKNOWLEDGE)
    return missing


def _set_clock(case: Case, kind: TimerKind) -> str:
    """From the page on, as it should have been; a deadline that is past fires at the next tick."""
    level, since = case.level, case.incident.paged_at or case.now
    within = level.acknowledge_within if kind is TimerKind.ACKNOWLEDGE else level.escalate_after
    case.tx.set_timer(Timer(case.incident.id, kind, case.matrix.deadline(level, since, within)))
    return _repaired(case, f"the {kind} clock was not running")


def _repaired(case: Case, finding: str) -> str:
    case.change(TransitionKind.REPAIRED, detail={"finding": finding})
    case.explain(Stage.ESCALATE, "repaired", finding, rule="auditor")
    return f"{case.incident.id}: {finding}"
