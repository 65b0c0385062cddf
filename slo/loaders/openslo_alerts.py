"""OpenSLO ``AlertPolicy`` and ``AlertCondition``: one look-back window each, so one tier each.

A plain v1 condition has no short window: its tier has the same window twice and fires exactly as written.
``mirante.dev/short-window`` on the condition makes it a multiwindow tier.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction

from foundation.located import Section
from slo.loaders.metadata import (
    ALERT_WORDS,
    LONGEST_DESCRIPTION,
    SEVERITIES,
    Annotations,
    Metadata,
    read_metadata,
    read_target,
)
from slo.model.spec import Tier

SEVERITY_WORDS = {
    "page": "P1", "critical": "P1", "sev1": "P1", "sev-1": "P1", "emergency": "P1",
    "high": "P2", "major": "P2", "sev2": "P2", "sev-2": "P2", "error": "P2",
    "ticket": "P3", "warning": "P3", "medium": "P3", "minor": "P3", "sev3": "P3", "sev-3": "P3",
    "info": "P4", "low": "P4", "notice": "P4", "sev4": "P4", "sev-4": "P4",
}  # fmt: skip
OTHER_SEVERITY = "P2"  # of a word that nobody explains: seen within the hour, and wakes nobody


@dataclass(frozen=True, slots=True)
class AlertCondition:
    name: str
    display_name: str
    severity: str
    threshold: Fraction
    lookback: timedelta
    short: timedelta
    alert_after: timedelta


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    name: str
    condition: AlertCondition | None
    targets: tuple[str, ...]
    when_breaching: bool
    when_resolved: bool
    when_no_data: bool
    alert_name: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    def tier(self, period: timedelta) -> Tier | None:
        """The tier this policy is for an SLO of that period; ``None`` when it does not alert on burn."""
        if self.condition is None or not self.when_breaching:
            return None
        condition = self.condition
        return Tier(
            name=self.name.lower(),
            budget_share=condition.threshold * Fraction(condition.lookback // _SECOND, period // _SECOND),
            long_window=condition.lookback,
            short_window=condition.short,
            severity=condition.severity,
            alert_after=condition.alert_after,
            alert_name=self.alert_name,
            labels=self.labels,
            annotations=self.annotations,
            targets=self.targets,
            notify_resolved=self.when_resolved,
        )


NONE = timedelta(0)
_SECOND = timedelta(seconds=1)


def read_policies(
    items: Sequence[Section],
    known: Mapping[str, AlertPolicy],
    conditions: Mapping[str, AlertCondition],
    targets: Container[str],
) -> list[AlertPolicy]:
    """``alertPolicies`` of an SLO, inline or by reference."""
    found = []
    for item in items:
        if item.has("alertPolicyRef"):
            name = item.text("alertPolicyRef")
            item.close()
            if name in known:
                found.append(known[name])
            else:
                item.no_such("alertPolicyRef", "AlertPolicy", name, "Define it, or write it inline.")
        else:
            item.text("apiVersion")
            item.text("kind", choices=("AlertPolicy",))
            found.append(read_policy(item, conditions, targets))
            item.close()
    return found


def no_data_severity(policies: Sequence[AlertPolicy]) -> str | None:
    """The most urgent of those that alert when there is no data."""
    return min((p.condition.severity for p in policies if p.when_no_data and p.condition), default=None)


def read_policy(
    document: Section, conditions: Mapping[str, AlertCondition], targets: Container[str]
) -> AlertPolicy:
    """An AlertPolicy, inline or of its own; references are resolved against what all files define."""
    metadata = read_metadata(document)
    ours = Annotations(metadata, ("short-window", "severity", "alert-name"), ALERT_WORDS)
    spec = document.section("spec", required=True)
    if spec is None:
        return AlertPolicy(metadata.name, None, (), False, False, False)
    spec.text("description", longest=LONGEST_DESCRIPTION)
    items = spec.sections("conditions", required=True)
    if len(items) > 1:
        spec.refuse(
            "conditions", f"holds {len(items)} conditions; v1 allows one", "Write a separate policy for each."
        )
    policy = AlertPolicy(
        metadata.name,
        _condition_of(items[0], conditions) if items else None,
        tuple(_target(item, targets) for item in spec.sections("notificationTargets")),
        spec.flag("alertWhenBreaching", True),
        spec.flag("alertWhenResolved", True),
        spec.flag("alertWhenNoData", False),
        ours.text("alert-name"),
        ours.per_tier("alert-label"),
        ours.per_tier("alert-annotation"),
    )
    spec.close()
    return policy


def _condition_of(item: Section, conditions: Mapping[str, AlertCondition]) -> AlertCondition | None:
    if not item.has("conditionRef"):
        item.text("apiVersion")
        item.text("kind", choices=("AlertCondition",))
        condition = read_condition(item)
        item.close()
        return condition
    name = item.text("conditionRef")
    item.close()
    if name not in conditions:
        item.no_such("conditionRef", "AlertCondition", name, "Define it, or write it inline.")
    return conditions.get(name)


def _target(item: Section, targets: Container[str]) -> str:
    if item.has("targetRef"):
        name = item.text("targetRef")
        item.close()
        if name not in targets:
            fix = "Define it in one of these files."
            item.no_such("targetRef", "AlertNotificationTarget", name, fix)
        return name
    item.text("apiVersion")
    item.text("kind", choices=("AlertNotificationTarget",))
    name = read_target(item).name
    item.close()
    return name


def read_condition(document: Section) -> AlertCondition | None:
    metadata = read_metadata(document)
    annotations = Annotations(metadata, ("short-window", "severity"), ())
    spec = document.section("spec", required=True)
    if spec is None:
        return None
    spec.text("description", longest=LONGEST_DESCRIPTION)
    severity = _severity(spec, annotations)
    body = spec.section("condition", required=True)
    spec.close()
    return None if body is None else _burn_condition(body, metadata, annotations, severity)


def _burn_condition(
    body: Section, metadata: Metadata, annotations: Annotations, severity: str
) -> AlertCondition | None:
    body.text("kind", default="burnrate", choices=("burnrate",))
    op = body.text("op", required=True, choices=("lte", "gte", "lt", "gt"))
    if op in ("lte", "lt"):
        reason = f"`op: {op}` is read as 'the burn rate exceeds the threshold', as in OpenSLO's own example"
        body.notice("op", reason, "Write `op: gt` to make that explicit.")
    threshold = body.number("threshold", required=True)
    lookback = body.duration("lookbackWindow", required=True)
    after = body.duration("alertAfter", least=NONE) if body.text("alertAfter") else NONE
    body.close()
    if threshold is None or lookback is None or after is None:
        return None
    if threshold <= 0:
        body.refuse(
            "threshold", f"{threshold} is not above 0", "Write the burn rate to alert on, for example 2."
        )
    if lookback % timedelta(minutes=1):
        body.refuse(
            "lookbackWindow",
            "is not a whole number of minutes",
            "Counts are kept per minute: write whole minutes.",
        )
    short = annotations.duration("short-window") or lookback
    if short > lookback:
        annotations.refuse(
            "short-window", "is longer than lookbackWindow", "Use about a twelfth of lookbackWindow."
        )
    return AlertCondition(metadata.name, metadata.display_name, severity, threshold, lookback, short, after)


def _severity(spec: Section, annotations: Annotations) -> str:
    word = spec.text("severity", required=True)
    override = annotations.severity("severity", None)
    if override:
        return override
    found = word if word in SEVERITIES else SEVERITY_WORDS.get(word.lower())
    if word and found is None:
        reason = f"{word!r} is read as {OTHER_SEVERITY}: Mirante does not know how urgent it is"
        spec.notice("severity", reason, "Add the annotation mirante.dev/severity: P1, P2, P3 or P4.")
    return found or OTHER_SEVERITY
