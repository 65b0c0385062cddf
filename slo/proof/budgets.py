"""How much of the budget was spent, as the other tool has it and by events."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta

from slo.model import conventions as names
from slo.model.spec import Objective, Slo
from slo.peers.slo import PeerSlo, Tool
from slo.prometheus.records import windows_of
from slo.proof.columns import Labels
from slo.proof.compare import our_rules
from slo.proof.pages import group_of, static_labels
from slo.proof.reasons import ChangeReason
from slo.proof.replay import RuleHistory, RuleReplay

SAME = 0.01  # of the budget; closer than this is the same


@dataclass(frozen=True, slots=True)
class Budget:
    """Shares of the budget spent, 1 is all; ``None`` where there is no number."""

    slo: str
    group: Labels
    peer: float | None
    ours: float | None
    reason: ChangeReason | None


def budgets(slo: Slo, objective: Objective, peer: PeerSlo, history: RuleHistory, first: int) -> list[Budget]:
    """Of all that history holds, from evaluation ``first`` on."""
    theirs, ours = _theirs(peer, history, first), _ours(slo, objective, history, first)
    found = []
    for group in sorted(theirs.keys() | ours.keys()):
        pair = theirs.get(group), ours.get(group)
        found.append(Budget(slo.id, group, *pair, _reason(slo, peer, group in theirs, group in ours, *pair)))
    return found


def _reason(
    slo: Slo, peer: PeerSlo, there: bool, here: bool, theirs: float | None, ours: float | None
) -> ChangeReason | None:
    if there is not here:
        return ChangeReason.GROUP if theirs is not None or ours is not None else None
    if theirs is None or ours is None:
        return None if theirs is ours else ChangeReason.MISSING_SERIES
    if math.isnan(theirs):
        return ChangeReason.MEAN_OF_RATIOS
    if abs(theirs - ours) <= max(SAME, SAME * abs(ours)):
        return None
    if peer.tool is Tool.SLOTH:
        return ChangeReason.MEAN_OF_RATIOS
    return ChangeReason.MINUTE_AVERAGE if slo.indicator.events is None else ChangeReason.UNEXPLAINED


def _theirs(peer: PeerSlo, history: RuleHistory, first: int) -> dict[Labels, float | None]:
    vector = RuleReplay(peer.rules, history).vector(peer.error_ratio)
    budget, static = float(1 - peer.target), static_labels(peer.rules)
    return {group_of(labels, static): _last(column, first, budget) for labels, column in vector.items()}


def _last(column: list[float | None], first: int, budget: float) -> float | None:
    value = column[-1]
    return None if value is None else value / budget


def _ours(slo: Slo, objective: Objective, history: RuleHistory, first: int) -> dict[Labels, float | None]:
    """Bad over all of the shortest window's counts, added up once for each of its lengths."""
    rules = our_rules(slo)
    replay, static = RuleReplay(rules, history), static_labels(rules)
    window = next(iter(windows_of(slo)), timedelta(minutes=5))
    totals = replay.recorded(names.record_total(window))
    goods = replay.recorded(names.record_good(window))
    found: dict[Labels, float | None] = {}
    for labels, total in totals.items():
        if dict(labels).get(names.LABEL_OBJECTIVE) != objective.name:
            continue
        good = goods.get(labels)
        found[group_of(labels, static)] = (
            None if good is None else _spent(good, total, first, float(objective.budget))
        )
    return found


def _spent(good: list[float | None], total: list[float | None], first: int, budget: float) -> float | None:
    pairs = [
        (g, t) for g, t in zip(good[first:], total[first:], strict=True) if g is not None and t is not None
    ]
    events = math.fsum(t for _, t in pairs)
    return (events - math.fsum(g for g, _ in pairs)) / events / budget if events > 0 else None
