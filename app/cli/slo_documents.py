"""Service levels as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from foundation.quantities import duration_text, rounded_text
from slo.drift import BudgetDrift, DriftReport
from slo.judge.composite import CompositeStatus
from slo.judge.status import ObjectiveState, ObjectiveStatus, TierStatus


def status_documents(
    statuses: Sequence[ObjectiveStatus], report: DriftReport | None = None
) -> list[dict[str, object]]:
    """Ready for JSON; targets are exact fractions as text, other ratios floats. ``recorded``: what the audit
    of the recorded budgets found, ``null`` where there was none."""
    found = {} if report is None else {one.key: one for one in report.findings}
    return [{**_document(item), "recorded": _recorded(found.get(_key(item)))} for item in statuses]


def _key(item: ObjectiveStatus) -> tuple[str, str, str, tuple[tuple[str, str], ...]]:
    return item.environment, item.slo.id, item.objective.name, item.labels


def _recorded(found: BudgetDrift | None) -> dict[str, object] | None:
    if found is None:
        return None
    return {
        "verdict": found.verdict.value,
        "reason": found.reason.value,
        "detail": found.detail,
        "since": _instant(found.since),
        "recorded_since": _instant(found.recorded_since),
        "missed_minutes": found.missed,
        "gaps": [asdict(gap) for gap in found.gaps],
    }


def _document(item: ObjectiveStatus) -> dict[str, object]:
    known = item.state is not ObjectiveState.NO_DATA
    return {
        "slo": item.slo.id,
        "objective": item.objective.name,
        "labels": dict(item.labels),
        "environment": item.environment,
        "state": item.state.value,
        "at": item.at.isoformat(),
        "target": str(item.objective.target),
        "unit": item.slo.unit.value,
        "good": item.counts.good,
        "total": item.counts.total,
        "error_bound": item.error_bound,
        "minutes_with_data": item.counts.minutes_with_data,
        "minutes": item.counts.minutes,
        "compliance": None if item.compliance is None else float(item.compliance),
        "budget_left_ratio": float(item.budget.left_ratio) if known else None,
        "budget_spent": item.budget.spent,
        "budget_allowed": float(item.budget.allowed),
        "budget_basis": item.budget.basis.en,
        "exhaustion_seconds": _seconds(None if item.exhaustion is None else item.exhaustion.after),
        "first_data": _instant(item.first_data),
        "last_data": _instant(item.last_data),
        "tiers": [_tier(tier) for tier in item.tiers],
    }


def _tier(tier: TierStatus) -> dict[str, object]:
    return {
        "tier": tier.tier.name,
        "severity": tier.tier.severity,
        "factor": rounded_text(tier.factor, 4),
        "firing": tier.firing,
        "windows": [
            {
                "window": duration_text(burn.window),
                "good": burn.counts.good,
                "total": burn.counts.total,
                "burn": None if burn.burn is None else float(burn.burn),
            }
            for burn in (tier.long, tier.short)
        ],
    }


def _seconds(value: timedelta | None) -> float | None:
    return None if value is None else value.total_seconds()


def _instant(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()


def composite_document(item: CompositeStatus) -> dict[str, object]:
    """Ratios as floats; ``null`` where a member is not known."""
    known = item.state is not ObjectiveState.NO_DATA
    return {
        "composite": item.composite.id,
        "state": item.state.value,
        "budget_left_ratio": float(item.left_ratio) if known else None,
        "burns": {
            duration_text(window): None if burn is None else float(burn)
            for window, burn in item.burns.items()
        },
        "members": [
            {"slo": member.slo_id, "objective": member.objective, "weight": str(member.weight)}
            for member, _ in item.members
        ],
    }
