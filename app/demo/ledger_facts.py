"""The ledger's side of the story: the service levels at an instant, and the minutes of the fault."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.demo.report.model import BiText, MinutePoint, SloFacts
from app.demo.sender import Answer
from dashboards.model.palette import State
from slo.judge.burn_rate import WindowBurn
from slo.judge.status import ObjectiveState, ObjectiveStatus
from slo.ledger.ledger import Ledger
from slo.ledger.series import series_key
from slo.model.periods import MINUTE, floor_minute
from slo.model.spec import Objective, Slo, Tier

STATES = {
    ObjectiveState.OK: State.OK,
    ObjectiveState.BURNING: State.BAD,
    ObjectiveState.EXHAUSTED: State.BAD,
    ObjectiveState.NO_TRAFFIC: State.NO_TRAFFIC,
    ObjectiveState.NO_DATA: State.NO_DATA,
}
BEFORE = timedelta(minutes=10)
AFTER = timedelta(minutes=3)


def slo_name(slo: Slo) -> BiText:
    return BiText(slo.display_name, slo.texts.get("display_pt") or slo.display_name)


def recorded(answers: Sequence[Answer]) -> tuple[int, int]:
    """Good and total financial transactions as the sender saw them: decided in full, and not refused as its
    own fault (4xx)."""
    total = [answer for answer in answers if not 400 <= answer.status < 500]
    good = [answer for answer in total if answer.accepted and answer.document.get("degraded") is False]
    return len(good), len(total)


def slo_facts(item: ObjectiveStatus, sender: tuple[int, int] | None) -> SloFacts:
    known = item.state is not ObjectiveState.NO_DATA
    return SloFacts(
        slo_id=item.slo.id,
        name=slo_name(item.slo),
        target=item.objective.target,
        state=STATES[item.state].value,
        good=item.counts.good,
        total=item.counts.total,
        unit=item.slo.unit.value,
        error_bound=item.error_bound,
        budget_left_ratio=float(item.budget.left_ratio) if known else None,
        sender_good=None if sender is None else sender[0],
        sender_total=None if sender is None else sender[1],
    )


def fault_minutes(
    ledger: Ledger, slo: Slo, tier: Tier, environment: str, since: datetime, until: datetime
) -> tuple[MinutePoint, ...]:
    """Every ledger minute from a little before to a little after, with both burns at its end."""
    objective = slo.objectives[0]
    key = series_key(slo, objective, environment, ())
    start, end = floor_minute(since - BEFORE), floor_minute(until + AFTER)
    rows = ledger.minutes(key, start, end)
    points = []
    for number in range((end - start) // MINUTE):
        minute = start + number * MINUTE
        row = rows.get(minute)
        points.append(
            MinutePoint(
                minute=minute,
                good=None if row is None else row.good,
                bad=None if row is None else row.bad,
                long_burn=_burn(ledger, slo, objective, environment, tier.long_window, minute + MINUTE),
                short_burn=_burn(ledger, slo, objective, environment, tier.short_window, minute + MINUTE),
            )
        )
    return tuple(points)


def _burn(
    ledger: Ledger, slo: Slo, objective: Objective, environment: str, window: timedelta, end: datetime
) -> float | None:
    counts = ledger.counts(series_key(slo, objective, environment, ()), end - window, end)
    burn = WindowBurn(window, end - window, end, counts, objective.budget).burn
    return None if burn is None else float(burn)
