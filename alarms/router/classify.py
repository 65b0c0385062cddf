"""What an alert is worth (§7.3.2), with the arithmetic that says why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from alarms.model.alert import Alert, BurnArithmetic
from alarms.model.severity import Severity
from alarms.policy.policy import Raise, RoutingPolicy

WINDOW = re.compile(r"(\d+)([smhdw])")
WINDOW_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class Classification:
    """``reasons`` are (rule, sentence) pairs in the order they were applied."""

    severity: Severity
    reasons: tuple[tuple[str, str], ...]


def classify(
    alert: Alert, labels: Mapping[str, str], policy: RoutingPolicy, tier: str | None
) -> Classification:
    """Rules by label, else the burn window, else what the source says, else the default; then raises and cap.

    ``labels`` are the routing labels, ``tier`` the criticality of the component (None: unknown). An SLO says
    itself what it is worth, so the cap is for other alerts only.
    """
    for rule in policy.rules:
        if all(matcher.matches(labels) for matcher in rule.matchers):
            text = " and ".join(str(matcher) for matcher in rule.matchers)
            return Classification(rule.severity, ((rule.name, f"{text} is {rule.severity}"),))
    severity, reason = _base(alert, policy)
    reasons = [reason]
    for index, raising in enumerate(policy.raises):
        why = _applies(raising, alert)
        if why is not None and severity is not Severity.P1:
            raised = Severity(f"P{max(1, severity.rank - raising.by)}")
            reasons.append((f"raise[{index}]", f"{why}: {severity} raised to {raised}"))
            severity = raised
    cap = policy.tier_caps.get(tier or "") if alert.slo_id is None else None
    if cap is not None and severity.worse_than(cap):
        reasons.append(
            ("tier_caps", f"a tier {tier} component is at most {cap}: {severity} lowered to {cap}")
        )
        severity = cap
    return Classification(severity, tuple(reasons))


def _base(alert: Alert, policy: RoutingPolicy) -> tuple[Severity, tuple[str, str]]:
    if alert.burn is not None:
        found = burn_severity(alert.burn, policy)
        if found is not None:
            return found, ("burn_windows", _burn_sentence(alert.burn, found))
    if alert.severity is not None:
        return alert.severity, ("source", f"{alert.source} says {alert.severity}")
    return policy.default_severity, ("default", f"nothing says more: {policy.default_severity}")


def burn_severity(burn: BurnArithmetic, policy: RoutingPolicy) -> Severity | None:
    """By the long window of the tier; None when it is longer than every row of the table."""
    window = window_length(burn.long_window)
    if window is None:
        return None
    return next((row.severity for row in policy.burn_windows if window <= row.long), None)


def window_length(text: str) -> timedelta | None:
    """``1h`` as an hour; None for anything else."""
    match = WINDOW.fullmatch(text)
    return None if match is None else timedelta(**{WINDOW_UNITS[match[2]]: int(match[1])})


def _burn_sentence(burn: BurnArithmetic, severity: Severity) -> str:
    return (
        f"burn {burn.long_burn:.4g} over {burn.long_window} and {burn.short_burn:.4g} over "
        f"{burn.short_window}, both above {burn.factor}: {severity}"
    )


def _applies(raising: Raise, alert: Alert) -> str | None:
    if raising.within is not None:
        left = None if alert.burn is None else alert.burn.exhaustion_seconds
        if left is not None and left <= raising.within.total_seconds():
            return f"the budget lasts {left / 3600:.1f} h at this burn, at most {raising.within}"
    if raising.customers is not None and (alert.customers_affected or 0) >= raising.customers:
        return f"{alert.customers_affected} customers affected, at least {raising.customers}"
    return None
