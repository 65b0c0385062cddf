"""An incident as a Markdown post-mortem: what is known is filled in, what only people know is asked for."""

from __future__ import annotations

from datetime import datetime, timedelta

from alarms.model.decision import IncidentExplanation
from alarms.model.incident import Incident, Transition, TransitionKind
from alarms.model.notification import DeliveryState


def postmortem(explanation: IncidentExplanation) -> str:
    incident = explanation.incident
    lines = [
        f"# {safe(incident.title)} ({incident.severity})",
        "",
        f"Incident `{incident.id}`, environment {safe(incident.environment)}, state {incident.state}.",
        "",
        *_facts(explanation),
        "",
        "## What happened",
        "",
        safe(incident.summary),
        "",
        *_arithmetic(incident),
        "## Timeline (UTC)",
        "",
        "| time | what | who | detail |",
        "|---|---|---|---|",
        *[_row(entry) for entry in explanation.timeline],
        "",
        "## Who was told",
        "",
        "| time | target | step | delivery |",
        "|---|---|---|---|",
        *[
            f"| {_time(d.sent_at)} | {safe(d.notification.target)} | {d.notification.step} | {d.state} |"
            for d in explanation.deliveries
        ],
        "",
        "## Why it was routed this way",
        "",
        *[
            f"- {d.stage}: {safe(d.reason)}" + (f" ({safe(d.rule)})" if d.rule else "")
            for d in explanation.decisions
        ],
        "",
        "## For the team to fill in",
        "",
        "- Root cause:",
        "- What went well:",
        "- What went badly:",
        "- Actions, each with an owner and a date:",
        "",
    ]
    return "\n".join(lines)


def time_to_acknowledge(timeline: list[Transition] | tuple[Transition, ...]) -> timedelta | None:
    """From its first opening to its first acknowledgement; None: nobody ever did."""
    opened = next((t.at for t in timeline if t.kind is TransitionKind.OPENED), None)
    done = next((t.at for t in timeline if t.kind is TransitionKind.ACKNOWLEDGED), None)
    return None if opened is None or done is None else done - opened


def _facts(explanation: IncidentExplanation) -> list[str]:
    incident = explanation.incident
    lasted = None if incident.resolved_at is None else incident.resolved_at - incident.opened_at
    acknowledged = time_to_acknowledge(list(explanation.timeline))
    failed = sum(delivery.state is DeliveryState.DEAD for delivery in explanation.deliveries)
    customers = "unknown" if incident.customers_affected is None else str(incident.customers_affected)
    return [
        "| | |",
        "|---|---|",
        f"| opened | {_time(incident.opened_at)} |",
        f"| acknowledged after | {acknowledged or 'never'} |",
        f"| resolved | {_time(incident.resolved_at)} by {safe(incident.resolved_by or 'nobody yet')} |",
        f"| lasted | {lasted or 'still open'} |",
        f"| reopened | {incident.cycle - 1} times |",
        f"| customers affected | {customers} |",
        f"| messages that never arrived | {failed} |",
        f"| policy | {incident.policy_id} |",
    ]


def _arithmetic(incident: Incident) -> list[str]:
    burn = incident.burn
    if burn is None:
        return []
    return [
        f"Objective {burn.objective}. {burn.long_total - burn.long_good} bad of {burn.long_total} in "
        f"{burn.long_window} (burn {burn.long_burn:.2f}), {burn.short_total - burn.short_good} of "
        f"{burn.short_total} in {burn.short_window} (burn {burn.short_burn:.2f}); limit {burn.factor}. "
        f"Budget spent {burn.budget_spent_ratio:.1%} ({burn.budget_basis}).",
        "",
    ]


def _row(entry: Transition) -> str:
    detail = "; ".join(f"{key}: {value}" for key, value in entry.detail.items())
    late = f" (due {_time(entry.due_at)})" if entry.due_at is not None else ""
    return f"| {_time(entry.at)}{late} | {entry.kind} | {safe(entry.actor)} | {safe(detail)} |"


def _time(at: datetime | None) -> str:
    return "-" if at is None else f"{at:%Y-%m-%d %H:%M:%S}"


def safe(text: str) -> str:
    """One line, and nothing that Markdown or HTML would act on."""
    plain = " ".join(text.split())
    for character in "\\`*_[]<>|#":
        plain = plain.replace(character, f"\\{character}" if character != "<" else "&lt;")
    return plain
