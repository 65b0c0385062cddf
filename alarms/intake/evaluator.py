"""Our own evaluator's findings as alerts. The same burn from Prometheus or CloudWatch has the same key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction

from alarms.intake.normalise import own_alert
from alarms.model.alert import Alert, BurnArithmetic
from alarms.model.incident import AlertRecord
from alarms.model.severity import Severity
from foundation.quantities import duration_text, percent_text, rounded_text
from slo.judge.evaluate import Evaluation, NoData, TierState
from slo.model.conventions import (
    NO_DATA_OBJECTIVE,
    alert_key,
    burn_alert_name,
    no_data_alert_name,
)
from slo.model.spec import Slo

SOURCE = "evaluator"


def alerts_of(evaluation: Evaluation, firing: Sequence[AlertRecord]) -> list[Alert]:
    """Everything that fires, and the end of everything that fired (``firing``) and no longer does.

    A burn does not end by losing its data: while its SLO is silent, what fired goes on firing.
    """
    burns = [_burn_alert(state, evaluation.at) for state in evaluation.firing]
    found = [*burns, *(_no_data_alert(item, evaluation.at) for item in evaluation.no_data)]
    now_firing = {alert.member: alert for alert in found}
    since = {record.member: record.starts_at for record in firing}
    begun = [_since(alert, since.get(member, alert.starts_at)) for member, alert in now_firing.items()]
    silent = {
        alert_key(item.environment, item.slo.id, item.objective.name, dict(item.labels))
        for item in evaluation.no_data
    }
    ended = [
        _ended(record, evaluation.at)
        for record in firing
        if record.environment == evaluation.environment
        and record.member not in now_firing
        and record.key not in silent
    ]
    return [*begun, *ended]


def _burn_alert(state: TierState, at: datetime) -> Alert:
    slo, labels = state.slo, dict(state.labels)
    alert = own_alert(
        SOURCE,
        state.environment,
        slo.id,
        state.objective.name,
        group=labels,
        name=burn_alert_name(slo.id, state.tier.name),
        title=slo.display_name or slo.id,
        title_pt=_name_pt(slo),
        starts_at=at,
        summary=state.explanation.en,
    )
    return replace(
        alert,
        summary_pt=state.explanation.pt,
        labels=labels,
        severity=Severity(state.tier.severity),
        tier=state.tier.name,
        burn=burn_arithmetic(state),
        links=_links(slo),
    )


def burn_arithmetic(state: TierState) -> BurnArithmetic:
    """The numbers of one tier, as a message and a page show them."""
    long, short, budget = state.long, state.short, state.budget
    gone = state.exhaustion
    return BurnArithmetic(
        tier=state.tier.name,
        factor=rounded_text(state.factor, 4),
        objective=percent_text(state.objective.target),
        long_window=duration_text(long.window),
        long_good=long.counts.good,
        long_total=long.counts.total,
        long_burn=float(long.burn or Fraction(0)),
        short_window=duration_text(short.window),
        short_good=short.counts.good,
        short_total=short.counts.total,
        short_burn=float(short.burn or Fraction(0)),
        budget_spent_ratio=float(budget.spent_ratio),
        budget_basis=budget.basis.en,
        budget_basis_pt=budget.basis.pt,
        exhaustion_seconds=None if gone is None else gone.after.total_seconds(),
        error_bound=state.error_bound,
    )


def _no_data_alert(item: NoData, at: datetime) -> Alert:
    slo = item.slo
    alert = own_alert(
        SOURCE,
        item.environment,
        slo.id,
        NO_DATA_OBJECTIVE,
        group={},
        name=no_data_alert_name(slo.id),
        title=slo.display_name or slo.id,
        title_pt=_name_pt(slo),
        starts_at=item.since or at,
        summary=item.explanation.en,
    )
    return replace(alert, summary_pt=item.explanation.pt, severity=Severity(item.severity), links=_links(slo))


def _name_pt(slo: Slo) -> str:
    return slo.texts.get("display_name_pt") or slo.display_name or slo.id


def _links(slo: Slo) -> dict[str, str]:
    runbook = slo.texts.get("runbook", "")
    return {"runbook": runbook} if runbook.startswith("https://") else {}


def _since(alert: Alert, starts_at: datetime) -> Alert:
    return replace(alert, starts_at=min(alert.starts_at, starts_at))


def _ended(record: AlertRecord, at: datetime) -> Alert:
    return record.ended(at, f"{record.name} no longer fires")
