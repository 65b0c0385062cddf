"""One incident as a reader sees it: how bad, since when, who has it, and what happens next by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from alarms.model.alert import BurnArithmetic
from alarms.model.incident import BY_ALERTS, NOT_REPORTED, Incident, IncidentState, Timer, TimerKind
from alarms.notify.links import incident_path
from alarms.policy.escalation import EscalationPolicy, Recipient, owner_target
from app.console.formats import Formats
from app.console.languages import Texts
from app.console.ports import ConsoleDependencies
from app.console.runbooks import runbook_path
from app.console.visits import Reader
from foundation.quantities import localised


@dataclass(frozen=True, slots=True)
class IncidentView:
    """``slo_id`` is empty for what is not a service level's. ``next_steps`` in the order they fall due, each
    with its instant in words."""

    id: str
    href: str
    severity: str
    css: str
    slo_id: str
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
    """Raises ``AlarmsError`` when the router's store cannot be read."""
    timers = deps.desk.timers(incident.id) if incident.is_open else ()
    escalation = deps.escalation(incident)
    portuguese = reader.language == "pt"
    return IncidentView(
        id=incident.id,
        href=incident_path(incident.id),
        severity=incident.severity.value,
        css=incident.severity.value.lower(),
        slo_id=incident.slo_id or "",
        title=(incident.title_pt if portuguese else "") or incident.title,
        summary=(incident.summary_pt if portuguese else "") or incident.summary,
        state=reader.texts.word("incident.state", incident.state.value),
        age=_age(incident, reader),
        opened=reader.formats.instant(incident.opened_at),
        owner=target_name(escalation, owner_target(incident), reader.language),
        handled=_handled(incident, reader),
        next_steps=tuple(next_step(timer, incident, escalation, reader) for timer in timers),
        may_acknowledge=incident.state is IncidentState.OPEN,
        may_resolve=incident.is_open,
        flags=_flags(incident, reader),
        runbook=runbook_path(deps, incident.runbook),
    )


def next_step(timer: Timer, incident: Incident, escalation: EscalationPolicy, reader: Reader) -> str:
    """What the timer will do, when, and to whom: ``If not acknowledged by 14:15 (in 3 min), ...``."""
    due = max(timer.deadline, incident.snoozed_until or timer.deadline)
    who = ", ".join(_told(item, escalation, reader) for item in _to_tell(timer, incident, escalation, due))
    at = short_instant(due, reader)
    return reader.texts(f"timer.{timer.kind.value}", at=at, when=_until(due, reader), who=who)


def _to_tell(
    timer: Timer, incident: Incident, escalation: EscalationPolicy, due: datetime
) -> Sequence[Recipient]:
    match timer.kind:
        case TimerKind.ACKNOWLEDGE:
            return escalation.missed(incident, due)
        case TimerKind.UNRESOLVED:
            return escalation.unresolved(incident, due)
        case TimerKind.REPEAT:
            return escalation.repeated(incident, due)
        case TimerKind.CONTACT:
            return [
                Recipient(one.step, one.target) for one in incident.contacts if one.due_at <= timer.deadline
            ]
        case _:
            return ()


def short_instant(at: datetime, reader: Reader) -> str:
    """The time alone when it is today, else with its date."""
    formats = reader.formats
    today = formats.local(at).date() == formats.local(reader.now).date()
    return formats.clock(at) if today else formats.instant(at)


def target_name(escalation: EscalationPolicy, target: str, language: str) -> str:
    """``team`` or ``team:person`` as people call them, the team in the reader's language."""
    team_id, _, person = target.partition(":")
    found = next((team for team in escalation.policy.teams if team.id == team_id), None)
    name = team_id if found is None else found.name.pt if language == "pt" else found.name.en
    return f"{name} ({escalation.schedules.people.name_of(person)})" if person else name


def _told(told: Recipient, escalation: EscalationPolicy, reader: Reader) -> str:
    name = target_name(escalation, told.target, reader.language)
    return f"{name} ({reader.texts.word('step', told.step.value)})"


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
        by_nobody = {BY_ALERTS: "incident.resolved_alone", NOT_REPORTED: "incident.not_reported"}
        key = by_nobody.get(incident.resolved_by or "", "incident.resolved_by")
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


def arithmetic_lines(burn: BurnArithmetic, texts: Texts, formats: Formats) -> tuple[str, ...]:
    """``bad ÷ all = burn`` of both windows, the factor, the budget spent, the end of it."""
    factor = formats.burn(float(burn.factor))

    def window(name: str, good: int, total: int, rate: float) -> str:
        bad, whole = formats.number(total - good), formats.number(total)
        times = formats.burn(rate)
        return texts("incident.window_line", window=name, bad=bad, total=whole, burn=times, factor=factor)

    spent = formats.percent(burn.budget_spent_ratio, 1)
    basis = (burn.budget_basis_pt if texts.language == "pt" else "") or burn.budget_basis
    promise = localised(burn.objective, texts.language)
    lines = [
        texts("incident.objective_line", objective=promise, tier=burn.tier),
        window(burn.long_window, burn.long_good, burn.long_total, burn.long_burn),
        window(burn.short_window, burn.short_good, burn.short_total, burn.short_burn),
        texts("incident.spent_line", spent=spent, basis=basis),
    ]
    if burn.exhaustion_seconds is not None:
        lines.append(texts("incident.exhaustion_line", after=formats.duration(burn.exhaustion_seconds)))
    return tuple(lines)
