"""Asking a machine to act: declared in the policy, kept in the history, bounded in number, off by default."""

from __future__ import annotations

from alarms.model.decision import Stage
from alarms.model.incident import TransitionKind
from alarms.model.notification import NotifyStep
from alarms.policy.escalation import Recipient
from alarms.policy.policy import Remediation
from alarms.router.case import Case


def ask_for_remediation(case: Case) -> None:
    """Every declared action that fits the incident and has not been asked for too often."""
    for remediation in case.matrix.policy.remediation:
        if _fits(case, remediation):
            _ask(case, remediation)


def _fits(case: Case, remediation: Remediation) -> bool:
    return case.incident.severity in remediation.severities and all(
        matcher.matches(case.incident.labels) for matcher in remediation.matchers
    )


def _ask(case: Case, remediation: Remediation) -> None:
    target = f"remediation:{remediation.name}"
    asked = case.tx.count_enqueued(target, case.now - remediation.within)
    rule = f"remediation.{remediation.name}"
    if asked >= remediation.at_most:
        reason = f"asked for {asked} times within {remediation.within} already: people have to look"
        case.explain(Stage.NOTIFY, "not asked", reason, rule)
        return
    case.change(
        TransitionKind.REMEDIATION_ASKED, detail={"note": remediation.name, "by": remediation.channel}
    )
    case.enqueue(
        Recipient(NotifyStep.REMEDIATION, target), TransitionKind.REMEDIATION_ASKED, remediation.channel
    )
    case.explain(Stage.NOTIFY, "remediation", f"request {asked + 1} of {remediation.at_most}", rule)
