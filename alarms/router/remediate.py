"""Automatic remediation: declared in the policy, kept in the history, bounded in number, off by default."""

from __future__ import annotations

from alarms.model.decision import Stage
from alarms.model.incident import TransitionKind
from alarms.model.notification import NotifyStep
from alarms.policy.escalation import Recipient
from alarms.policy.policy import Remediation
from alarms.router.context import AlertContext, IncidentUpdate
from alarms.router.silence import FRESH
from alarms.router.tell import enqueue


def remediate(context: AlertContext) -> None:
    """With the page."""
    if context.update is not None and context.event in FRESH:
        ask_machines(context.update)


def ask_machines(update: IncidentUpdate) -> None:
    """For every declared action that fits and has not been asked for too often."""
    for remediation in update.policy.remediation:
        fits = all(matcher.matches(update.incident.labels) for matcher in remediation.matchers)
        if fits and update.incident.severity in remediation.severities:
            _ask(update, remediation)


def _ask(update: IncidentUpdate, remediation: Remediation) -> None:
    target = f"remediation:{remediation.name}"
    asked = update.tx.count_enqueued(target, update.now - remediation.within)
    rule = f"remediation.{remediation.name}"
    if asked >= remediation.at_most:
        reason = f"asked for {asked} times within {remediation.within} already: a person has to look"
        update.explain(Stage.NOTIFY, "not asked", reason, rule)
        return
    kind = TransitionKind.REMEDIATION_ASKED
    update.change(kind, detail={"note": remediation.name, "by": remediation.channel})
    enqueue(update, Recipient(NotifyStep.REMEDIATION, target), kind, remediation.channel)
    update.explain(Stage.NOTIFY, "remediation", f"request {asked + 1} of {remediation.at_most}", rule)
