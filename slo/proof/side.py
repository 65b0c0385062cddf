"""One rule set over one group's history: its pages, and the ratios behind them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from slo.proof.columns import Axis, Column, Labels, joined
from slo.proof.pages import (
    FiredSpan,
    PageKind,
    RuleAlert,
    active,
    alerts_of,
    episodes,
    firing,
    group_of,
    static_labels,
)
from slo.proof.replay import Rule, RuleHistory, RuleReplay


@dataclass(frozen=True, slots=True)
class RuleSide:
    """Episodes by kind and group, the kinds that have an alert at all, and each alert's own."""

    pages: Mapping[tuple[PageKind, Labels], Sequence[FiredSpan]]
    kinds: frozenset[PageKind]
    each: Mapping[tuple[PageKind, Labels], Mapping[str, Sequence[FiredSpan]]]  # by title, not joined

    def of(self, kind: PageKind, group: Labels) -> Sequence[FiredSpan]:
        return self.pages.get((kind, group), ())


def side_of(
    rules: Sequence[Rule], history: RuleHistory, first: int, urgent: Collection[str] = ()
) -> RuleSide:
    """ComparedPages from evaluation ``first`` on."""
    replay, static, axis = RuleReplay(rules, history), static_labels(rules), history.axis
    alerts = alerts_of(rules, urgent)
    verdicts: dict[tuple[PageKind, Labels], dict[str, list[bool]]] = {}
    for alert in alerts:
        for group, verdict in _verdicts(alert, replay, static, axis).items():
            titles = verdicts.setdefault((alert.kind, group), {})
            known = titles.get(alert.title)
            titles[alert.title] = (
                verdict if known is None else [a or b for a, b in zip(known, verdict, strict=True)]
            )
    pages = {key: episodes(found, axis, first) for key, found in verdicts.items()}
    each = {
        key: {title: episodes({title: verdict}, axis, first) for title, verdict in found.items()}
        for key, found in verdicts.items()
    }
    return RuleSide(pages, frozenset(alert.kind for alert in alerts), each)


def _verdicts(
    alert: RuleAlert, replay: RuleReplay, static: frozenset[str], axis: Axis
) -> dict[Labels, list[bool]]:
    by_group: dict[Labels, Column] = {}
    for labels, column in active(alert, replay).items():
        group = () if alert.kind is PageKind.SILENCE else group_of(labels, static)
        by_group[group] = joined(by_group[group], column) if group in by_group else column
    return {group: firing(column, axis.steps(alert.held)) for group, column in by_group.items()}


def groups_of(rules: Sequence[Rule], history: RuleHistory) -> frozenset[Labels]:
    """The label sets that the rules tell apart: those of what is recorded first."""
    static = static_labels(rules)
    replay = RuleReplay(rules, history)
    first = next((str(rule["record"]) for rule in rules if rule.get("record")), None)
    if first is None:
        return frozenset()
    return frozenset(group_of(labels, static) for labels in replay.recorded(first))
