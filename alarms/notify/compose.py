"""The text of a notification, in English and Portuguese, from what is known when it is decided."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from alarms.model.alert import BurnArithmetic
from alarms.model.incident import Incident, Transition, TransitionKind
from alarms.model.notification import Message, Notification, NotifyStep, dedup_id
from alarms.model.severity import Severity
from alarms.policy.policy import RoutingPolicy
from alarms.policy.runbook import Runbook, Runbooks
from foundation.bilingual import Text
from foundation.quantities import localised

WHY = {
    TransitionKind.OPENED: Text("new incident", "novo incidente"),
    TransitionKind.REOPENED: Text("the problem is back", "o problema voltou"),
    TransitionKind.SEVERITY_RAISED: Text("severity raised", "severidade elevada"),
    TransitionKind.RELEASED: Text("no longer held back", "não está mais retido"),
    TransitionKind.ACK_MISSED: Text("not acknowledged in time", "não assumido no prazo"),
    TransitionKind.ESCALATED: Text("not resolved in time", "não resolvido no prazo"),
    TransitionKind.REPEATED: Text("still not acknowledged", "ainda não assumido"),
    TransitionKind.REASSIGNED: Text("assigned to you", "atribuído a você"),
    TransitionKind.REMEDIATION_ASKED: Text("remediation requested", "remediação solicitada"),
    TransitionKind.REPAIRED: Text("a missing page was found", "um aviso que faltava foi encontrado"),
    TransitionKind.UNDELIVERABLE: Text(
        "another team could not be reached", "outra equipe não pôde ser avisada"
    ),
    TransitionKind.FAILED_OPEN: Text("a part of the router failed", "uma parte do roteador falhou"),
    TransitionKind.MORE_ALERTS: Text("more alerts joined", "mais alertas se juntaram"),
    TransitionKind.RESOLVED: Text("resolved", "resolvido"),
}
ROLE = {
    NotifyStep.FIRST: Text("You are the first responder.", "Você é o primeiro a atender."),
    NotifyStep.BACKUP: Text("You are the backup. Please act now.", "Você é o backup. Por favor, aja agora."),
    NotifyStep.ESCALATION: Text(
        "This was escalated to you. Please act now.", "Isto foi escalado para você. Por favor, aja agora."
    ),
    NotifyStep.REMINDER: Text("Reminder: this incident is yours.", "Lembrete: este incidente é seu."),
    NotifyStep.INFORM: Text("For your information.", "Para seu conhecimento."),
    NotifyStep.REMEDIATION: Text(
        "Automatic remediation was requested.", "Uma remediação automática foi solicitada."
    ),
    NotifyStep.RESOLVED: Text("Nothing more to do.", "Nada mais a fazer."),
}
TRIED = {
    TransitionKind.ACKNOWLEDGED: Text("acknowledged", "assumido"),
    TransitionKind.ACK_MISSED: Text("acknowledgement missed", "ninguém assumiu no prazo"),
    TransitionKind.ESCALATED: Text("escalated", "escalado"),
    TransitionKind.REASSIGNED: Text("reassigned", "reatribuído"),
    TransitionKind.NOTED: Text("noted", "anotado"),
    TransitionKind.REMEDIATION_ASKED: Text("remediation requested", "remediação solicitada"),
    TransitionKind.UNDELIVERABLE: Text("could not be reached", "não pôde ser avisado"),
}
STEPS_SHOWN = 5
NO_INCIDENT = "trial"
_ID = re.compile(r"(mirante alerts [a-z]+) ID\b")
_SLO = re.compile(r"(mirante slo [a-z]+) SLO\b")


@dataclass(frozen=True, slots=True)
class Composer:
    """``base_url`` is where the console is reached; without one no links are written."""

    runbooks: Runbooks
    base_url: str = ""

    def message(
        self,
        incident: Incident,
        kind: TransitionKind,
        step: NotifyStep,
        policy: RoutingPolicy,
        history: Sequence[Transition],
    ) -> Message:
        runbook = self.runbooks.find(incident.runbook)
        zone = ZoneInfo(policy.hours.time_zone)
        why = WHY[kind]
        level = policy.level(incident.severity)
        head, head_pt = _heads(incident)
        english = [
            f"{incident.severity} {level.name.en}: {level.meaning.en}.",
            f"{incident.summary}",
            f"Environment {incident.environment}; open since {_instant(incident.opened_at, zone)}.",
            ROLE[step].en,
            *_more(incident, english=True),
            *_passed_by(history, english=True),
            *_burn_en(incident.burn),
            *_tried(history, zone, "Tried so far:", english=True),
            *_steps(runbook, incident, english=True),
            *self._links(incident, runbook),
        ]
        portuguese = [
            f"{incident.severity} {level.name.pt}: {level.meaning.pt}.",
            f"{incident.summary_pt or incident.summary}",
            f"Ambiente {incident.environment}; aberto desde {_instant(incident.opened_at, zone)}.",
            ROLE[step].pt,
            *_more(incident, english=False),
            *_passed_by(history, english=False),
            *_burn_pt(incident.burn),
            *_tried(history, zone, "Já tentado:", english=False),
            *_steps(runbook, incident, english=False),
            *self._links(incident, runbook),
        ]
        return Message(f"{head}: {why.en}", f"{head_pt}: {why.pt}", "\n".join(english), "\n".join(portuguese))

    def _links(self, incident: Incident, runbook: Runbook | None) -> list[str]:
        lines = [f"{name}: {url}" for name, url in sorted(incident.links.items())]
        if not self.base_url:
            return [*lines, f"mirante alerts show {incident.id}"]
        lines.append(f"{self.base_url}{incident_path(incident.id)}")
        if runbook is not None:
            lines.append(f"{self.base_url}{runbook_path(runbook.id)}")
        return lines


def incident_path(incident_id: str) -> str:
    """Where the console shows it: the one place that pages and the console itself have it from."""
    return f"/console/incidents/{quote(incident_id, safe='')}"


def runbook_path(runbook_id: str) -> str:
    return f"/console/runbooks/{quote(runbook_id, safe='')}"


def plain_message(incident: Incident, kind: TransitionKind, problem: str) -> Message:
    """From the bare facts, for when what makes the usual text is broken; ``problem`` says what was."""
    why = WHY.get(kind, WHY[TransitionKind.OPENED])
    place = f"{incident.environment}; {incident.id}; mirante alerts show {incident.id}"
    english, portuguese = [incident.summary], [incident.summary_pt or incident.summary]
    if problem:
        english.append(f"A part of the router failed on this alert and was skipped: {problem}")
        portuguese.append(f"Uma parte do roteador falhou neste alerta e foi ignorada: {problem}")
    head, head_pt = _heads(incident)
    return Message(
        f"{head}: {why.en}",
        f"{head_pt}: {why.pt}",
        "\n".join([*english, place]),
        "\n".join([*portuguese, place]),
    )


def notification_of(
    incident: Incident,
    target: str,
    channel: str,
    step: NotifyStep,
    message: Message,
    at: datetime,
    **more: str,
) -> Notification:
    """Of the incident's latest transition; ``more`` are attributes beside those that every one has."""
    return Notification(
        dedup_id=dedup_id(incident.id, incident.number, step, incident.cycle, target, channel),
        incident_id=incident.id,
        transition=incident.number,
        step=step,
        cycle=incident.cycle,
        target=target,
        channel=channel,
        severity=incident.severity,
        environment=incident.environment,
        message=message,
        created_at=at,
        attributes={
            "severity": incident.severity.value,
            "team": target.partition(":")[0],
            "target": target,
            "step": step.value,
            "incident": incident.id,
            "environment": incident.environment,
            **more,
        },
    )


def trial_message(
    team: str, channel: str, severity: Severity, environment: str, at: datetime
) -> Notification:
    """A test message for a channel: it belongs to no incident, and each has its own id."""
    identity = dedup_id(f"{NO_INCIDENT} {at.isoformat()}", 0, NotifyStep.INFORM, 0, team, channel)
    return Notification(
        dedup_id=identity,
        incident_id=NO_INCIDENT,
        transition=0,
        step=NotifyStep.INFORM,
        cycle=0,
        target=team,
        channel=channel,
        severity=severity,
        environment=environment,
        message=Message(
            f"[{severity}] Mirante: test of the channel {channel}",
            f"[{severity}] Mirante: teste do canal {channel}",
            f"This is a test message for {team}, sent by hand. Nothing happened, and you do not have "
            "to do anything.",
            f"Esta é uma mensagem de teste para {team}, enviada manualmente. Nada aconteceu e não há "
            "nada a fazer.",
        ),
        created_at=at,
        attributes={
            "severity": severity.value,
            "team": team,
            "target": team,
            "step": NotifyStep.INFORM.value,
            "kind": NO_INCIDENT,
            "incident": NO_INCIDENT,
            "environment": environment,
        },
    )


def _instant(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M} ({at.astimezone(UTC):%H:%M} UTC)"


def _burn_en(burn: BurnArithmetic | None) -> list[str]:
    if burn is None:
        return []
    return [
        f"Objective {burn.objective}. Burn {burn.long_burn:.2f} over {burn.long_window} "
        f"({burn.long_total - burn.long_good} bad of {burn.long_total}) and {burn.short_burn:.2f} over "
        f"{burn.short_window} ({burn.short_total - burn.short_good} bad of {burn.short_total}); "
        f"fires above {burn.factor} in both.",
        f"Budget left {1 - burn.budget_spent_ratio:.1%} ({burn.budget_basis}); {_exhaustion_en(burn)}",
        _exactness(burn, "Counts are exact.", "Counts may be off by {} events."),
    ]


def _burn_pt(burn: BurnArithmetic | None) -> list[str]:
    if burn is None:
        return []
    written = (
        burn.objective,
        burn.factor,
        f"{burn.long_burn:.2f}",
        f"{burn.short_burn:.2f}",
        f"{1 - burn.budget_spent_ratio:.1%}",
    )
    objective, factor, long, short, left = (localised(number, "pt") for number in written)
    return [
        f"Objetivo {objective}. Queima {long} em {burn.long_window} "
        f"({burn.long_total - burn.long_good} ruins de {burn.long_total}) e {short} em {burn.short_window} "
        f"({burn.short_total - burn.short_good} ruins de {burn.short_total}); "
        f"dispara acima de {factor} nas duas janelas.",
        f"Orçamento de erro restante {left} ({burn.budget_basis_pt or burn.budget_basis}); "
        f"{_exhaustion_pt(burn)}",
        _exactness(burn, "As contagens são exatas.", "As contagens podem ter erro de até {} eventos."),
    ]


def _exactness(burn: BurnArithmetic, exact: str, bound: str) -> str:
    return exact if burn.error_bound is None else bound.format(burn.error_bound)


def _exhaustion_en(burn: BurnArithmetic) -> str:
    if burn.exhaustion_seconds is None:
        return "it will last at this burn rate."
    if burn.exhaustion_seconds <= 0:
        return "it is already spent."
    return f"gone in {burn.exhaustion_seconds / 3600:.1f} h at this burn rate."


def _exhaustion_pt(burn: BurnArithmetic) -> str:
    if burn.exhaustion_seconds is None:
        return "neste ritmo, não se esgota."
    if burn.exhaustion_seconds <= 0:
        return "está esgotado."
    return f"neste ritmo, esgota-se em {localised(f'{burn.exhaustion_seconds / 3600:.1f}', 'pt')} h."


def _more(incident: Incident, *, english: bool) -> list[str]:
    """Which alerts have joined since the last message, by what tells them apart."""
    count, named = incident.untold_count, incident.untold
    if not count:
        return []
    names = "; ".join(named)
    unnamed = count - len(named)
    if english:
        rest = f" and {unnamed} more" if unnamed else ""
        return [f"Joined since the last message: {count}, {incident.members} in all: {names}{rest}."]
    rest = f" e mais {unnamed}" if unnamed else ""
    return [f"Entraram desde a última mensagem: {count}, {incident.members} ao todo: {names}{rest}."]


def _passed_by(history: Sequence[Transition], *, english: bool) -> list[str]:
    """What of the router failed on the way of this cycle's alerts."""
    begun = (TransitionKind.OPENED, TransitionKind.REOPENED)
    since = max((entry.number for entry in history if entry.kind in begun), default=0)
    failed = {
        entry.detail.get("stage") or entry.detail.get("timer", ""): entry.detail.get("reason", "")
        for entry in history
        if entry.kind is TransitionKind.FAILED_OPEN and entry.number > since
    }
    lead = "The router skipped" if english else "O roteador ignorou"
    return [f"{lead} {part} ({reason})." for part, reason in failed.items()]


def _tried(history: Sequence[Transition], zone: ZoneInfo, heading: str, *, english: bool) -> list[str]:
    lines = [
        f"- {_instant(entry.at, zone)} {TRIED[entry.kind].en if english else TRIED[entry.kind].pt} "
        f"({entry.detail.get('target') or entry.actor})"
        + (f": {entry.detail['note']}" if entry.detail.get("note") else "")
        for entry in history
        if entry.kind in TRIED
    ]
    return [heading, *lines] if lines else []


def _heads(incident: Incident) -> tuple[str, str]:
    """How bad, where and what. Several services may have a level of one title, so its id comes with it."""
    where = f"[{incident.severity}] {incident.slo_id}: " if incident.slo_id else f"[{incident.severity}] "
    return where + incident.title, where + (incident.title_pt or incident.title)


def _steps(runbook: Runbook | None, incident: Incident, *, english: bool) -> list[str]:
    """The first steps, their commands ready to be copied: with this incident's id and its service level's."""
    if runbook is None:
        return []
    steps = [
        _SLO.sub(rf"\1 {incident.slo_id or 'SLO'}", _ID.sub(rf"\1 {incident.id}", step))
        for step in (runbook.steps if english else runbook.steps_pt)
    ]
    title = runbook.title if english else runbook.title_pt
    return [f"Runbook: {title}", *(f"{n}. {s}" for n, s in enumerate(steps[:STEPS_SHOWN], start=1))]
