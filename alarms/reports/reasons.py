"""Why a page is there in one run and not in the other: the first thing in which the two runs differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from alarms.model.decision import RoutingDecision, Stage
from alarms.model.incident import Incident, IncidentState, Transition, TransitionKind
from alarms.model.notification import NotifyStep
from alarms.model.severity import Severity
from alarms.policy.policy import RoutingPolicy, SeverityLevel, from_canonical
from alarms.reports.episodes import Episode
from alarms.reports.page import ToldPage
from alarms.reports.page_changes import SAME_TIME, PageReason
from alarms.stores.protocol import ReadSide
from foundation.quantities import span_text

BEGINNINGS = (
    TransitionKind.OPENED,
    TransitionKind.REOPENED,
    TransitionKind.RELEASED,
    TransitionKind.SEVERITY_RAISED,
)
STATES = {
    TransitionKind.OPENED: IncidentState.OPEN,
    TransitionKind.REOPENED: IncidentState.OPEN,
    TransitionKind.SEVERITY_RAISED: IncidentState.OPEN,
    TransitionKind.REASSIGNED: IncidentState.OPEN,
    TransitionKind.ACKNOWLEDGED: IncidentState.ACKNOWLEDGED,
    TransitionKind.RESOLVED: IncidentState.RESOLVED,
}
RAISED_OR_LOWERED = (TransitionKind.SEVERITY_RAISED, TransitionKind.SEVERITY_LOWERED)
STORM = "Storm of"
HOLDS = {"silence": "silence", "incident": "cause", "it flaps": "flapping"}  # by how their sentences begin
OF_THE_OWNER = (NotifyStep.FIRST, NotifyStep.REMINDER)


@dataclass(frozen=True, slots=True)
class Situation:
    """An incident as it was at an instant. ``hold`` is why nobody was told just then ("": nothing held)."""

    incident: Incident
    severity: Severity
    because: str
    route: str
    owner: str
    hold: str
    state: IncidentState
    state_since: datetime
    policy: RoutingPolicy

    @property
    def level(self) -> SeverityLevel:
        return self.policy.level(self.severity)


class Reasons:
    """``related`` are the incidents of the new run that have held alerts of one of the old run."""

    def __init__(
        self,
        old: ReadSide,
        new: ReadSide,
        related: Mapping[str, Set[str]],
        backwards: Mapping[str, Set[str]],
    ) -> None:
        self._old, self._new = old, new
        self._related, self._backwards = related, backwards
        self._policy = lru_cache(maxsize=64)(self._read_policy)
        self._history = lru_cache(maxsize=4096)(self._read_history)
        self._decisions = lru_cache(maxsize=4096)(self._read_decisions)
        self._silences = {one.id: one for one in new.silences()}

    def removed(self, page: ToldPage) -> PageReason:
        here = self._situation(self._old, page.incident, page.at)
        others = self._related.get(page.incident, set())
        there = self._best(self._new, others, page.at)
        if there is None:
            return PageReason("none", "none of its alerts makes an incident under the new policy")
        if page.kind == TransitionKind.MORE_ALERTS and len(others) > 1:
            return PageReason("grouping", f"its alerts are {len(others)} incidents")
        merged = len(self._backwards.get(there.incident.id, ())) > 1
        return self._missing(page, here, there, merged) or _unlike(page, here, there)

    def added(self, page: ToldPage) -> PageReason:
        here = self._situation(self._new, page.incident, page.at)
        others = self._backwards.get(page.incident, set())
        there = self._best(self._old, others, page.at)
        if there is None:
            return PageReason("none", "none of its alerts made an incident before")
        merged = len(self._related.get(there.incident.id, ())) > 1
        missing = self._missing(page, here, there, merged)
        if missing is not None:
            return PageReason(missing.kind, f"before: {missing.text}")
        return _unlike(page, there, here)

    def moved(self, before: ToldPage, after: ToldPage) -> PageReason:
        old = self._situation(self._old, before.incident, before.at)
        new = self._situation(self._new, after.incident, after.at)
        if after.kind == TransitionKind.RELEASED != before.kind:
            held = self._situation(self._new, after.incident, before.at).hold
            return PageReason(_kind_of(held), f"held until {after.at:%Y-%m-%d %H:%M}: {held}")
        if before.kind == TransitionKind.RELEASED != after.kind:
            held = self._situation(self._old, before.incident, after.at).hold
            return PageReason(_kind_of(held), f"no longer held: {held}")
        if after.kind == TransitionKind.MORE_ALERTS and before.kind in BEGINNINGS:
            return PageReason(_kind_of_join(new), f"{_joined(new)}, whose new alerts are told together")
        return _unlike(before, old, new)

    def missed(self, episode: Episode, later: ToldPage | None) -> PageReason:
        if not episode.stays:
            return PageReason("none", "it makes no incident")
        stay, ended = episode.stays[-1], episode.ended or episode.began
        there = self._situation(self._new, stay.incident, ended - timedelta(microseconds=1))
        if there.hold:
            return PageReason(_kind_of(there.hold), there.hold)
        if later is not None:
            after = span_text(later.at - ended)
            return PageReason("late", f"told at {later.at:%Y-%m-%d %H:%M}, {after} after it was over")
        return PageReason(_kind_of_join(there), f"{_joined(there)}; nothing more was told before it was over")

    def _missing(self, page: ToldPage, here: Situation, there: Situation, merged: bool) -> PageReason | None:
        """Why nobody is told there, whatever the policy says of levels and teams."""
        if there.hold and not here.hold:
            return PageReason(_kind_of(there.hold), there.hold)
        beginning = page.kind in BEGINNINGS
        if there.incident.title.startswith(STORM) and not here.incident.title.startswith(STORM):
            return PageReason("storm", _joined(there))
        if beginning and merged and there.incident.opened_at < page.at - SAME_TIME:
            return PageReason("grouping", _joined(there))
        if here.severity is there.severity and here.state is not there.state:
            return PageReason("state", f"{there.state} since {there.state_since:%Y-%m-%d %H:%M}")
        return None

    def _best(self, store: ReadSide, incidents: Set[str], at: datetime) -> Situation | None:
        """That of the one that was open then, or was the last to open before."""
        found = [self._situation(store, one, at) for one in sorted(incidents)]
        return max(
            found,
            key=lambda one: (
                one.incident.opened_at <= at + SAME_TIME,
                one.state is not IncidentState.RESOLVED,
                one.incident.opened_at,
            ),
            default=None,
        )

    def _situation(self, store: ReadSide, incident_id: str, at: datetime) -> Situation:
        incident = store.incident(incident_id)
        assert incident is not None
        whole = self._history(store is self._new, incident_id)
        history = [entry for entry in whole if entry.at <= at]
        decisions = [one for one in self._decisions(store is self._new, incident_id) if one.at <= at]
        severity = _severity_at(whole, at) or incident.severity
        because = [
            f"{one.reason} [{one.rule}]"
            for one in decisions
            if one.stage is Stage.CLASSIFY and one.outcome == severity
        ]
        routed = [one for one in decisions if one.stage is Stage.ROUTE]
        states = [entry for entry in history if entry.kind in STATES]
        return Situation(
            incident=incident,
            severity=severity,
            because=because[-1] if because else "",
            route=routed[-1].rule if routed else incident.route,
            owner=routed[-1].outcome if routed else incident.owner,
            hold=self._hold_at(history),
            state=STATES[states[-1].kind] if states else IncidentState.OPEN,
            state_since=states[-1].at if states else incident.opened_at,
            policy=self._policy(store is self._new, incident.policy_id),
        )

    def _hold_at(self, history: list[Transition]) -> str:
        """With what whoever made the silence said of it."""
        holds = [entry for entry in history if entry.kind in (TransitionKind.HELD, TransitionKind.RELEASED)]
        if not holds or holds[-1].kind is not TransitionKind.HELD:
            return ""
        reason = holds[-1].detail.get("reason", "held")
        silence = self._silences.get(holds[-1].detail.get("by", ""))
        return reason if silence is None else f"{reason} ({silence.created_by}: {silence.comment})"

    def _read_history(self, new: bool, incident_id: str) -> Sequence[Transition]:
        return (self._new if new else self._old).transitions(incident_id)

    def _read_decisions(self, new: bool, incident_id: str) -> Sequence[RoutingDecision]:
        return (self._new if new else self._old).decisions(incident_id)

    def _read_policy(self, new: bool, policy_id: str) -> RoutingPolicy:
        text = (self._new if new else self._old).policy(policy_id)
        assert text is not None
        return from_canonical(text)


def _severity_at(history: Sequence[Transition], at: datetime) -> Severity | None:
    """By what it was raised and lowered from and to; None: it never was."""
    changes = [entry for entry in history if entry.kind in RAISED_OR_LOWERED]
    before = [entry for entry in changes if entry.at <= at]
    if before:
        return Severity(before[-1].detail["to"])
    return Severity(changes[0].detail["from"]) if changes else None


def _kind_of(hold: str) -> str:
    return next((kind for word, kind in HOLDS.items() if hold.startswith(word)), "hold")


def _kind_of_join(there: Situation) -> str:
    return "storm" if there.incident.title.startswith(STORM) else "grouping"


def _joined(there: Situation) -> str:
    by = f"grouped by route {there.route}" if there.route else "grouped"
    return f"joined {there.incident.title} of {there.incident.opened_at:%Y-%m-%d %H:%M} ({by})"


def _unlike(page: ToldPage, old: Situation, new: Situation) -> PageReason:
    """The first thing in which the situations differ, and the policies they are under."""
    if old.severity is not new.severity:
        because = f": {new.because}" if new.because else ""
        return PageReason("severity", f"{new.severity} instead of {old.severity}{because}")
    team = (old.owner, old.route) != (new.owner, new.route)
    if team and (page.step in OF_THE_OWNER or old.level == new.level):
        return PageReason("route", _goes_to(old, new))
    if abs(new.incident.opened_at - old.incident.opened_at) > SAME_TIME and page.kind in BEGINNINGS:
        opened = f"{new.incident.opened_at:%Y-%m-%d %H:%M}"
        return PageReason("grouping", f"its incident opens at {opened}: {new.incident.title}")
    if old.level != new.level:
        return PageReason("level", f"{new.severity}: {_level_differs(old.level, new.level)}")
    waits, waited = (one.policy.first_wait_of(one.severity) for one in (new, old))
    if waits != waited:
        return PageReason(
            "first-wait", f"{new.severity} waits {span_text(waits)} instead of {span_text(waited)}"
        )
    if old.policy.hours != new.policy.hours:
        return PageReason("hours", "other business hours")
    if page.step is NotifyStep.INFORM:
        return PageReason("inform", f"other teams are informed of {new.severity} by route {new.route}")
    if old.incident.assignee != new.incident.assignee:
        return PageReason("duty", "somebody else is on duty by the new schedules")
    return PageReason("other", "it follows from another change before it")


def _goes_to(old: Situation, new: Situation) -> str:
    by = f" by route {new.route} instead of {old.route}" if old.route != new.route else ""
    return f"goes to {new.owner} instead of {old.owner}{by}"


def _level_differs(old: SeverityLevel, new: SeverityLevel) -> str:
    named = ("clock", "first", "backup", "acknowledge_within", "escalate_after", "repeat")
    differ = [name for name in named if getattr(old, name) != getattr(new, name)]
    return ", ".join(
        f"{name} {_shown(getattr(new, name))} instead of {_shown(getattr(old, name))}" for name in differ
    )


def _shown(value: object) -> str:
    if isinstance(value, timedelta):
        return span_text(value)
    return "none" if value is None else str(value)
