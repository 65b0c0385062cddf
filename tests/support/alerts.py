"""Alerts to throw at the router, each with only what a test cares about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from alarms.model.alert import Alert, AlertState, BurnArithmetic, digest
from alarms.model.severity import Severity
from slo.model.conventions import alert_key

MONDAY_10 = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)  # 10:00 in São Paulo, a working day
ENVIRONMENT = "test"
WINDOWS = {
    "page-fast": ("1h", "5m", "14.4", Severity.P1),
    "page-slow": ("6h", "30m", "6", Severity.P2),
    "ticket-fast": ("1d", "2h", "3", Severity.P3),
    "ticket-slow": ("3d", "6h", "1", Severity.P4),
}


def burn_alert(
    tier: str = "page-fast",
    slo_id: str = "credit/decision-availability",
    at: datetime = MONDAY_10,
    exhaustion: timedelta | None = timedelta(days=2),
    environment: str = ENVIRONMENT,
) -> Alert:
    """A firing burn of one tier, 20 % of requests bad."""
    long, short, factor, severity = WINDOWS[tier]
    burn = BurnArithmetic(
        tier=tier,
        factor=factor,
        objective="99.95 %",
        long_window=long,
        long_good=800,
        long_total=1000,
        long_burn=400.0,
        short_window=short,
        short_good=80,
        short_total=100,
        short_burn=400.0,
        budget_spent_ratio=0.25,
        budget_basis="counted over the whole period of 30d",
        exhaustion_seconds=None if exhaustion is None else exhaustion.total_seconds(),
    )
    return Alert(
        alert_key=alert_key(environment, slo_id, "main", {}),
        source="evaluator",
        environment=environment,
        name=f"Burn{tier}",
        title="Decision API available: error budget burning",
        title_pt="API de decisão disponível: orçamento de erro sendo consumido",
        state=AlertState.FIRING,
        starts_at=at,
        summary=f"burning in {tier}",
        severity=severity,
        slo_id=slo_id,
        objective="main",
        tier=tier,
        burn=burn,
        runbook=slo_id.replace("/", "-"),
    )


def foreign_alert(
    name: str = "DiskFull",
    severity: Severity | None = Severity.P3,
    at: datetime = MONDAY_10,
    component: str | None = None,
    **labels: str,
) -> Alert:
    """Somebody else's alert: identity from name and labels."""
    known: Mapping[str, str] = {**labels, **({"component": component} if component else {})}
    return Alert(
        alert_key=digest(ENVIRONMENT, name, sorted(known.items())),
        source="alertmanager",
        environment=ENVIRONMENT,
        name=name,
        state=AlertState.FIRING,
        starts_at=at,
        summary=f"{name} fires",
        labels=known,
        severity=severity,
        component=component,
    )


def ended(alert: Alert, at: datetime) -> Alert:
    return replace(alert, state=AlertState.RESOLVED, ends_at=at)
