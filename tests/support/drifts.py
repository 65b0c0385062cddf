"""What an audit of recorded budgets may have found."""

from __future__ import annotations

from datetime import UTC, datetime

from slo.drift import BudgetDrift, DriftGap, DriftReason, DriftVerdict

SINCE = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


def found(
    slo_id: str = "shop/api",
    verdict: DriftVerdict = DriftVerdict.AGREES,
    reason: DriftReason = DriftReason.NONE,
    **also: object,
) -> BudgetDrift:
    values = {"environment": "prod", "service": "shop", "objective": "main", "labels": ()} | also
    return BudgetDrift(slo_id=slo_id, verdict=verdict, reason=reason, **values)  # type: ignore[arg-type]


def drifted(slo_id: str = "shop/api", **also: object) -> BudgetDrift:
    """Six per cent too much, by rules that are not of this definition."""
    values = {
        "gaps": (
            DriftGap("slo:objective:ratio", 0.99, 0.99, 0.0, False),
            DriftGap("slo:total_events:increase5m", 10_600.0, 10_000.0, 0.06, True),
        ),
        "detail": "slo:total_events:increase5m",
        "since": SINCE,
    } | also
    return found(slo_id, DriftVerdict.DRIFTED, DriftReason.OTHER_REVISION, **values)
