"""How severe an alert is (§7.3.2), with the arithmetic that says why."""

from __future__ import annotations

import re
from datetime import timedelta

from alarms.model.alert import Alert, BurnArithmetic
from alarms.model.severity import Severity
from alarms.policy.policy import Raise, RoutingPolicy
from alarms.router.context import AlertContext
from alarms.router.troubles import UNKNOWN_SEVERITY, Trouble
from foundation.bilingual import Text
from slo.model import conventions as names

WORD_SHOWN = 40  # characters
WINDOW = re.compile(r"(\d+)([smhdw])")
WINDOW_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def classify(context: AlertContext) -> None:
    """Rules by label, else the burn window, else what the source says, else the default; then raises and cap.

    The reasons are (rule, sentence) pairs in the order they were applied.
    """
    policy = context.routing.policy
    for rule in policy.rules:
        if all(matcher.matches(context.labels) for matcher in rule.matchers):
            text = " and ".join(str(matcher) for matcher in rule.matchers)
            context.severity = rule.severity
            context.reasons = ((rule.name, f"{text} is {rule.severity}"),)
            return
    context.severity, reason = _base(context)
    context.reasons = (reason,)
    _raise(context)
    _cap(context)


def _base(context: AlertContext) -> tuple[Severity, tuple[str, str]]:
    alert, policy = context.alert, context.routing.policy
    if alert.burn is not None:
        found = _burn_severity(alert.burn, policy)
        if found is not None:
            return found, ("burn_windows", _burn_sentence(alert.burn, found))
    if alert.severity is not None:
        return alert.severity, ("source", f"{alert.source} says {alert.severity}")
    word = alert.labels.get(names.LABEL_SEVERITY, "").strip()[:WORD_SHOWN]
    if not word:
        return policy.default_severity, (
            "default",
            f"nothing else sets a severity: {policy.default_severity}",
        )
    context.routing.troubles.note(_unknown(word, alert.source, policy.default_severity))
    return policy.default_severity, (
        "default",
        f"severity.words does not list {word!r}: {policy.default_severity}",
    )


def _unknown(word: str, source: str, taken_as: Severity) -> Trouble:
    return Trouble(
        UNKNOWN_SEVERITY,
        f"{source}: {word}",
        Text(
            f"An alert of {source} has the severity {word!r}, which severity.words of policy.yaml does not "
            f"list; it is taken for {taken_as}. Add the word if that is not what it means.",
            f"Um alerta de {source} tem a severidade {word!r}, que severity.words de policy.yaml não lista; "
            f"é tratado como {taken_as}. Acrescente a palavra se não for isso que ela significa.",
        ),
        Severity.P4,
    )


def _burn_severity(burn: BurnArithmetic, policy: RoutingPolicy) -> Severity | None:
    """By the long window of the tier; None when it is longer than every row of the table."""
    match = WINDOW.fullmatch(burn.long_window)
    if match is None:
        return None
    window = timedelta(**{WINDOW_UNITS[match[2]]: int(match[1])})
    return next((row.severity for row in policy.burn_windows if window <= row.long), None)


def _burn_sentence(burn: BurnArithmetic, severity: Severity) -> str:
    return (
        f"burn {burn.long_burn:.4g} over {burn.long_window} and {burn.short_burn:.4g} over "
        f"{burn.short_window}, both above {burn.factor}: {severity}"
    )


def _raise(context: AlertContext) -> None:
    for index, raising in enumerate(context.routing.policy.raises):
        why, severity = _applies(raising, context.alert), context.severity
        if why is not None and severity is not Severity.P1:
            context.severity = Severity(f"P{max(1, severity.rank - raising.by)}")
            reason = f"{why}: {severity} raised to {context.severity}"
            context.reasons += ((f"raise[{index}]", reason),)


def _applies(raising: Raise, alert: Alert) -> str | None:
    if raising.within is not None:
        left = None if alert.burn is None else alert.burn.exhaustion_seconds
        if left is not None and left <= raising.within.total_seconds():
            return f"the budget lasts {left / 3600:.1f} h at this burn rate, at most {raising.within}"
    if raising.customers is not None and (alert.customers_affected or 0) >= raising.customers:
        return f"{alert.customers_affected} customers affected, at least {raising.customers}"
    return None


def _cap(context: AlertContext) -> None:
    """By the criticality of the component. An SLO says itself how severe its burns are."""
    if context.alert.slo_id is not None:
        return
    tier, severity = context.routing.topology.tier_of(context.component), context.severity
    cap = context.routing.policy.tier_caps.get(tier or "")
    if cap is not None and severity.worse_than(cap):
        context.severity = cap
        context.reasons += (
            ("tier_caps", f"a tier {tier} component is at most {cap}: {severity} lowered to {cap}"),
        )
