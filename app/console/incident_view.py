"""One incident as a reader sees it: how bad, since when, who has it, and what happens next by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from alarms.incident import Incident, IncidentState
from alarms.policy import Level, Policy
from alarms.timer import Timer, TimerKind
from app.console.ports import ConsoleDependencies
from app.console.visits import Reader


@dataclass(frozen=True, slots=True)
class IncidentView:
    """``next_steps`` in the order they fall due, each with its instant in words."""

    id: str
    href: str
    severity: str
    css: str
    title: str
    summary: str
    state: str
    age: str
    opened: str
    owner: str
    handled: str
    next_steps: tuple[str, ...]
    may_acknowledge: bool
    may_resolve: bool
    flags: tuple[str, ...]
    runbook: str | None


def incident_view(deps: ConsoleDependencies, incident: Incident, reader: Reader) -> IncidentView:
    timers = deps.desk.explain(incident.id).timers if incident.is_open else ()
    policy = deps.policy(incident.policy_id)
    return IncidentView(
        id=incident.id,
        href=f"/console/incidents/{incident.id}",
        severity=incident.severity.value,
        css=incident.severity.value.lower(),
        title=incident.title,
        summary=incident.summary,
        state=reader.texts(f"incident.state.{incident.state.value}"),
        age=_age(incident, reader),
        opened=reader.formats.instant(incident.opened_at),
        owner=team_name(policy, incident.owner, reader.language),
        handled=_handled(incident, reader),
        next_steps=tuple(next_step(timer, incident, policy, reader) for timer in timers),
        may_acknowledge=incident.state is IncidentState.OPEN,
        may_resolve=incident.is_open,
        flags=_flags(incident, reader),
        runbook=incident.runbook,
    )


def next_step(timer: Timer, incident: Incident, policy: Policy | None, reader: Reader) -> str:
    """What the timer will do, and when: ``If nobody acknowledges by 14:15 (in 3 min), ...``."""
    level = None if policy is None else policy.level(incident.severity)
    key = f"timer.{timer.kind.value}"
    if timer.kind is TimerKind.ACKNOWLEDGE and level is not None and level.backup is None:
        key = "timer.acknowledge_alone"
    return reader.texts(
        key,
        at=reader.formats.instant(timer.deadline),
        when=_until(timer.deadline, reader),
        backup=team_name(policy, _backup(level), reader.language),
        owner=team_name(policy, incident.assignee or incident.owner, reader.language),
    )


def team_name(policy: Policy | None, team_id: str, language: str) -> str:
    """The team's name in the reader's language; its id when the policy does not know it."""
    teams = () if policy is None else policy.teams
    found = next((team for team in teams if team.id == team_id), None)
    if found is None:
        return team_id
    return found.name.pt if language == "pt" else found.name.en


def _backup(level: Level | None) -> str:
    return "" if level is None or level.backup is None else level.backup


def _until(deadline: datetime, reader: Reader) -> str:
    if deadline <= reader.now:
        return reader.texts("when.now")
    return reader.texts("when.in", duration=reader.formats.duration(deadline - reader.now))


def _age(incident: Incident, reader: Reader) -> str:
    end = incident.resolved_at or reader.now
    key = "incident.open_for" if incident.is_open else "incident.lasted"
    return reader.texts(key, duration=reader.formats.duration(end - incident.opened_at))


def _handled(incident: Incident, reader: Reader) -> str:
    texts, formats = reader.texts, reader.formats
    if incident.resolved_at is not None:
        key = "incident.resolved_alone" if incident.resolved_by == "alerts" else "incident.resolved_by"
        return texts(key, by=incident.resolved_by or "", at=formats.instant(incident.resolved_at))
    if incident.acknowledged_at is not None:
        at = formats.instant(incident.acknowledged_at)
        return texts("incident.acknowledged_by", by=incident.acknowledged_by or "", at=at)
    return texts("incident.nobody_yet")


def _flags(incident: Incident, reader: Reader) -> tuple[str, ...]:
    flags = []
    if incident.overdue:
        flags.append(reader.texts("incident.overdue"))
    if incident.hold is not None:
        flags.append(reader.texts(f"incident.hold.{incident.hold.kind.value}", by=incident.hold.by))
    if incident.snoozed_until is not None and incident.snoozed_until > reader.now:
        until = reader.formats.instant(incident.snoozed_until)
        flags.append(reader.texts("incident.snoozed", until=until))
    if incident.cycle > 1:
        flags.append(reader.texts("incident.reopened", times=incident.cycle - 1))
    return tuple(flags)
