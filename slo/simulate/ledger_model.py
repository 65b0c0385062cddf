"""When our own evaluator would fire: its verdict at the end of every minute, from running sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from slo.judge.burn_rate import burns_above
from slo.ledger.tally import Tally
from slo.ledger.timeslices import ratio_minute_rows, slice_rows
from slo.model.periods import MINUTE
from slo.model.spec import BudgetingMethod, Objective, Slo, Tier
from slo.simulate.timeline import Span, Timeline, spans_of


def counted(slo: Slo, objective: Objective, timeline: Timeline) -> Timeline:
    """The timeline in the unit the ledger keeps: events as they are, or slices judged minute by minute."""
    if slo.method is BudgetingMethod.OCCURRENCES:
        return timeline
    minutes = {
        timeline.at(index): Tally(minute.good, minute.total)
        for index, minute in enumerate(timeline.minutes)
        if minute is not None
    }
    if slo.method is BudgetingMethod.TIMESLICES:
        rows = slice_rows(minutes, objective, timeline.start, timeline.end)
    else:
        rows = ratio_minute_rows(minutes)
    found = (rows.get(timeline.at(index)) for index in range(len(timeline.minutes)))
    return Timeline(timeline.start, tuple(Tally(row.good, row.total) if row else None for row in found))


def ledger_firing(slo: Slo, objective: Objective, timeline: Timeline) -> Mapping[str, tuple[Span, ...]]:
    """Stretches in which each tier fires, by tier name."""
    ledger = counted(slo, objective, timeline)
    bad, total = ledger.bad_before(), ledger.total_before()
    return {
        tier.name: spans_of(_firing(slo, objective, tier, bad, total), timeline.start, MINUTE)
        for tier in slo.tiers
    }


def _firing(
    slo: Slo, objective: Objective, tier: Tier, bad: Sequence[int], total: Sequence[int]
) -> Sequence[bool]:
    factor, needed = tier.factor(slo.window.length), -(-tier.alert_after // MINUTE)

    def burns(now: int, window: timedelta) -> bool:
        low = max(0, now - window // MINUTE)
        return burns_above(bad[now] - bad[low], total[now] - total[low], objective.budget, factor)

    verdicts, run = [], -1
    for now in range(len(bad)):
        low = max(0, now - tier.long_window // MINUTE)
        enough = total[now] - total[low] >= slo.min_events and bad[now] - bad[low] >= slo.min_bad_events
        active = enough and burns(now, tier.long_window) and burns(now, tier.short_window)
        run = run + 1 if active else -1
        verdicts.append(active and run >= needed)
    return verdicts
